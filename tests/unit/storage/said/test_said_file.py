from __future__ import annotations

import json
import logging
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.faces.face import Box
from curation.domain.identity.said import (
    ANSWERS,
    NOTHING_SAID,
    AsidePick,
    Missing,
    Said,
    SaidLabel,
    SaidPhoto,
    SaidPick,
    known_by_path,
)
from curation.errors import BusyError, StorageError
from curation.storage import locks
from curation.storage.said.said_file import SAID, change_said, hold_said, read_said, write_said

# File names are any bytes; those that are no UTF-8 are lone surrogates.
texts = st.text(st.characters(), max_size=8)
paths = st.one_of(texts, st.binary(max_size=6).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
boxes = st.builds(Box, *[st.integers(-5, 100_000)] * 4)
keys = st.one_of(st.text("0123456789abcdef", min_size=64, max_size=64), paths.map(known_by_path))
places, anchors = st.tuples(paths, boxes), st.tuples(keys, boxes)
words: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.dictionaries(texts, inner, max_size=3)
)
photos = st.builds(
    SaidPhoto,
    image_path=paths,
    versions=st.lists(keys, max_size=3).map(tuple),
    now=st.none() | paths,
    missing=st.none() | st.sampled_from(Missing),
    certainty=st.floats(0, 1).map(lambda value: round(value, 4)),
    faces=st.dictionaries(boxes, st.none() | boxes, max_size=4),
)
saids = st.builds(
    Said,
    photos=st.dictionaries(keys, photos, max_size=4),
    labels=st.dictionaries(
        st.integers(0, 10**9), st.builds(SaidLabel, words, st.lists(anchors, max_size=3).map(tuple)), max_size=3
    ),
    corrections=st.dictionaries(st.just(ANSWERS) | texts, st.dictionaries(places, anchors, max_size=3), max_size=3),
    picks=st.dictionaries(paths, st.builds(SaidPick, words, keys), max_size=3),
    aside=st.lists(st.builds(AsidePick, paths, words, keys), max_size=3).map(tuple),
)

HERE, THERE = Box(1, 2, 3, 4), Box(5, 6, 7, 8)
SOME = Said(
    {
        "a" * 64: SaidPhoto("a.jpg", ("b" * 64,), "new/a.jpg", None, 0.93, {HERE: THERE, THERE: None}),
        known_by_path("odd\udcff.jpg"): SaidPhoto("odd\udcff.jpg", missing=Missing.REPLACED),
    },
    {3: SaidLabel({"name": "Anna", "category": "main"}, (("a" * 64, HERE),)), 4: SaidLabel("other", ())},
    {"c.1": {("a.jpg", HERE): ("a" * 64, HERE)}, "empty": {}},
    {"a.jpg": SaidPick({"rating": 5}, "a" * 64)},
    (AsidePick("b.jpg", {"pick": "rejected"}, known_by_path("odd\udcff.jpg")),),
)


@settings(deadline=None)
@given(saids)
def test_what_was_written_is_read(said: Said) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_said(Path(folder), said)
        assert read_said(Path(folder)) == said
        assert not list(Path(folder).glob("*damaged*"))


def test_many_photos_are_a_line_each(tmp_path: Path) -> None:
    many = replace(SOME, photos={f"{number:064x}": SaidPhoto(f"{number}.jpg") for number in range(3000)})
    write_said(tmp_path, many)
    assert read_said(tmp_path) == many
    before = (tmp_path / SAID).read_text(encoding="utf-8").splitlines()
    write_said(tmp_path, replace(many, picks={}))
    after = (tmp_path / SAID).read_text(encoding="utf-8").splitlines()
    assert len(set(before) - set(after)) <= 2
    assert len(before) > 3000


def test_nothing_is_said_without_a_file(tmp_path: Path) -> None:
    assert read_said(tmp_path) == NOTHING_SAID
    assert read_said(tmp_path / "no folder") == NOTHING_SAID
    write_said(tmp_path, NOTHING_SAID)
    assert read_said(tmp_path) == NOTHING_SAID


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    write_said(tmp_path, SOME)
    before = (tmp_path / SAID).stat()
    write_said(tmp_path, read_said(tmp_path))
    after = (tmp_path / SAID).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_file_that_was_cut_off_is_renamed_and_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_said(tmp_path, SOME)
    path = tmp_path / SAID
    whole = path.read_bytes()
    cuts = range(0, len(whole) - 2, 7)
    for number, cut in enumerate(cuts, start=1):
        path.write_bytes(whole[:cut])
        with caplog.at_level(logging.WARNING):
            assert read_said(tmp_path) == NOTHING_SAID
        assert "damaged" in caplog.text
        assert f"{SAID}.damaged-{number}" in caplog.text
        caplog.clear()
        assert (tmp_path / f"{SAID}.damaged-{number}").read_bytes() == whole[:cut]
        assert not path.exists()
    write_said(tmp_path, SOME)
    assert read_said(tmp_path) == SOME


