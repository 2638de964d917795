"""What the user says in the service appears in said.json at once, and is about the photos and faces that were meant."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from curation.domain.faces.ids import photo_id
from curation.domain.identity.said import NOTHING_SAID
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.domain.labelling.corrections import NOT_A_PERSON, CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.photos.files.content import content_sha256
from curation.pipelines.said.words import read_picks_now
from curation.storage.said.picks_file import PICKS, read_picks, write_picks
from curation.storage.said.said_file import SAID, read_said
from tests.fake_workflow import FakeEvent, fake_event

FIVE, TWO, NO = PhotoPick(Pick.PICKED, 5), PhotoPick(None, 2), PhotoPick(Pick.REJECTED)
UNJUDGED = PhotoPick()


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Person 0 is on a and b, person 1 on a and c; nobody is on d."""
    with fake_event(tmp_path / "event") as made:
        made.add("a.png", 0, 1)
        made.add("b.png", 0, seed=1)
        made.add("c.png", 1, seed=2)
        made.add("d.png", seed=3)
        made.cluster()
        yield made


def pick(event: FakeEvent, **picks: PhotoPick) -> Picks:
    """Pick photos by their names without the suffix; a new service each time, as a restart is."""
    catalog = Catalog(event.settings())
    catalog.ranked.change(lambda _: {f"{name}.png": said for name, said in picks.items()})
    return catalog.ranked.picks()


def sha(event: FakeEvent, name: str) -> str:
    return content_sha256(event.photos / f"{name}.png")


def written(event: FakeEvent) -> dict[str, PhotoPick]:
    return dict(read_picks(event.output / PICKS).by_path)


# Labels and corrections.


def label(event: FakeEvent, cluster: int, name: str) -> None:
    change = LabelChange(name=name, category=Category.MAIN)
    edits = PeopleEdits(event.settings(), Catalog(event.settings()))
    edits.change_labels(lambda _: (cluster,), change, "labelled")


def test_a_label_has_anchors_at_once(event: FakeEvent) -> None:
    (cluster,) = event.ids()[1]
    label(event, cluster, "Ana")
    said = read_said(event.output)
    anchors = {key for key, _ in said.labels[cluster].faces}
    assert anchors == {sha(event, "a"), sha(event, "c")}
    assert all(said.face_now(face) is not None for face in said.labels[cluster].faces)
    # A typo that is mended keeps them, an undo takes them back.
    faces = said.labels[cluster].faces
    label(event, cluster, "Anna")
    assert read_said(event.output).labels[cluster].faces == faces
    edits = PeopleEdits(event.settings(), Catalog(event.settings()))
    edits.undo()
    assert read_said(event.output).labels[cluster].faces == faces
    edits.undo()
    assert read_said(event.output) == NOTHING_SAID


def test_a_correction_has_anchors_at_once(event: FakeEvent) -> None:
    catalog = Catalog(event.settings())
    edits = PeopleEdits(event.settings(), catalog)
    face = catalog.faces_of_photo(photo_id("a.png"))[0]
    request = CorrectionRequest(CorrectionKind.NOT_A_FACE, face_ids=(face.face_id,))
    (correction,), _, _, _ = edits.correct(lambda next_id: plan_correction(catalog, request, next_id), "corrected")
    said = read_said(event.output)
    (anchor,) = said.corrections[correction.id].values()
    assert anchor == (sha(event, "a"), face.row.facial_area)
    assert catalog.faces_of_photo(photo_id("a.png"))[0].cluster_id == NOT_A_PERSON


def test_a_label_that_is_saved_before_a_folder_goes_away_stays(event: FakeEvent, tmp_path: Path) -> None:
    (cluster,) = event.ids()[1]
    label(event, cluster, "Anna")
    kept = {name: (event.photos / name).rename(tmp_path / name) for name in ("a.png", "c.png")}
    event.cluster()
    assert [word["id"] for word in event.record()["unfound"]] == [str(cluster)]
    for name, file in kept.items():
        file.rename(event.photos / name)
    event.cluster()
    assert event.ids()[1] == {cluster}


