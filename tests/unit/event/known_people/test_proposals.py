"""Names of the gallery that are proposed for an event, and what becomes of the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.recognition.known import ClusterFaces, KnownFaces, Recognition
from curation.errors import GalleryOffError, NothingToUndoError, RefusalsError, SuggestionNotFoundError
from curation.event.catalog import Catalog
from curation.storage.said.known_refused_file import KNOWN_REFUSED
from tests.fake_gallery import FakeGallery, recognise_nearest
from tests.known_world import ANNA, BEN, CARA, STRANGER, KnownEvent, enrolled, known_event


@pytest.fixture
def gallery() -> FakeGallery:
    return enrolled(ANNA, BEN)


@pytest.fixture
def known(tmp_path: Path, gallery: FakeGallery) -> Iterator[KnownEvent]:
    with known_event(tmp_path / "now", gallery) as event:
        yield event


def test_known_people_are_proposed_and_strangers_stay_strangers(known: KnownEvent) -> None:
    assert known.listed() == {known.cluster_of(ANNA): "Anna", known.cluster_of(BEN): "Ben"}
    assert not (known.event.output / "cluster_labels.json").exists()


def test_accepting_names_the_cluster_with_the_category_and_can_be_undone(known: KnownEvent) -> None:
    anna = next(one for one in known.proposals.listed() if one.name == "Anna")
    known.proposals.accept(anna.cluster_id, anna.person_id)
    labels = json.loads((known.event.output / "cluster_labels.json").read_text())
    assert labels == {str(anna.cluster_id): {"name": "Anna", "category": "important"}}
    assert known.listed() == {known.cluster_of(BEN): "Ben"}
    known.edits.undo()
    assert known.listed() == {known.cluster_of(ANNA): "Anna", known.cluster_of(BEN): "Ben"}


def test_a_name_that_the_event_has_keeps_its_category(known: KnownEvent) -> None:
    cara, ben = known.cluster_of(CARA), next(one for one in known.proposals.listed() if one.name == "Ben")
    # The user calls somebody else by the same name, who is on no photo with him.
    known.event.label({str(cara): {"name": "ben", "category": "main"}})
    known.proposals.accept(ben.cluster_id, ben.person_id)
    assert {label.category.value for label in known.catalog.labels().by_cluster.values()} == {"main"}


def test_what_was_answered_or_labelled_meanwhile_is_not_accepted(known: KnownEvent) -> None:
    anna = next(one for one in known.proposals.listed() if one.name == "Anna")
    known.event.label({str(anna.cluster_id): "other"})
    with pytest.raises(SuggestionNotFoundError, match="nothing was changed"):
        known.proposals.accept(anna.cluster_id, anna.person_id)
    with pytest.raises(SuggestionNotFoundError):
        known.proposals.accept(known.cluster_of(BEN), anna.person_id)
    assert known.catalog.labels().by_cluster[anna.cluster_id].name is None


def test_nobody_is_proposed_who_is_on_the_same_photo_already(known: KnownEvent) -> None:
    known.event.label({str(known.cluster_of(BEN)): {"name": "ANNA", "category": "main"}})
    assert known.listed() == {}


def test_a_no_is_remembered_by_the_faces_and_can_be_undone(known: KnownEvent) -> None:
    anna = next(one for one in known.proposals.listed() if one.name == "Anna")
    known.proposals.decline(anna.cluster_id, anna.person_id)
    assert known.listed() == {known.cluster_of(BEN): "Ben"}
    known.cluster()
    assert known.listed() == {known.cluster_of(BEN): "Ben"}
    # The photos get other names, and the cluster another id: the answer is about the same faces.
    for photo in sorted(known.event.photos.iterdir()):
        photo.rename(photo.with_name(f"renamed {photo.name}"))
    known.cluster()
    again = KnownEvent(known.event, known.gallery)
    assert again.listed() == {again.cluster_of(BEN): "Ben"}
    assert Catalog(known.settings).refusals.written()
    known.edits.undo()
    assert set(known.listed().values()) == {"Anna", "Ben"}
    with pytest.raises(NothingToUndoError):
        known.edits.undo()


def test_all_names_above_a_certainty_are_accepted_after_a_look(known: KnownEvent) -> None:
    shown = [(one.cluster_id, one.person_id) for one in known.proposals.listed()]
    assert known.proposals.accept_all(0.9, seen=shown[:1])[0].cluster_id == shown[0][0]
    assert len(known.listed()) == 1
    assert len(known.proposals.accept_all(0.9)) == 1
    assert {label.name for label in known.catalog.labels().by_cluster.values()} == {"Anna", "Ben"}
    undoable = known.edits.undoable()
    assert undoable is not None
    assert undoable.left == 2


def test_questions_are_never_accepted_together(known: KnownEvent) -> None:
    # As the rule of an embedder that was not measured answers.
    known.opened.recognise = lambda clusters, faces: [
        replace(one, answer="ask") if one.answer == "name" else one for one in recognise_nearest(clusters, faces)
    ]
    assert [one.is_sure for one in known.proposals.listed()] == [False, False]
    assert known.proposals.accept_all(0.0) == []


def test_nothing_is_compared_anew_while_nothing_changes(known: KnownEvent) -> None:
    calls: list[int] = []

    def counted(clusters: Sequence[ClusterFaces], faces: KnownFaces) -> Sequence[Recognition]:
        calls.append(len(clusters))
        return recognise_nearest(clusters, faces)

    known.opened.recognise = counted
    known.listed()
    anna = known.proposals.listed()[0]
    known.proposals.accept(anna.cluster_id, anna.person_id)
    known.listed()
    assert len(calls) == 1
    known.gallery.rename(known.proposals.listed()[0].person_id, "Benjamin")
    assert set(known.listed().values()) == {"Benjamin"}
    assert len(calls) == 2


def test_the_file_of_the_last_run_is_taken_as_long_as_it_fits(known: KnownEvent) -> None:
    known.cluster()
    fresh = KnownEvent(known.event, known.gallery)
    fresh.opened.recognise = lambda clusters, faces: pytest.fail("compared anew")
    assert set(fresh.listed().values()) == {"Anna", "Ben"}
    (known.event.output / "recognised.json").write_text("{")
    assert set(KnownEvent(known.event, known.gallery).listed().values()) == {"Anna", "Ben"}


def test_a_gallery_that_is_off_is_told(tmp_path: Path) -> None:
    with known_event(tmp_path, enabled=False) as known, pytest.raises(GalleryOffError, match="set gallery"):
        known.listed()


def test_a_broken_file_of_answers_is_named(known: KnownEvent) -> None:
    (known.event.output / KNOWN_REFUSED).write_text('{"version": 1, "refused": [{"id": "x"}]}')
    with pytest.raises(RefusalsError, match=r"(?s)known_refused\.json.*person_id"):
        known.listed()


def test_the_stranger_is_unknown_to_everybody(known: KnownEvent) -> None:
    assert known.cluster_of(STRANGER) not in known.listed()
