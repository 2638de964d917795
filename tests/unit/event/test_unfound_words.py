"""Labels, corrections and picks that find nobody: which are listed, forgotten, given to others, and brought back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.domain.identity.unfound import Unfound, UnfoundKind, Why
from curation.domain.judging.picks import PhotoPick, Pick
from curation.domain.labelling.corrections import CorrectionKind
from curation.errors import (
    ClusterNotFoundError,
    LabelTakenError,
    NotAttachableError,
    NotClusteredError,
    PhotoNotFoundError,
    PickTakenError,
    UnfoundWordNotFoundError,
)
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.event.unfound_words import UNFOUND_ID_PATTERN, UnfoundWords, unfound_id
from curation.storage.said.said_file import read_said
from curation.storage.said.undo_journal import UNDO
from tests.fake_workflow import FakeEvent, fake_event

ANNA = {"name": "Anna", "category": "main"}
TOM = {"name": "Tom", "category": "other"}
PICKED = PhotoPick(Pick.PICKED, 5)


class Desk:
    """An event with what works on its words."""

    def __init__(self, event: FakeEvent) -> None:
        settings = event.settings()
        self.event = event
        self.catalog = Catalog(settings)
        self.edits = PeopleEdits(settings, self.catalog)
        self.words = UnfoundWords(settings, self.catalog, self.edits)

    def listed(self) -> list[tuple[UnfoundKind, str, Why]]:
        return [(word.kind, word.name, word.why) for word in self.words.listed()]

    def only(self) -> Unfound:
        (word,) = self.words.listed()
        return word

    def correct(self, kind: CorrectionKind, *clusters: int) -> None:
        request = CorrectionRequest(kind, cluster_ids=clusters)
        self.edits.correct(lambda next_id: plan_correction(self.catalog, request, next_id), "corrected")

    def pick(self, path: str, pick: PhotoPick = PICKED) -> None:
        self.catalog.ranked.change(lambda _: {path: pick})

    def away(self, *names: str) -> None:
        """Take photos out of the folder, and cluster."""
        for name in names:
            (self.event.photos / name).rename(self.event.folder / name)
        self.event.cluster()

    def back(self, *names: str) -> None:
        for name in names:
            (self.event.folder / name).rename(self.event.photos / name)
        self.event.cluster()

    def person(self, number: int) -> int:
        """The only cluster of a painted person."""
        (cluster,) = self.event.ids()[number]
        return cluster

    def file(self, name: str) -> Any:
        path: Path = self.event.output / name
        return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Person 0 on five photos, 1 on three, 2 on two; all clustered."""
    with fake_event(tmp_path) as event:
        for person, photos in {0: 5, 1: 3, 2: 2}.items():
            for number in range(photos):
                event.add(f"{person}_{number}.png", person, seed=number)
        event.cluster()
        yield Desk(event)


def forget(desk: Desk, word: Unfound) -> Unfound:
    return desk.words.delete(word.kind, unfound_id(word))


def give(desk: Desk, word: Unfound, target: int | str) -> Unfound:
    return desk.words.attach(word.kind, unfound_id(word), target)


def test_nothing_is_unfound_where_nothing_was_said(desk: Desk) -> None:
    assert desk.words.listed() == ()


def test_before_the_first_run(tmp_path: Path) -> None:
    with fake_event(tmp_path) as event, pytest.raises(NotClusteredError):
        Desk(event).words.listed()


def test_what_is_away_is_listed_and_found_when_it_is_back(desk: Desk) -> None:
    person = desk.person(2)
    desk.event.label({str(person): ANNA, str(desk.person(1)): "important"})
    desk.pick("2_0.png")
    desk.correct(CorrectionKind.DIFFERENT_PEOPLE, person, desk.person(0))
    assert desk.words.listed() == ()
    desk.away("2_0.png", "2_1.png")
    assert desk.listed() == [
        (UnfoundKind.LABEL, "Anna", Why.AWAY),
        (UnfoundKind.CORRECTION, "different people", Why.AWAY),
        (UnfoundKind.PICK, "picked, 5 stars", Why.AWAY),
    ]
    label, _, pick = desk.words.listed()
    assert (label.id, label.photos) == (str(person), ("2_0.png", "2_1.png"))
    assert (pick.id, pick.photos) == ("2_0.png", ("2_0.png",))
    assert desk.words.listed() is desk.words.listed()
    desk.back("2_0.png", "2_1.png")
    assert desk.words.listed() == ()


