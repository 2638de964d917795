"""Labels, corrections and picks through runs in which photos and settings are others."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.errors import OtherEventError
from curation.pipelines.said.words import read_picks_now
from curation.storage import atomic
from curation.storage.face_data_file import FACE_DATA
from curation.storage.said.picks_file import PICKS, write_picks
from curation.storage.said.said_file import read_said
from tests.fake_workflow import FakeEvent, fake_event

ANNA, BEN = {"name": "Anna", "category": "main"}, {"name": "Ben", "category": "main"}
FIVE = PhotoPick(Pick.PICKED, 5)


@pytest.fixture
def named(wedding: FakeEvent) -> FakeEvent:
    """Persons 0 and 1 have names, d.png in the sub-folder is picked."""
    wedding.cluster()
    wedding.label({"0": ANNA, "1": BEN, "3": "other"})
    write_picks(wedding.output / PICKS, Picks({"sub/d.png": FIVE}))
    wedding.cluster()
    return wedding


def table(event: FakeEvent) -> bytes:
    return (event.output / FACE_DATA).read_bytes()


def unfound(event: FakeEvent) -> list[tuple[str, str, str]]:
    return [(word["kind"], word["id"], word["why"]) for word in event.record()["unfound"]]


def test_a_folder_that_is_away_for_a_run(named: FakeEvent, tmp_path: Path) -> None:
    before = table(named)
    away = (named.photos / "sub").rename(tmp_path / "unplugged")
    report = named.cluster()
    assert unfound(named) == [("label", "3", "away"), ("pick", "sub/d.png", "away")]
    assert report.warnings[0].startswith("1 pick and 1 label find nobody: their photos are not in the folder")
    assert read_picks_now(named.output).by_path == {}
    away.rename(named.photos / "sub")
    report = named.cluster()
    assert table(named) == before
    assert unfound(named) == []
    assert not any("find" in warning for warning in report.warnings)
    assert read_picks_now(named.output).by_path == {"sub/d.png": FIVE}


def test_a_folder_whose_photos_cannot_be_read_in_a_run(named: FakeEvent) -> None:
    before, path = table(named), named.photos / "sub" / "d.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:200])
    named.cluster()
    assert unfound(named) == [("label", "3", "unreadable"), ("pick", "sub/d.png", "unreadable")]
    path.write_bytes(whole)
    named.cluster()
    assert table(named) == before


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.9, 1.1, 1.9])
def test_another_threshold_and_back(named: FakeEvent, threshold: float) -> None:
    before, labels = table(named), (named.output / "cluster_labels.json").read_bytes()
    for _ in range(2):
        named.cluster(clustering={"distance_threshold": threshold})
        other = table(named)
        ids = named.ids()
        assert 0 in ids[0]
        assert 1 in ids[1]
        assert not ids[0] & ids[1] - {-1}, "different names are different people"
        named.cluster()
        assert table(named) == before
        named.cluster(clustering={"distance_threshold": threshold})
        assert table(named) == other, "that run gives again what it gave"
    assert (named.output / "cluster_labels.json").read_bytes() == labels


def test_names_that_had_to_be_kept_apart_are_recorded(named: FakeEvent) -> None:
    assert named.record()["names_kept_apart"] == []
    named.cluster(clustering={"distance_threshold": 1.9, "same_photo_penalty": 0})
    assert named.record()["names_kept_apart"] == [["anna", "ben"]]
    # The same name on two clusters is one person.
    named.label({"0": ANNA, "1": {**BEN, "name": "ANNA"}, "3": "other"})
    named.cluster(clustering={"distance_threshold": 1.9, "same_photo_penalty": 0})
    assert named.record()["names_kept_apart"] == []


def test_photos_that_come_while_the_threshold_is_another_one(named: FakeEvent) -> None:
    named.cluster(clustering={"distance_threshold": 1.9})
    for number in range(4):
        named.add(f"new{number}.png", 1, 2, seed=number + 20)
        named.cluster(clustering={"distance_threshold": 1.9})
    named.cluster()
    assert named.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}}


def test_other_photos_under_the_old_names(named: FakeEvent) -> None:
    for path in named.photos.rglob("*.png"):
        path.unlink()
    named.add("a.png", 0, seed=33)
    named.add("sub/d.png", 5, 6, seed=34)
    named.cluster()
    assert ("pick", "sub/d.png", "replaced") in unfound(named)
    assert read_picks_now(named.output).by_path == {}
    assert not (named.ids()[5] | named.ids()[6]) & {0, 1, 3}


def test_the_labels_of_other_people_are_refused_without_any_change(named: FakeEvent, tmp_path: Path) -> None:
    before = named.snapshot()
    with fake_event(tmp_path / "party") as party:
        party.add("a.png", 7, 8)
        party.output = named.output
        with pytest.raises(OtherEventError, match="none of their faces"):
            party.cluster()
    assert named.snapshot() == before
    named.cluster()
    assert named.snapshot() == before


class Killed(BaseException):
    """The process was killed."""


@pytest.mark.parametrize("is_moved", [True, False])
@pytest.mark.parametrize("at", range(12))
def test_killed_at_any_file_of_a_run_and_the_folder_moved(
    named: FakeEvent, monkeypatch: pytest.MonkeyPatch, at: int, is_moved: bool
) -> None:
    named.add("new.png", 1, 7, seed=40)
    (named.photos / "a.png").rename(named.photos / "renamed.png")
    whole, count = Path.replace, iter(range(10_000))

    def killed(self: Path, target: Path) -> Path:
        if next(count) >= at:
            raise Killed
        return whole(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        try:
            named.cluster()
            assert at > 5, "a run writes more files than that"
        except Killed:
            pass
    if is_moved:
        named.photos = named.photos.rename(named.folder / "elsewhere")
    named.cluster()
    ids = named.ids()
    assert {person: ids[person] for person in (0, 1, 2, 3)} == {0: {0}, 1: {1}, 2: {2}, 3: {3}}
    assert unfound(named) == []
    assert read_picks_now(named.output).by_path == {"sub/d.png": FIVE}
    assert not list(named.output.glob(f"*{atomic.TEMPORARY_SUFFIX}"))


def test_labels_of_people_who_are_not_there_yet_keep_their_ids(named: FakeEvent) -> None:
    named.label({"0": ANNA, "1": BEN, "3": "other", "9": "main"})
    named.add("new.png", 7, seed=50)
    named.cluster()
    assert named.ids()[7] == {10}
    assert ("label", "9", "no_person") in unfound(named)
    assert read_said(named.output).labels[9].faces == ()
