"""corrections.json: what is written is read again, and what is wrong is refused with its place."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.domain.faces.face import Box
from curation.domain.labelling.corrections import CorrectedFace, Correction, CorrectionKind
from curation.errors import CorrectionsError, StorageError
from curation.storage.said.corrections_file import CORRECTIONS, hold_corrections, read_corrections, write_corrections

FACE: dict[str, Any] = {"image_path": "a.jpg", "facial_area": [1, 2, 3, 4], "was": 2}
ENTRY: dict[str, Any] = {"id": "x", "at": "2026", "kind": "same_person", "cluster": 0, "faces": [FACE]}


def corrections() -> tuple[Correction, ...]:
    face, other = CorrectedFace("Zoë/a.jpg", Box(1, 2, 3, 4), 5), CorrectedFace("b.jpg", Box(0, 0, 9, 9))
    return (
        Correction("a1", "2026-06-20", CorrectionKind.SAME_PERSON, (face,), (other,), 5),
        Correction("a2", "2026-06-21", CorrectionKind.NOT_A_FACE, (other,), undone=True),
    )


def test_reads_what_it_wrote(tmp_path: Path) -> None:
    assert read_corrections(tmp_path) == ()
    write_corrections(tmp_path, corrections())
    assert read_corrections(tmp_path) == corrections()
    write_corrections(tmp_path, ())
    assert read_corrections(tmp_path) == ()


def test_knows_which_the_last_run_followed(tmp_path: Path) -> None:
    write_corrections(tmp_path, corrections())
    (tmp_path / "clustering_run.json").write_text('{"corrections": ["a1", 3]}')
    first, second = corrections()
    assert read_corrections(tmp_path) == (replace(first, applied=True), second)
    assert read_corrections(tmp_path, {"corrections": ["a2"]}) == (first, replace(second, applied=True))


def test_takes_a_file_that_was_written_by_hand(tmp_path: Path) -> None:
    by_hand = {"version": 1, "corrections": [{key: value for key, value in ENTRY.items() if key != "others"}]}
    (tmp_path / CORRECTIONS).write_text("\ufeff" + json.dumps(by_hand), encoding="utf-8")
    (correction,) = read_corrections(tmp_path)
    assert correction.faces == (CorrectedFace("a.jpg", Box(1, 2, 3, 4), 2),)
    assert correction.others == ()
    assert not correction.undone


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "same"}, "possible: same_person"),
        ({"id": 3}, "id is 3"),
        ({"at": ""}, "at is ''"),
        ({"undone": "no"}, "undone is 'no'"),
        ({"faces": []}, "faces is empty"),
        ({"faces": 3}, "must be a list of faces"),
        ({"faces": [3]}, "is not a face"),
        ({"faces": [{**FACE, "image_path": None}]}, "image_path is None"),
        ({"others": [{**FACE, "facial_area": [0, 0, 0, 1]}]}, "others: facial_area"),
        ({"faces": [{**FACE, "facial_area": [0, 0, True, 1]}]}, "facial_area"),
        ({"faces": [{**FACE, "was": "1"}]}, "was is '1'"),
        ({"cluster": -2}, "cluster is -2"),
        ({"cluster": -1}, "cluster -1 does not go with same_person"),
        ({"kind": "not_a_face"}, "cluster 0 does not go with not_a_face"),
    ],
)
def test_refuses_what_is_wrong_and_says_where(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    (tmp_path / CORRECTIONS).write_text(
        json.dumps({"version": 1, "corrections": [ENTRY | {"id": "0"}, ENTRY | change]})
    )
    with pytest.raises(CorrectionsError, match=message) as raised:
        read_corrections(tmp_path)
    assert "correction 2" in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{",
        b'{"version": 2, "corrections": []}',
        b'{"version": 1, "corrections": {}}',
        b"\xff",
        b'{"version": 1, "corrections": [3]}',
        json.dumps({"version": 1, "corrections": [ENTRY, ENTRY]}).encode(),
        b"[" * 200_000,
    ],
)
def test_refuses_a_file_of_something_else(content: bytes, tmp_path: Path) -> None:
    (tmp_path / CORRECTIONS).write_bytes(content)
    with pytest.raises(CorrectionsError, match=CORRECTIONS):
        read_corrections(tmp_path)


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / CORRECTIONS).mkdir()
    with pytest.raises(StorageError):
        read_corrections(tmp_path)


def test_who_writes_waits_for_the_other(tmp_path: Path) -> None:
    order: list[str] = []
    began = threading.Event()

    def second() -> None:
        began.set()
        with hold_corrections(tmp_path):
            order.append("second")

    with hold_corrections(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        began.wait()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