def test_a_word_by_hand_counts_at_once(desk: Desk) -> None:
    person = desk.person(2)
    desk.away("2_0.png", "2_1.png")
    desk.event.label({str(person): ANNA})
    assert desk.listed() == [(UnfoundKind.LABEL, "Anna", Why.NO_PERSON)]
    assert not (desk.event.output / "said.json").exists() or not read_said(desk.event.output).labels


def test_a_replaced_photo(desk: Desk) -> None:
    desk.pick("1_0.png")
    desk.event.add("1_0.png", 0, seed=77)
    desk.event.cluster()
    assert desk.listed() == [(UnfoundKind.PICK, "picked, 5 stars", Why.REPLACED)]


def test_who_was_merged_or_is_no_person_is_not_listed(desk: Desk) -> None:
    desk.event.label({str(desk.person(1)): ANNA, str(desk.person(2)): "other"})
    desk.correct(CorrectionKind.SAME_PERSON, desk.person(0), desk.person(1))
    desk.correct(CorrectionKind.NOT_A_PERSON, desk.person(2))
    assert desk.words.listed() == ()
    desk.event.cluster()
    assert desk.words.listed() == ()


def test_who_was_merged_before_anything_was_known_of_labels_is_not_listed(desk: Desk) -> None:
    desk.event.label({str(desk.person(0)): TOM, str(desk.person(1)): ANNA})
    desk.correct(CorrectionKind.SAME_PERSON, desk.person(0), desk.person(1))
    (desk.event.output / "said.json").unlink()
    assert desk.words.listed() == ()


def test_what_finds_somebody_is_never_touched(desk: Desk) -> None:
    desk.event.label({str(desk.person(0)): TOM})
    desk.pick("0_0.png")
    desk.words.listed()
    for kind, word in ((UnfoundKind.LABEL, str(desk.person(0))), (UnfoundKind.PICK, "0_0.png")):
        with pytest.raises(UnfoundWordNotFoundError, match="that finds nobody"):
            desk.words.delete(kind, word)
        with pytest.raises(UnfoundWordNotFoundError, match="that finds nobody"):
            desk.words.attach(kind, word, 0)
    assert desk.file("cluster_labels.json") == {str(desk.person(0)): TOM}


class TestLabels:
    @pytest.fixture
    def anna(self, desk: Desk) -> Unfound:
        """A label whose photos are away."""
        desk.event.label({str(desk.person(2)): ANNA, str(desk.person(1)): TOM})
        desk.away("2_0.png", "2_1.png")
        return desk.only()

    def test_forgotten_and_brought_back_with_what_it_is_about(self, desk: Desk, anna: Unfound) -> None:
        before = read_said(desk.event.output)
        assert forget(desk, anna).name == "Anna"
        assert desk.words.listed() == ()
        assert desk.file("cluster_labels.json") == {str(desk.person(1)): TOM}
        assert int(anna.id) not in read_said(desk.event.output).labels
        assert desk.edits.undo()[0].what == "forgot Anna, who was not found"
        assert desk.only() == anna
        assert read_said(desk.event.output) == before
        desk.back("2_0.png", "2_1.png")
        assert desk.words.listed() == ()
        assert desk.catalog.labels().by_cluster[desk.person(2)].name == "Anna"

    def test_brought_back_after_a_run(self, desk: Desk, anna: Unfound) -> None:
        forget(desk, anna)
        desk.back("2_0.png")
        desk.edits.undo()
        assert desk.words.listed() == ()
        desk.event.cluster()
        assert desk.catalog.labels().by_cluster[desk.person(2)].name == "Anna"

    def test_whatever_change_took_it_away(self, desk: Desk, anna: Unfound) -> None:
        said = read_said(desk.event.output)
        desk.edits.replace_labels(desk.catalog.event_labels.checked({}), is_known=None)
        assert desk.words.listed() == ()
        desk.edits.undo()
        assert desk.only() == anna
        assert read_said(desk.event.output).labels[int(anna.id)] == said.labels[int(anna.id)]

    def test_not_if_the_person_is_back_meanwhile(self, desk: Desk, anna: Unfound) -> None:
        desk.back("2_0.png", "2_1.png")
        with pytest.raises(UnfoundWordNotFoundError, match="in the meantime"):
            desk.edits.move_label(int(anna.id), None, "forgot Anna")
        assert desk.catalog.labels().by_cluster[desk.person(2)].name == "Anna"

    def test_only_the_one_that_is_not_found(self, desk: Desk) -> None:
        desk.event.label({str(desk.person(2)): ANNA, str(desk.person(1)): ANNA})
        desk.away("2_0.png", "2_1.png")
        forget(desk, desk.only())
        assert desk.file("cluster_labels.json") == {str(desk.person(1)): ANNA}

    def test_given_to_somebody_and_taken_back(self, desk: Desk, anna: Unfound) -> None:
        before = desk.file("cluster_labels.json")
        said = read_said(desk.event.output)
        give(desk, anna, desk.person(0))
        assert desk.words.listed() == ()
        assert desk.file("cluster_labels.json") == {str(desk.person(0)): ANNA, str(desk.person(1)): TOM}
        assert read_said(desk.event.output).labels[desk.person(0)].faces
        assert desk.edits.undo()[0].what == f"gave Anna to person {desk.person(0)}"
        assert desk.file("cluster_labels.json") == before
        assert read_said(desk.event.output) == said
        assert desk.only() == anna

    def test_not_to_somebody_with_another_name(self, desk: Desk, anna: Unfound) -> None:
        before = desk.event.snapshot()
        with pytest.raises(LabelTakenError, match="is Tom already, not Anna"):
            give(desk, anna, desk.person(1))
        assert desk.event.snapshot() == before

    def test_to_somebody_with_the_same_name(self, desk: Desk) -> None:
        desk.event.label({str(desk.person(2)): ANNA, str(desk.person(1)): {"name": "anna", "category": "main"}})
        desk.away("2_0.png", "2_1.png")
        give(desk, desk.only(), desk.person(1))
        assert desk.file("cluster_labels.json") == {str(desk.person(1)): {"name": "anna", "category": "main"}}

    def test_a_category_goes_to_a_person_who_keeps_the_name(self, desk: Desk) -> None:
        desk.event.label({str(desk.person(2)): "main", str(desk.person(1)): TOM})
        desk.away("2_0.png", "2_1.png")
        give(desk, desk.only(), desk.person(1))
        assert desk.file("cluster_labels.json") == {str(desk.person(1)): {"name": "Tom", "category": "main"}}

    def test_not_to_nobody_nor_to_a_photo(self, desk: Desk, anna: Unfound) -> None:
        with pytest.raises(ClusterNotFoundError):
            give(desk, anna, 999)
        with pytest.raises(NotAttachableError, match="cluster_id"):
            give(desk, anna, "0_0.png")


