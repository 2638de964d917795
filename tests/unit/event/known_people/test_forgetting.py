"""Forgetting a known person: what is gone, and where traces are left, proven by a search through all files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curation.event.known_people.copies import export_people
from curation.event.known_people.forgetting import forget_expired, forget_person
from curation.event.pictures import PICTURES_DIR
from curation.storage.said.known_refused_file import KNOWN_REFUSED
from curation.storage.said.undo_journal import UNDO
from tests.fake_gallery import FakeGallery
from tests.known_world import ANNA, BEN, KnownEvent, enrolled, known_event

ANNA_ID = "person1"


@pytest.fixture
def gallery() -> FakeGallery:
    return enrolled(ANNA, BEN)


@pytest.fixture
def known(tmp_path: Path, gallery: FakeGallery) -> Iterator[KnownEvent]:
    with known_event(tmp_path, gallery) as event:
        event.cluster()
        yield event


def files_with(folder: Path, *texts: bytes) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and any(text in path.read_bytes() for text in texts)}


def test_a_person_is_gone_from_gallery_proposals_answers_and_cache(known: KnownEvent, tmp_path: Path) -> None:
    anna = next(one for one in known.proposals.listed() if one.name == "Anna")
    known.proposals.decline(anna.cluster_id, anna.person_id)
    cached = known.settings.io.state_dir / PICTURES_DIR / "aa" / "bb.jpg"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"\xff\xd8\xff\xd9")
    assert files_with(tmp_path, b"Anna") == {
        known.event.output / "recognised.json",
        known.event.output / UNDO,
    }
    person = known.gallery.person(anna.person_id)
    vectors = [face.vector.tobytes() for face in known.gallery.exemplars(anna.person_id)]
    chips = [face.chip_jpeg for face in known.gallery.exemplars(anna.person_id)]
    done = forget_person(known.opened, person, [known.forgetting])
    assert not cached.exists()
    assert files_with(tmp_path, b"Anna", anna.person_id.encode()) == set()
    assert [one.name for one in known.gallery.people()] == ["Ben"]
    assert known.listed() == {known.cluster_of(BEN): "Ben"}
    assert len(done.removed) == 4
    # The event itself still has the faces of everybody: each such file is told with what to do.
    told = {trace.path for trace in done.left}
    for path in files_with(tmp_path, *vectors, *chips):
        assert told & {path, *path.parents}, path
        assert path.is_relative_to(known.settings.io.state_dir) or path.is_relative_to(known.event.output)
    assert all(trace.todo for trace in done.left)
    assert done.events == ()


def test_places_that_still_have_the_name_are_told(known: KnownEvent) -> None:
    anna = next(one for one in known.proposals.listed() if one.name == "Anna")
    known.proposals.accept(anna.cluster_id, anna.person_id)
    done = forget_person(known.opened, known.gallery.person(anna.person_id), [known.forgetting])
    named = {trace.path.name: trace.todo for trace in done.left if "name" in trace.what}
    assert {"cluster_labels.json", UNDO} <= named.keys()
    assert "take the name away" in named["cluster_labels.json"]
    # A label that a person gave is never taken away here.
    assert known.catalog.labels().by_cluster[anna.cluster_id].name == "Anna"


def test_other_events_of_the_person_are_named(known: KnownEvent) -> None:
    done = forget_person(known.opened, known.gallery.person(ANNA_ID), [])
    assert done.events == ("photos",)
    assert done.left == ()


def test_answers_about_others_stay(known: KnownEvent) -> None:
    for one in known.proposals.listed():
        known.proposals.decline(one.cluster_id, one.person_id)
    forget_person(known.opened, known.gallery.person(ANNA_ID), [known.forgetting])
    assert ANNA_ID not in (known.event.output / KNOWN_REFUSED).read_text()
    assert known.listed() == {}
    known.edits.undo()
    assert set(known.listed().values()) == {"Ben"}


def test_nobody_expires_without_the_setting_or_with_a_date_that_cannot_be_read(known: KnownEvent) -> None:
    later = datetime(2200, 1, 1, tzinfo=UTC)
    assert forget_expired(known.opened, None, [], now=later) == []
    known.gallery.seen(ANNA_ID, "some day")
    assert [done.person.name for done in forget_expired(known.opened, 30, [], now=later)] == ["Ben"]


def test_a_copy_has_all_that_is_known_of_a_person(known: KnownEvent, tmp_path: Path) -> None:
    place = export_people(known.gallery, [known.gallery.person(ANNA_ID)], tmp_path / "copy")
    (folder,) = (path for path in place.iterdir() if path.is_dir())
    assert folder.name.startswith("Anna")
    assert len(list(folder.glob("face_*.jpg"))) == 5
    assert '"vector": [' in (folder / "person.json").read_text()
    assert export_people(known.gallery, [], tmp_path / "copy").name == "copy (2)"