# Picks.


def test_a_pick_has_an_anchor_at_once(event: FakeEvent) -> None:
    assert pick(event, a=FIVE, d=NO).by_path == {"a.png": FIVE, "d.png": NO}
    said = read_said(event.output)
    assert {path: of.photo for path, of in said.picks.items()} == {"a.png": sha(event, "a"), "d.png": sha(event, "d")}
    assert written(event) == {"a.png": FIVE, "d.png": NO}
    assert pick(event, a=TWO).by_path == {"a.png": TWO, "d.png": NO}
    assert pick(event, a=UNJUDGED, d=UNJUDGED).by_path == {}
    assert read_said(event.output) == NOTHING_SAID
    assert written(event) == {}


def test_the_pick_of_a_renamed_photo(event: FakeEvent) -> None:
    pick(event, a=FIVE)
    (event.photos / "a.png").rename(event.photos / "z.png")
    event.cluster()
    catalog = Catalog(event.settings())
    assert catalog.ranked.picks().by_path == {"z.png": FIVE}
    assert written(event) == {"a.png": FIVE}, "picks.json is the user's"
    assert pick(event, z=TWO).by_path == {"z.png": TWO}
    assert written(event) == {"z.png": TWO}
    Catalog(event.settings()).words.settle()
    assert read_said(event.output).aside == ()
    assert pick(event, z=UNJUDGED).by_path == {}


def test_a_photo_that_was_replaced_since_the_last_run(event: FakeEvent, tmp_path: Path) -> None:
    pick(event, d=FIVE)
    original = (event.photos / "d.png").rename(tmp_path / "d.png")
    event.add("d.png", 2, seed=9)
    assert pick(event, d=TWO).by_path == {"d.png": TWO}
    (aside,) = read_said(event.output).aside
    assert (aside.image_path, aside.said) == ("d.png", {"pick": "picked", "rating": 5})
    original.rename(event.photos / "back.png")
    event.cluster()
    assert Catalog(event.settings()).ranked.picks().by_path == {"d.png": TWO, "back.png": FIVE}


@pytest.mark.parametrize("first", ["said", "picks"])
def test_killed_between_the_two_files_nothing_is_lost(event: FakeEvent, tmp_path: Path, first: str) -> None:
    pick(event, d=FIVE)
    before = {name: (event.output / name).read_bytes() for name in (SAID, PICKS)}
    original = (event.photos / "d.png").rename(tmp_path / "d.png")
    event.add("d.png", 2, seed=9)
    event.cluster()
    before[SAID] = (event.output / SAID).read_bytes()
    pick(event, d=TWO)
    old = PICKS if first == "said" else SAID
    (event.output / old).write_bytes(before[old])
    event.cluster()
    original.rename(event.photos / "back.png")
    event.cluster()
    picks = Catalog(event.settings()).ranked.picks().by_path
    assert picks["back.png"] == FIVE
    assert picks.get("d.png", TWO) == TWO
    assert event.record()["unfound"] == []


