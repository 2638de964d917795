"""What every gallery of known people does: one suite over the embedded store and a real PostgreSQL with pgvector."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.errors import InputError, KnownPersonNotFoundError, KnownPersonTakenError
from curation.gallery.opening import open_gallery
from curation.gallery.store import GalleryStore
from curation.settings import GallerySettings
from tests.gallery_faces import EMBEDDER, OTHER_EMBEDDER, exemplar, exemplars_of, vector
from tests.vector_server import vector_server, vector_url

__all__ = ["vector_server", "vector_url"]

FEW = 6


@pytest.fixture(params=["sqlite", "encrypted", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> GallerySettings:
    """Where a gallery is; `open_gallery` opens it, in other processes too."""
    if request.param == "postgres":
        return GallerySettings(enabled=True, url=request.getfixturevalue("vector_url"))
    if request.param == "encrypted":
        pytest.importorskip("sqlcipher3", reason="the extra gallery is not installed: make extras EXTRAS=gallery")
        (tmp_path / "key").write_text("5a" * 32)
        return GallerySettings(enabled=True, path=tmp_path / "gallery", key_file=tmp_path / "key")
    return GallerySettings(enabled=True, path=tmp_path / "gallery")


@pytest.fixture
def store(settings: GallerySettings) -> Iterator[GalleryStore]:
    store = open_gallery(settings)
    yield store
    store.close()


def test_a_new_gallery_knows_nobody(store: GalleryStore) -> None:
    assert list(store.people()) == []
    assert store.find("Anna") is None
    known = store.known_faces(EMBEDDER)
    assert known.person_ids == known.names == ()
    assert known.starts.tolist() == [0] and len(known.vectors) == 0


def test_who_was_enrolled_is_known_with_their_faces(store: GalleryStore) -> None:
    anna = store.enrol("Anna", "main", exemplars_of(1), max_exemplars=FEW)
    assert (anna.name, anna.category, anna.exemplars, anna.events) == ("Anna", "main", 4, ("wedding",))
    assert anna.added == anna.last_seen == "2026-05-01T12:00:00+00:00"
    assert store.person(anna.person_id) == store.find("anna") == anna == store.people()[0]
    faces = store.exemplars(anna.person_id)
    wanted = {face.photo_sha256: face for face in exemplars_of(1)}
    assert {face.photo_sha256 for face in faces} == set(wanted) and all(face.exemplar_id for face in faces)
    for face in faces:
        given = wanted[face.photo_sha256]
        assert np.abs(face.vector - given.vector).max() < 1e-3 and face.vector.dtype == np.float32
        assert replace(face, exemplar_id="", vector=given.vector).__repr__() == given.__repr__()
        assert face.chip_jpeg == given.chip_jpeg


def test_known_faces_are_by_person_and_embedder(store: GalleryStore) -> None:
    for person, name in ((1, "Anna"), (2, "Ben"), (3, "Cleo")):
        store.enrol(name, "", exemplars_of(person, person + 1), max_exemplars=FEW)
    store.enrol("Anna", "", exemplars_of(1, 2, first=20, embedder=OTHER_EMBEDDER), max_exemplars=FEW)
    known = store.known_faces(EMBEDDER)
    assert list(known.person_ids) == sorted(known.person_ids) and known.embedder == EMBEDDER
    assert sorted(known.names) == ["Anna", "Ben", "Cleo"] and known.vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(known.vectors, axis=1) - 1).max() < 1e-5
    for place, name in enumerate(known.names):
        of = {"Anna": 1, "Ben": 2, "Cleo": 3}[name]
        rows = known.vectors[known.starts[place] : known.starts[place + 1]]
        assert len(rows) == of + 1
        assert (rows @ vector(of, 0)).max() > 0.999
    other = store.known_faces(OTHER_EMBEDDER)
    assert other.names == ("Anna",) and len(other.vectors) == 2
    anna = store.find("Anna")
    assert anna is not None and anna.exemplars == 4


def test_a_name_is_one_person_in_any_case_and_form_of_unicode(store: GalleryStore) -> None:
    composed, decomposed = "Zo\u00eb Stra\u00dfe", "  ZOE\u0308   STRASSE "
    first = store.enrol(composed, "main", exemplars_of(1), max_exemplars=FEW)
    again = store.enrol(decomposed, "", exemplars_of(1, 1, first=9), max_exemplars=FEW)
    assert again.person_id == first.person_id and again.name == composed and again.category == "main"
    assert again.exemplars == 5 and store.find(decomposed) == again and len(store.people()) == 1


def test_people_come_by_name(store: GalleryStore) -> None:
    for person, name in enumerate(("cleo", "Ben", "anna")):
        store.enrol(name, "", exemplars_of(person, 1), max_exemplars=FEW)
    assert [person.name for person in store.people()] == ["anna", "Ben", "cleo"]


def test_the_best_and_most_varied_faces_stay_of_each_embedder(store: GalleryStore) -> None:
    many = [exemplar(1, face, quality=0.5 + face / 100) for face in range(20)]
    first = store.enrol("Anna", "", many[:10], max_exemplars=FEW)
    assert first.exemplars == FEW
    second = store.enrol("Anna", "", many[10:], max_exemplars=FEW)
    assert second.exemplars == FEW
    assert many[19].photo_sha256 in {face.photo_sha256 for face in store.exemplars(first.person_id)}
    qualities = [face.quality for face in store.exemplars(first.person_id)]
    assert qualities == sorted(qualities, reverse=True)
    assert store.enrol("Anna", "", exemplars_of(1, 9, embedder=OTHER_EMBEDDER), max_exemplars=FEW).exemplars == 2 * FEW


def test_a_photo_is_taken_once(store: GalleryStore) -> None:
    store.enrol("Anna", "", exemplars_of(1), max_exemplars=FEW)
    version = {face.exemplar_id for face in store.exemplars(store.people()[0].person_id)}
    again = store.enrol("Anna", "", [replace(face, quality=1.0) for face in exemplars_of(1)], max_exemplars=FEW)
    assert again.exemplars == 4
    assert {face.exemplar_id for face in store.exemplars(again.person_id)} == version
    twice = replace(exemplar(1, 77), photo_sha256=exemplar(1, 0).photo_sha256)
    assert store.enrol("Anna", "", [twice], max_exemplars=FEW).exemplars == 4


def test_events_and_dates_are_kept(store: GalleryStore) -> None:
    store.enrol("Anna", "", [exemplar(1, 1, event="party", added="2026-06-01T00:00:00+00:00")], max_exemplars=FEW)
    anna = store.enrol("Anna", "other", [exemplar(1, 2, event="gala", added="2026-07-01")], max_exemplars=FEW)
    assert anna.events == ("gala", "party") and anna.category == "other"
    assert (anna.added, anna.last_seen) == ("2026-06-01T00:00:00+00:00", "2026-07-01")
    store.seen(anna.person_id, "2026-08-01")
    assert store.person(anna.person_id).last_seen == "2026-08-01"
    store.seen(anna.person_id, "2026-01-01")
    assert store.person(anna.person_id).last_seen == "2026-08-01"


def test_a_person_may_be_renamed_to_a_free_name(store: GalleryStore) -> None:
    anna = store.enrol("Anna", "", exemplars_of(1), max_exemplars=FEW)
    ben = store.enrol("Ben", "", exemplars_of(2), max_exemplars=FEW)
    assert store.rename(anna.person_id, "ANNA Maria").name == "ANNA Maria"
    assert store.rename(anna.person_id, "Anna Maria").name == "Anna Maria", "another spelling of the same name"
    with pytest.raises(KnownPersonTakenError, match="another person called 'BEN'"):
        store.rename(anna.person_id, "BEN")
    assert store.person(anna.person_id).name == "Anna Maria" and store.person(ben.person_id).name == "Ben"
    assert store.find("Anna") is None


def test_two_people_become_one(store: GalleryStore) -> None:
    anna = store.enrol("Anna", "", [exemplar(1, face, event="party") for face in range(5)], max_exemplars=FEW)
    ann = store.enrol("Ann", "main", exemplars_of(1, 5, first=5), max_exemplars=FEW)
    both = store.merge(ann.person_id, anna.person_id, max_exemplars=FEW)
    assert (both.person_id, both.name, both.category) == (anna.person_id, "Anna", "main")
    assert both.exemplars == FEW and both.events == ("party", "wedding")
    assert [person.name for person in store.people()] == ["Anna"] and store.find("Ann") is None
    assert store.merge(anna.person_id, anna.person_id, max_exemplars=FEW) == both
    with pytest.raises(KnownPersonNotFoundError):
        store.merge(ann.person_id, anna.person_id, max_exemplars=FEW)


def test_a_wrong_face_goes(store: GalleryStore) -> None:
    anna = store.enrol("Anna", "", exemplars_of(1), max_exemplars=FEW)
    ben = store.enrol("Ben", "", exemplars_of(2), max_exemplars=FEW)
    wrong = store.exemplars(anna.person_id)[1].exemplar_id
    with pytest.raises(KnownPersonNotFoundError):
        store.remove_exemplar(ben.person_id, wrong)
    store.remove_exemplar(anna.person_id, wrong)
    assert wrong not in {face.exemplar_id for face in store.exemplars(anna.person_id)}
    assert store.person(anna.person_id).exemplars == 3
    assert len(store.known_faces(EMBEDDER).vectors) == 7
    with pytest.raises(KnownPersonNotFoundError):
        store.remove_exemplar(anna.person_id, wrong)


def test_who_is_forgotten_is_gone(store: GalleryStore) -> None:
    anna = store.enrol("Anna", "", exemplars_of(1), max_exemplars=FEW)
    store.enrol("Ben", "", exemplars_of(2), max_exemplars=FEW)
    store.forget(anna.person_id)
    assert [person.name for person in store.people()] == ["Ben"] and store.known_faces(EMBEDDER).names == ("Ben",)
    for call in _calls_of(store, anna.person_id):
        with pytest.raises(KnownPersonNotFoundError, match=r"gallery list"):
            call()
    assert store.enrol("Anna", "", exemplars_of(1), max_exemplars=FEW).person_id != anna.person_id


def _calls_of(store: GalleryStore, person_id: str) -> Iterator[Callable[[], Any]]:
    yield lambda: store.person(person_id)
    yield lambda: store.exemplars(person_id)
    yield lambda: store.rename(person_id, "Somebody")
    yield lambda: store.forget(person_id)
    yield lambda: store.seen(person_id, "2026-01-01")
    yield lambda: store.remove_exemplar(person_id, "none")
    yield lambda: store.merge(store.people()[0].person_id, person_id, max_exemplars=FEW)


def test_every_change_gives_another_version(store: GalleryStore, settings: GallerySettings) -> None:
    versions = [store.version()]
    anna = store.enrol("Anna", "", exemplars_of(1), max_exemplars=FEW)
    versions.append(store.version())
    store.rename(anna.person_id, "Anne")
    versions.append(store.version())
    other = open_gallery(settings)
    other.enrol("Ben", "", exemplars_of(2), max_exemplars=FEW)
    other.close()
    versions.append(store.version())
    store.seen(anna.person_id, "2027-01-01")
    assert store.version() == versions[-1], "no answer depends on when somebody was seen"
    store.forget(anna.person_id)
    versions.append(store.version())
    assert len(set(versions)) == len(versions) and versions[-1] == store.version()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "An\x00na", "An\x07na"])
def test_a_name_that_is_none_is_refused(store: GalleryStore, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        store.enrol(name, "", exemplars_of(1), max_exemplars=FEW)
    assert list(store.people()) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"vector": np.zeros(512, dtype=np.float32)},
        {"vector": np.full(512, np.nan, dtype=np.float32)},
        {"vector": vector(1, 1, 128)},
        {"embedder": ""},
        {"event": "a\x00b"},
        {"quality": float("nan")},
    ],
)
def test_a_face_that_is_none_is_refused_whole(store: GalleryStore, bad: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        store.enrol("Anna", "", [exemplar(1, 0), replace(exemplar(1, 1), **bad)], max_exemplars=FEW)
    assert list(store.people()) == []


def test_names_of_all_kinds_are_kept(store: GalleryStore) -> None:
    names = ["O'Brien; DROP TABLE people", "\u6797\u5fd7\u73b2", 'Ann "%s" {}', "İrem", "\U0001f600", "a\\b"]
    for person, name in enumerate(names):
        assert store.enrol(name, "", exemplars_of(person, 1), max_exemplars=FEW).name == name
    assert {person.name for person in store.people()} == set(names)
    assert all(store.find(name) is not None for name in names)


def test_threads_that_enrol_one_name_make_one_person(store: GalleryStore) -> None:
    start = threading.Barrier(4)

    def enrol(number: int) -> str:
        start.wait()
        name = ("Anna", "ANNA", "anna", "aNNa")[number]
        return store.enrol(name, "", exemplars_of(1, 2, first=2 * number), max_exemplars=20).person_id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(enrol, range(4)))) == 1
    (anna,) = store.people()
    assert anna.exemplars == 8


def _enrol_many(settings: GallerySettings, start: Any, first: int) -> None:
    store = open_gallery(settings)
    start.wait()
    for number in range(10):
        store.enrol("Anna", "", exemplars_of(1, 1, first=first + number), max_exemplars=100)
        store.enrol(f"Person {first + number}", "", exemplars_of(first + number, 2), max_exemplars=100)
    store.close()


def test_processes_that_enrol_at_once_lose_nothing(store: GalleryStore, settings: GallerySettings) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    children = [context.Process(target=_enrol_many, args=(settings, start, 100 * number)) for number in (1, 2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    people = store.people()
    assert len(people) == 21
    assert {person.exemplars for person in people if person.name != "Anna"} == {2}
    anna = store.find("Anna")
    assert anna is not None and anna.exemplars == 20
