"""From the labelled people of an event to the gallery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from curation.errors import PersonNotFoundError
from tests.known_world import ANNA, BEN, CARA, STRANGER, KnownEvent, known_event


@pytest.fixture
def known(tmp_path: Path) -> Iterator[KnownEvent]:
    with known_event(tmp_path / "wedding") as event:
        event.event.label(
            {
                str(event.cluster_of(ANNA)): {"name": "Anna", "category": "main"},
                str(event.cluster_of(BEN)): {"name": "Ben", "category": "other"},
                str(event.cluster_of(CARA)): "important",
            }
        )
        yield event


def test_people_with_a_name_are_offered_and_nobody_is_added_unasked(known: KnownEvent) -> None:
    people = known.enrolment.people()
    assert [(one.name, one.category, one.photos, one.known, one.is_new) for one in people] == [
        ("Anna", "main", 5, None, True),
        ("Ben", "other", 3, None, True),
    ]
    known.cluster()
    assert known.gallery.people() == []


def test_the_faces_come_with_vector_picture_and_photo(known: KnownEvent) -> None:
    (anna,) = known.enrolment.add(["ANNA "])
    assert anna.person is not None
    assert (anna.person.name, anna.person.category, anna.person.exemplars, anna.before) == ("Anna", "main", 5, 0)
    assert anna.person.events == ("photos",)
    faces = known.gallery.exemplars(anna.person.person_id)
    assert len({face.photo_sha256 for face in faces}) == 5
    for face in faces:
        assert face.chip_jpeg.startswith(b"\xff\xd8")
        assert np.isclose(np.linalg.norm(face.vector), 1.0)
        assert (face.embedder, face.face_box[2]) == ("a" * 64, 60)


def test_adding_again_adds_nothing_twice(known: KnownEvent) -> None:
    known.enrolment.add()
    people = {person.name: person for person in known.enrolment.people()}
    assert not people["Anna"].is_new
    (anna,) = known.enrolment.add(["anna"])
    assert anna.person is not None
    assert anna.before == anna.person.exemplars == 5


def test_two_clusters_of_one_name_are_one_person(known: KnownEvent) -> None:
    known.event.label(
        {
            str(known.cluster_of(CARA)): {"name": "Cara", "category": "main"},
            str(known.cluster_of(STRANGER)): {"name": "cara", "category": "main"},
        }
    )
    (cara,) = known.enrolment.add()
    assert cara.person is not None
    assert cara.person.exemplars == 3


def test_of_a_name_that_nobody_has_nobody_is_added(known: KnownEvent) -> None:
    with pytest.raises(PersonNotFoundError, match="known: Anna, Ben"):
        known.enrolment.add(["Anna", "Zoe"])
    assert known.gallery.people() == []


def test_a_photo_that_changed_gives_no_face(known: KnownEvent) -> None:
    known.event.add("0.png", BEN, CARA, seed=9)
    (anna,) = known.enrolment.add(["Anna"])
    assert anna.person is not None
    assert anna.person.exemplars == 4