@pytest.mark.parametrize("at", range(4))
def test_killed_at_any_write_of_a_pick_nothing_is_lost_or_on_another_photo(
    event: FakeEvent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    pick(event, a=FIVE, d=NO)
    (event.photos / "a.png").rename(event.photos / "z.png")
    original = (event.photos / "d.png").rename(tmp_path / "d.png")
    event.add("d.png", 2, seed=9)
    event.cluster()
    whole, count = Path.replace, iter(range(100))

    def killed(self: Path, target: Path) -> Path:
        if next(count) >= at:
            raise KeyboardInterrupt
        return whole(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with suppress(KeyboardInterrupt):
            pick(event, z=TWO, d=FIVE)
    for _ in range(2):
        picks = Catalog(event.settings()).ranked.picks().by_path
        assert picks["z.png"] in (FIVE, TWO)
        assert picks.get("d.png", FIVE) == FIVE
        assert picks.get("back.png", NO) == NO
        if not (event.photos / "back.png").exists():
            original.rename(event.photos / "back.png")
            event.cluster()
    assert picks["back.png"] == NO
    assert event.record()["unfound"] == []


def test_broken_labels_do_not_keep_a_pick_away(event: FakeEvent) -> None:
    (cluster,) = event.ids()[0]
    label(event, cluster, "Anna")
    labels = read_said(event.output).labels
    (event.output / "cluster_labels.json").write_text('{"0": ')
    assert pick(event, a=FIVE).by_path == {"a.png": FIVE}
    said = read_said(event.output)
    assert said.labels == labels
    assert said.picks.keys() == {"a.png"}
    assert written(event) == {"a.png": FIVE}
    (event.output / "corrections.json").write_text("[")
    assert pick(event, b=TWO).by_path == {"a.png": FIVE, "b.png": TWO}
    assert read_said(event.output).labels == labels


def test_picks_that_the_user_deleted_stay_deleted(event: FakeEvent) -> None:
    pick(event, a=FIVE, b=TWO)
    (event.output / PICKS).unlink()
    assert Catalog(event.settings()).ranked.picks().by_path == {}
    assert pick(event, c=NO).by_path == {"c.png": NO}
    assert written(event) == {"c.png": NO}
    assert read_said(event.output).picks.keys() == {"c.png"}
    event.cluster()
    assert Catalog(event.settings()).ranked.picks().by_path == {"c.png": NO}


def test_picks_that_the_user_deleted_stay_deleted_after_a_run(event: FakeEvent) -> None:
    pick(event, a=FIVE)
    (event.output / PICKS).unlink()
    event.cluster()
    assert event.record()["unfound"] == []
    assert Catalog(event.settings()).ranked.picks().by_path == {}


def test_picks_that_were_put_aside_are_deleted_with_the_file(event: FakeEvent, tmp_path: Path) -> None:
    pick(event, d=FIVE)
    original = (event.photos / "d.png").rename(tmp_path / "d.png")
    event.add("d.png", 2, seed=9)
    event.cluster()
    pick(event, d=TWO)
    (event.output / PICKS).unlink()
    original.rename(event.photos / "back.png")
    event.cluster()
    assert event.record()["unfound"] == []
    assert Catalog(event.settings()).ranked.picks().by_path == {}
    assert read_picks_now(event.output).by_path == {}
    assert pick(event, a=NO).by_path == {"a.png": NO}


def test_picks_written_by_hand_are_found_by_the_service(event: FakeEvent) -> None:
    write_picks(event.output / PICKS, Picks({"a.png": FIVE}))
    catalog = Catalog(event.settings())
    assert catalog.ranked.picks().by_path == {"a.png": FIVE}
    catalog.read_ahead()
    assert read_said(event.output).picks["a.png"].photo == sha(event, "a")
    write_picks(event.output / PICKS, Picks({"b.png": TWO}))
    assert catalog.ranked.picks().by_path == {"b.png": TWO}
    catalog.words.settle()
    assert read_said(event.output).picks["b.png"].photo == sha(event, "b")


def test_copies_of_one_photo_have_a_pick_each(event: FakeEvent) -> None:
    (event.photos / "copy.png").write_bytes((event.photos / "a.png").read_bytes())
    event.cluster()
    pick(event, a=FIVE)
    assert pick(event, copy=NO).by_path == {"a.png": FIVE, "copy.png": NO}
    event.cluster()
    assert Catalog(event.settings()).ranked.picks().by_path == {"a.png": FIVE, "copy.png": NO}


def test_a_pick_of_a_copy_takes_no_correction_away(event: FakeEvent) -> None:
    (event.photos / "copy.png").write_bytes((event.photos / "a.png").read_bytes())
    event.cluster()
    catalog = Catalog(event.settings())
    face = catalog.faces_of_photo(photo_id("a.png"))[0]
    request = CorrectionRequest(CorrectionKind.NOT_A_FACE, face_ids=(face.face_id,))
    PeopleEdits(event.settings(), catalog).correct(lambda n: plan_correction(catalog, request, n), "corrected")
    pick(event, copy=NO)

    def clusters() -> list[int]:
        return [Catalog(event.settings()).faces_of_photo(photo_id(p))[0].cluster_id for p in ("a.png", "copy.png")]

    assert clusters()[0] == NOT_A_PERSON
    assert clusters()[1] != NOT_A_PERSON
    event.cluster()
    assert clusters()[0] == NOT_A_PERSON
    assert clusters()[1] != NOT_A_PERSON


def test_a_correction_of_a_face_on_a_copy_is_about_that_copy(event: FakeEvent) -> None:
    (event.photos / "copy.png").write_bytes((event.photos / "a.png").read_bytes())
    event.cluster()
    label(event, next(iter(event.ids()[0])), "Anna")
    catalog = Catalog(event.settings())
    face = catalog.faces_of_photo(photo_id("copy.png"))[0]
    request = CorrectionRequest(CorrectionKind.NOT_A_FACE, face_ids=(face.face_id,))
    PeopleEdits(event.settings(), catalog).correct(lambda n: plan_correction(catalog, request, n), "corrected")

    def first_faces() -> list[int]:
        return [Catalog(event.settings()).faces_of_photo(photo_id(p))[0].cluster_id for p in ("a.png", "copy.png")]

    assert first_faces()[0] != NOT_A_PERSON
    assert first_faces()[1] == NOT_A_PERSON
    event.cluster()
    assert first_faces()[0] != NOT_A_PERSON
    assert first_faces()[1] == NOT_A_PERSON
    assert event.record()["unfound"] == []


def test_all_picks_has_those_of_missing_photos_too(event: FakeEvent, tmp_path: Path) -> None:
    pick(event, a=FIVE, d=TWO)
    (event.photos / "d.png").rename(tmp_path / "d.png")
    event.cluster()
    ranked = Catalog(event.settings()).ranked
    assert ranked.picks().by_path == {"a.png": FIVE}
    assert ranked.all_picks().by_path == {"a.png": FIVE, "d.png": TWO}


# The service's view of said.json.


def test_said_is_read_again_when_a_run_wrote_it(event: FakeEvent) -> None:
    words = Catalog(event.settings()).words
    assert words.said() is NOTHING_SAID
    pick(event, a=FIVE)
    assert words.said().picks.keys() == {"a.png"}
    assert words.said() is words.said()


def test_contents_of_files_as_they_are_now(event: FakeEvent) -> None:
    words = Catalog(event.settings()).words
    before = sha(event, "a")
    assert words.contents(["a.png", "none.png"]) == {"a.png": before}
    event.add("a.png", 5, seed=7)
    assert words.contents(["a.png"]) == {"a.png": sha(event, "a")}
    (event.photos / "a.png").unlink()
    assert words.contents(["a.png"]) == {"a.png": before}, "as the last clustering knew it"


def test_what_cannot_be_settled_is_logged(event: FakeEvent, caplog: pytest.LogCaptureFixture) -> None:
    (event.output / SAID).write_text('{"version": 2}')
    (cluster,) = event.ids()[0]
    with caplog.at_level(logging.WARNING):
        label(event, cluster, "Anna")
    assert "saved, but not yet what it is about" in caplog.text
    assert json.loads((event.output / "cluster_labels.json").read_text())[str(cluster)]["name"] == "Anna"


def test_a_said_file_that_was_deleted_is_made_again(event: FakeEvent) -> None:
    pick(event, a=FIVE)
    (event.output / SAID).unlink()
    Catalog(event.settings()).read_ahead()
    assert read_said(event.output).picks["a.png"].photo == sha(event, "a")