class TestCorrections:
    @pytest.fixture
    def statue(self, desk: Desk) -> Unfound:
        """One of two who are not people, of the same action; its photos are away."""
        desk.correct(CorrectionKind.NOT_A_PERSON, desk.person(1), desk.person(2))
        desk.away("2_0.png", "2_1.png")
        return desk.only()

    def test_only_the_part_that_is_not_found_is_undone(self, desk: Desk, statue: Unfound) -> None:
        assert (statue.name, statue.why, statue.photos) == ("not a person", Why.AWAY, ("2_0.png", "2_1.png"))
        forget(desk, statue)
        assert desk.words.listed() == ()
        undone = {entry["id"]: entry["undone"] for entry in desk.file("corrections.json")["corrections"]}
        assert undone.pop(statue.id)
        assert list(undone.values()) == [False]
        desk.edits.undo()
        assert desk.only() == statue

    def test_cannot_be_given_to_others(self, desk: Desk, statue: Unfound) -> None:
        with pytest.raises(NotAttachableError, match="forget it"):
            give(desk, statue, 0)


class TestPicks:
    @pytest.fixture
    def pick(self, desk: Desk) -> Unfound:
        """A pick whose photo is away."""
        desk.pick("2_0.png")
        desk.pick("0_1.png", PhotoPick(Pick.REJECTED))
        desk.away("2_0.png")
        return desk.only()

    def test_its_id_fits_into_an_address(self, desk: Desk, pick: Unfound) -> None:
        assert re.fullmatch(UNFOUND_ID_PATTERN, unfound_id(pick))
        for path in ("../../etc/passwd", "Ü/ß?#%.jpg", "a\udcffb.jpg", "a\ud800b.jpg", "aside:x"):
            word = Unfound(UnfoundKind.PICK, path, {}, Why.AWAY, (path,))
            assert re.fullmatch(UNFOUND_ID_PATTERN, unfound_id(word))
            assert not word.is_aside

    def test_forgotten(self, desk: Desk, pick: Unfound) -> None:
        forget(desk, pick)
        assert desk.words.listed() == ()
        assert desk.file("picks.json")["photos"] == {"0_1.png": {"pick": "rejected"}}
        desk.back("2_0.png")
        assert "2_0.png" not in desk.catalog.ranked.picks().by_path
        with pytest.raises(UnfoundWordNotFoundError):
            forget(desk, pick)

    def test_given_to_another_photo(self, desk: Desk, pick: Unfound) -> None:
        give(desk, pick, "2_1.png")
        assert desk.words.listed() == ()
        assert desk.catalog.ranked.picks().of("2_1.png") == PICKED
        desk.back("2_0.png")
        assert "2_0.png" not in desk.catalog.ranked.picks().by_path
        assert desk.words.listed() == ()

    def test_not_to_a_photo_with_a_pick_nor_to_none(self, desk: Desk, pick: Unfound) -> None:
        before = desk.event.snapshot()
        with pytest.raises(PickTakenError, match="of its own"):
            give(desk, pick, "0_1.png")
        with pytest.raises(PhotoNotFoundError):
            give(desk, pick, "2_0.png")
        with pytest.raises(NotAttachableError, match="photo_id"):
            give(desk, pick, 3)
        assert desk.event.snapshot() == before

    def test_given_to_the_photo_that_took_its_place(self, desk: Desk) -> None:
        desk.pick("1_0.png")
        desk.event.add("1_0.png", 0, seed=77)
        desk.event.cluster()
        assert desk.catalog.ranked.picks().by_path == {}
        give(desk, desk.only(), "1_0.png")
        assert desk.words.listed() == ()
        desk.event.cluster()
        assert desk.catalog.ranked.picks().by_path == {"1_0.png": PICKED}

    def test_one_that_was_put_aside(self, desk: Desk) -> None:
        desk.pick("1_0.png")
        desk.event.add("1_0.png", 0, seed=77)
        desk.event.cluster()
        desk.pick("1_0.png", PhotoPick(Pick.REJECTED))
        word = desk.only()
        assert (word.name, word.photos, word.is_aside) == ("picked, 5 stars", ("1_0.png",), True)
        give(desk, word, "1_1.png")
        assert desk.words.listed() == ()
        assert dict(desk.catalog.ranked.picks().by_path) == {"1_0.png": PhotoPick(Pick.REJECTED), "1_1.png": PICKED}
        assert read_said(desk.event.output).aside == ()

    def test_one_that_was_put_aside_is_forgotten(self, desk: Desk) -> None:
        desk.pick("1_0.png")
        desk.event.add("1_0.png", 0, seed=77)
        desk.event.cluster()
        desk.pick("1_0.png", PhotoPick(Pick.REJECTED))
        forget(desk, desk.only())
        assert desk.words.listed() == ()
        assert dict(desk.catalog.ranked.picks().by_path) == {"1_0.png": PhotoPick(Pick.REJECTED)}

    def test_a_kill_in_between_leaves_it_with_no_other_photo(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        desk.pick("1_0.png")
        desk.event.add("1_0.png", 0, seed=77)
        desk.event.cluster()

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("curation.event.said_words.write_said", killed)
            with pytest.raises(KeyboardInterrupt):
                give(desk, desk.only(), "1_1.png")
        again = Desk(desk.event)
        again.catalog.words.settle()
        assert dict(again.catalog.ranked.picks().by_path) == {"1_1.png": PICKED}
        assert again.words.listed() == ()


def test_two_words_about_one_photo(desk: Desk) -> None:
    desk.event.add("both.png", 3, 4)
    desk.event.cluster()
    desk.event.label({str(desk.person(3)): ANNA, str(desk.person(4)): TOM})
    desk.pick("both.png")
    desk.away("both.png")
    anna, tom, pick = desk.words.listed()
    assert {word.photos for word in (anna, tom, pick)} == {("both.png",)}
    forget(desk, anna)
    assert desk.words.listed() == (tom, pick)
    forget(desk, pick)
    assert desk.words.listed() == (tom,)
    desk.edits.undo()
    assert desk.words.listed() == (anna, tom)
    desk.back("both.png")
    assert desk.words.listed() == ()


def test_an_old_undo_journal_is_understood(desk: Desk) -> None:
    desk.event.label({str(desk.person(2)): ANNA})
    desk.away("2_0.png", "2_1.png")
    forget(desk, desk.only())
    path = desk.event.output / UNDO
    journal = json.loads(path.read_text(encoding="utf-8"))
    del journal["changes"][-1]["anchors"]
    path.write_text(json.dumps(journal), encoding="utf-8")
    desk.edits.undo()
    assert desk.listed() == [(UnfoundKind.LABEL, "Anna", Why.NO_PERSON)]
