from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from curation.errors import StorageError
from curation.storage.said.undo_journal import MAX_CHANGES, Change, UndoJournal

FIRST = Change("named Anna", {"0": (None, {"name": "Anna", "category": "main"})}, {})
SECOND = Change("split a person", {}, {"a1": True})


def journal(folder: Path, output: str = "out") -> UndoJournal:
    return UndoJournal(folder / "state", folder / output)


def test_changes_come_back_in_their_order(tmp_path: Path) -> None:
    assert journal(tmp_path).changes() == []
    journal(tmp_path).add(FIRST)
    journal(tmp_path).add(SECOND)
    assert journal(tmp_path).changes() == [FIRST, SECOND]
    journal(tmp_path).save([FIRST])
    assert journal(tmp_path).changes() == [FIRST]


def test_whom_labels_were_about_comes_back(tmp_path: Path) -> None:
    change = Change("forgot Anna", {"7": ("main", None)}, {}, {"version": 1, "labels": {"7": {"said": "main"}}})
    journal(tmp_path).add(change)
    journal(tmp_path).add(FIRST)
    assert journal(tmp_path).changes() == [change, FIRST]
    assert (tmp_path / "state" / "undo.json").read_text().count("anchors") == 1


def test_the_oldest_changes_are_dropped(tmp_path: Path) -> None:
    changes = [Change(f"change {number}") for number in range(MAX_CHANGES + 3)]
    journal(tmp_path).save(changes)
    assert journal(tmp_path).changes() == changes[3:]


def test_another_output_folder_has_no_changes(tmp_path: Path) -> None:
    journal(tmp_path).add(FIRST)
    assert journal(tmp_path, "other").changes() == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": 1, "output_dir": "OUT", "changes": [{}]}', "[" * 100_000]
)
def test_a_damaged_file_has_no_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "undo.json").write_text(content.replace("OUT", str(tmp_path / "out")))
    with caplog.at_level(logging.WARNING):
        assert journal(tmp_path).changes() == []
    assert "damaged" in caplog.text


def test_another_version_has_no_changes(tmp_path: Path) -> None:
    journal(tmp_path).add(FIRST)
    path = tmp_path / "state" / "undo.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    assert journal(tmp_path).changes() == []


def test_adding_never_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").touch()
    with caplog.at_level(logging.WARNING):
        journal(tmp_path).add(FIRST)
    assert "cannot be undone" in caplog.text
    with pytest.raises(StorageError):
        journal(tmp_path).save([FIRST])
