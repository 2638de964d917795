from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from curation.storage.said.undo_journal import MAX_CHANGES, UNDO, Change, UndoJournal
from curation.storage.together.new_files import new_files

FIRST = Change("named Anna", {"0": (None, {"name": "Anna", "category": "main"})}, {})
SECOND = Change("split a person", {}, {"a1": True})


def journal(folder: Path, output: str = "out") -> UndoJournal:
    return UndoJournal(folder / "state", folder / output)


def add(folder: Path, change: Change) -> None:
    """As an edit does."""
    changes = [*journal(folder).changes(), change]
    with new_files(folder / "out") as new:
        journal(folder).write(new, changes)
        new.publish()


def test_changes_come_back_in_their_order(tmp_path: Path) -> None:
    assert journal(tmp_path).changes() == []
    add(tmp_path, FIRST)
    add(tmp_path, SECOND)
    assert journal(tmp_path).changes() == [FIRST, SECOND]
    journal(tmp_path).save([FIRST])
    assert journal(tmp_path).changes() == [FIRST]


def test_whom_labels_were_about_comes_back(tmp_path: Path) -> None:
    change = Change("forgot Anna", {"7": ("main", None)}, {}, {"version": 1, "labels": {"7": {"said": "main"}}})
    add(tmp_path, change)
    add(tmp_path, FIRST)
    assert journal(tmp_path).changes() == [change, FIRST]
    assert (tmp_path / "out" / UNDO).read_text().count("anchors") == 1


def test_the_oldest_changes_are_dropped(tmp_path: Path) -> None:
    changes = [Change(f"change {number}") for number in range(MAX_CHANGES + 3)]
    journal(tmp_path).save(changes)
    assert journal(tmp_path).changes() == changes[3:]


def test_another_output_folder_has_no_changes(tmp_path: Path) -> None:
    add(tmp_path, FIRST)
    assert journal(tmp_path, "other").changes() == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": 1, "output_dir": "OUT", "changes": [{}]}', "[" * 100_000]
)
def test_a_damaged_file_has_no_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / UNDO).write_text(content.replace("OUT", str(tmp_path / "out")))
    with caplog.at_level(logging.WARNING):
        assert journal(tmp_path).changes() == []
    assert "damaged" in caplog.text


def test_another_version_has_no_changes(tmp_path: Path) -> None:
    add(tmp_path, FIRST)
    path = tmp_path / "out" / UNDO
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    assert journal(tmp_path).changes() == []


def test_changes_of_earlier_versions_can_be_undone(tmp_path: Path) -> None:
    add(tmp_path, FIRST)
    (tmp_path / "state").mkdir()
    (tmp_path / "out" / UNDO).rename(tmp_path / "state" / "undo.json")
    assert journal(tmp_path).changes() == [FIRST]
    add(tmp_path, SECOND)
    assert journal(tmp_path).changes() == [FIRST, SECOND]
