"""Undoing picks: one change at a time, after a restart, and when the service was killed in the middle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.domain.judging.picks import UNJUDGED, PhotoPick, Pick
from curation.errors import NothingToUndoError
from curation.event import ranked_photos
from curation.event.catalog import Catalog
from curation.settings import Settings
from curation.storage.said import picks_file
from tests.service import FACES, PHOTOS, make_settings, write_face_data, write_photo_scores

YES, NO = PhotoPick(Pick.PICKED), PhotoPick(Pick.REJECTED)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setattr(ranked_photos, "WRITE_AFTER_S", 3600.0)
    made = make_settings(tmp_path)
    write_face_data(made.io.output_dir, FACES)
    write_photo_scores(made.io.output_dir, PHOTOS)
    yield made


def say(settings: Settings, **said: PhotoPick) -> None:
    Catalog(settings).ranked.change(lambda _: {f"{name}.jpg": pick for name, pick in said.items()})


def picks(settings: Settings) -> dict[str, PhotoPick]:
    return {path[0]: pick for path, pick in Catalog(settings).ranked.picks().by_path.items()}


def test_changes_are_undone_from_the_last_on_by_whoever_comes_later(settings: Settings) -> None:
    say(settings, a=YES)
    say(settings, b=NO, d=NO)
    assert Catalog(settings).picks_undo.undo().what == "2 photos rejected"
    assert picks(settings) == {"a": YES}
    undone = Catalog(settings).picks_undo.undo()
    assert (undone.what, undone.photos) == ("a.jpg picked", {"a.jpg": (YES, UNJUDGED)})
    assert picks(settings) == {}
    with pytest.raises(NothingToUndoError, match="no pick to undo"):
        Catalog(settings).picks_undo.undo()


def test_what_was_undone_is_made_again_until_something_else_is_said(settings: Settings) -> None:
    say(settings, a=YES)
    say(settings, a=NO)
    for _ in range(2):
        Catalog(settings).picks_undo.undo()
    assert [Catalog(settings).picks_undo.redo().what for _ in range(2)] == ["a.jpg picked", "a.jpg rejected"]
    assert picks(settings) == {"a": NO}
    Catalog(settings).picks_undo.undo()
    say(settings, b=YES)
    with pytest.raises(NothingToUndoError, match="make again"):
        Catalog(settings).picks_undo.redo()
    assert picks(settings) == {"a": YES, "b": YES}


def test_a_change_there_and_back_is_undone_step_by_step(settings: Settings) -> None:
    say(settings, a=YES)
    say(settings, a=UNJUDGED)
    say(settings, a=YES)
    states = []
    for _ in range(3):
        Catalog(settings).picks_undo.undo()
        states.append(picks(settings))
    assert states == [{}, {"a": YES}, {}]


def test_photos_that_were_edited_by_hand_since_are_left_alone(settings: Settings) -> None:
    say(settings, a=YES, b=YES)
    path = settings.io.output_dir / "picks.json"
    text = json.loads(path.read_text(encoding="utf-8"))
    text["photos"]["a.jpg"] = {"pick": "rejected"}
    path.write_text(json.dumps(text), encoding="utf-8")
    assert set(Catalog(settings).picks_undo.undo().photos) == {"b.jpg"}
    assert picks(settings) == {"a": NO}


def test_setting_what_is_set_already_is_no_change(settings: Settings) -> None:
    say(settings, a=YES)
    say(settings, a=YES)
    Catalog(settings).picks_undo.undo()
    assert picks(settings) == {}


class Killed(BaseException):
    """What `kill -9` is to a test."""


@pytest.mark.parametrize("when", ["changing", "undoing", "doing again"])
def test_a_service_that_is_killed_before_the_picks_are_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    say(settings, a=YES)
    if when != "changing":
        say(settings, b=NO)
    if when == "doing again":
        Catalog(settings).picks_undo.undo()
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(ranked_photos, "write_picks", killed)
        if when == "changing":
            say(settings, b=NO)
        elif when == "undoing":
            Catalog(settings).picks_undo.undo()
        else:
            Catalog(settings).picks_undo.redo()
    assert picks_file.read_picks(settings.io.output_dir / "picks.json").by_path.keys() >= {"a.jpg"}
    # The next undo finds what is really there.
    assert Catalog(settings).picks_undo.undo().what == ("b.jpg rejected" if when == "undoing" else "a.jpg picked")
    assert picks(settings) == ({"a": YES} if when == "undoing" else {})
