"""The last changes of picks, kept so that they can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.domain.judging.picks import UNJUDGED, PhotoPick, Pick
from curation.storage.said import picks_journal
from curation.storage.said.picks_journal import NO_PICK_CHANGES, PickChange, PickChanges, PicksJournal

YES = PhotoPick(Pick.PICKED, 3)


def change(what: str, photos: int = 1) -> PickChange:
    return PickChange(what, {f"{what} {number} ü\udc80.jpg": (UNJUDGED, YES) for number in range(photos)})


def journal(folder: Path, output: str = "out") -> PicksJournal:
    return PicksJournal(folder, folder / output)


def test_changes_are_read_as_they_were_written(tmp_path: Path) -> None:
    changes = PickChanges((change("first"), change("second", 3)), (change("undone"),))
    assert journal(tmp_path).read() == NO_PICK_CHANGES
    journal(tmp_path).write(changes)
    assert journal(tmp_path).read() == changes


def test_a_new_change_ends_what_could_be_done_again(tmp_path: Path) -> None:
    journal(tmp_path).write(PickChanges((change("first"),), (change("undone"),)))
    journal(tmp_path).add(change("new"))
    assert journal(tmp_path).read() == PickChanges((change("first"), change("new")))


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picks_journal, "MAX_CHANGES", 3)
    monkeypatch.setattr(picks_journal, "MAX_PHOTOS", 5)
    for number in range(5):
        journal(tmp_path).add(change(str(number)))
    assert [one.what for one in journal(tmp_path).read().made] == ["2", "3", "4"]
    journal(tmp_path).add(change("large", 4))
    assert [one.what for one in journal(tmp_path).read().made] == ["4", "large"]
    # The newest can always be undone.
    journal(tmp_path).add(change("huge", 50))
    assert [one.what for one in journal(tmp_path).read().made] == ["huge"]


def test_another_output_folder_has_its_own(tmp_path: Path) -> None:
    journal(tmp_path).add(change("here"))
    assert journal(tmp_path, "other").read() == NO_PICK_CHANGES


@pytest.mark.parametrize("content", ["", "{}", '{"version": 9}', '{"version": 1, "output_dir": "x", "made": 3}', "[]"])
def test_a_damaged_file_is_no_changes(tmp_path: Path, content: str) -> None:
    (tmp_path / "picks_undo.json").write_text(content, encoding="utf-8")
    assert journal(tmp_path).read() == NO_PICK_CHANGES


def test_a_change_is_made_even_if_it_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "picks_undo.json").mkdir()
    journal(tmp_path).add(change("lost"))