def changed(**parts: Any) -> bytes:
    empty = {"version": 1, "photos": {}, "labels": {}, "corrections": {}, "picks": {}, "aside": []}
    return json.dumps(empty | parts).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{}",
        b"null",
        b"3",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version": 0}',
        changed(version="1"),
        changed(version=None),
        changed(photos=[]),
        changed(photos={"a": {}}),
        changed(photos={"a": 3}),
        changed(photos={"a": {"image_path": "a", "missing": "eaten"}}),
        changed(photos={"a": {"image_path": "a", "faces": [[1, 2, 3]]}}),
        changed(photos={"a": {"image_path": "a", "faces": [[1, 2, 3, "4"]]}}),
        changed(photos={"a": {"image_path": "a", "faces": [[1, 2, 3, 4.5]]}}),
        changed(photos={"a": {"image_path": "a", "faces": [[1, 2, 3, 4, [5]]]}}),
        changed(photos={"a": {"image_path": "a", "certainty": []}}),
        changed(labels={"one": {"said": 1, "faces": []}}),
        changed(labels={"1": {"faces": []}}),
        changed(labels={"1": {"said": 1, "faces": [["a"]]}}),
        changed(labels={"1": {"said": 1, "faces": 3}}),
        changed(corrections={"c": [["a", 1, 2, 3, 4]]}),
        changed(corrections={"c": {"a": 1}}),
        changed(picks={"a": {"said": 1}}),
        changed(picks=3),
        changed(aside={"a": 1}),
        changed(aside=[{"image_path": "a"}]),
    ],
)
def test_a_damaged_file_is_renamed_and_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / SAID).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_said(tmp_path) == NOTHING_SAID
    assert "last clustering" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == [f"{SAID}.damaged-1"]
    assert (tmp_path / f"{SAID}.damaged-1").read_bytes() == content


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / SAID).write_text('{"version": 2, "all": "new"}')
    message = r"said\.json was written by a newer version of Curation: update"
    with pytest.raises(StorageError, match=message):
        read_said(tmp_path)
    with pytest.raises(StorageError, match=message):
        change_said(tmp_path, tmp_path / "state", lambda said: said)
    assert json.loads((tmp_path / SAID).read_text()) == {"version": 2, "all": "new"}


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / SAID).mkdir()
    with pytest.raises(StorageError, match=r"said\.json cannot be read"):
        read_said(tmp_path)
    with pytest.raises(StorageError):
        write_said(tmp_path, SOME)


def test_a_change_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert change_said(tmp_path, state, lambda said: said) == NOTHING_SAID
    assert not (tmp_path / SAID).exists()
    assert change_said(tmp_path, state, lambda _: SOME) == SOME
    assert read_said(tmp_path) == SOME


def test_a_change_that_fails_leaves_the_file(tmp_path: Path) -> None:
    write_said(tmp_path, SOME)

    def fail(said: Said) -> Said:
        raise StorageError("no")

    with pytest.raises(StorageError, match="no"):
        change_said(tmp_path, tmp_path / "state", fail)
    assert change_said(tmp_path, tmp_path / "state", lambda said: said) == SOME


def test_changes_wait_for_each_other(tmp_path: Path) -> None:
    def add(number: int) -> None:
        change_said(
            tmp_path,
            tmp_path / "state",
            lambda said: replace(said, picks={**said.picks, f"{number}.jpg": SaidPick({"rating": 1}, "k")}),
        )

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_said(tmp_path).picks) == 8


def test_only_one_holds_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_FILE_WAIT_S", 0.05)
    with hold_said(tmp_path / "state"), pytest.raises(BusyError, match=r"said\.lock"), hold_said(tmp_path / "state"):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(StorageError), hold_said(tmp_path / "file" / "state"):
        pass
