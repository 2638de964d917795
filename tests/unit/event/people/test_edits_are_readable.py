"""Whatever a user does on the page, its files can be read again, and the way back is there if they are damaged."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.domain.faces.face import Box
from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.domain.labelling.people_seen import SeenAnswer
from curation.errors import CorrectionsError, CurationError, LabelsError, PicksError, RefusalsError
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.event.people.seen import NewAnswer
from curation.pipelines.said.words import read_words
from curation.storage.said.corrections_file import read_corrections
from curation.storage.said.said_file import read_said
from tests.fake_workflow import FakeEvent, fake_event

ODD = ("Anna", "", " ", "x" * 10_000, "\udc80", "a\x00b", "ß\u202e\u200b", '"],{', "=1+1", "ANNA", "é", "e\u0301")
names = st.sampled_from(ODD)
clusters = st.integers(-3, 6)
numbers = st.integers(0, 9)
boxes = st.tuples(*[st.sampled_from([-1, 0, 1, 30, 10**6, 10**10])] * 4).map(lambda sides: Box(*sides))
kinds = st.sampled_from(list(CorrectionKind))

OPERATIONS = st.one_of(
    st.tuples(st.just("label"), st.lists(clusters, max_size=3), names, st.sampled_from([None, *Category])),
    st.tuples(st.just("faces"), kinds, st.lists(numbers, max_size=3), st.none() | clusters, st.none() | names),
    st.tuples(st.just("clusters"), kinds, st.lists(clusters, max_size=3), st.none() | clusters),
    st.tuples(st.just("seen"), names, boxes, st.tuples(numbers, numbers), names),
    st.tuples(st.just("refuse"), names, clusters),
    st.tuples(st.just("undo")),
    st.tuples(st.just("undone"), numbers, st.booleans()),
)


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readable")
    with fake_event(folder) as event:
        event.add("a.png", 0, 1)
        event.add("b.png", 0, 2, seed=1)
        event.add("c.png", 1, 3, seed=2)
        event.cluster()
    return folder


@pytest.fixture
def work(clustered: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="curation-readable-"))
    shutil.copytree(clustered, folder, dirs_exist_ok=True)
    yield folder
    shutil.rmtree(folder)


def done(catalog: Catalog, edits: PeopleEdits, operation: tuple[object, ...], faces: list[str]) -> None:
    match operation:
        case ("label", list(chosen), str(name), category):
            change = LabelChange(name=name, category=category)  # type: ignore[arg-type]
            edits.change_labels(lambda _: chosen, change, f"named {name}")
        case ("faces", CorrectionKind() as kind, list(places), target, name):
            ids = tuple(faces[place % len(faces)] for place in places)
            request = CorrectionRequest(kind, face_ids=ids, cluster_id=target, name=name)  # type: ignore[arg-type]
            edits.correct(lambda next_id: plan_correction(catalog, request, next_id), str(name))
        case ("clusters", CorrectionKind() as kind, list(chosen), target):
            request = CorrectionRequest(kind, cluster_ids=tuple(chosen), cluster_id=target)  # type: ignore[arg-type]
            edits.correct(lambda next_id: plan_correction(catalog, request, next_id), "corrected")
        case ("seen", str(path), Box() as body, size, str(name)):
            edits.answer_seen(NewAnswer(path, body, size, name, SeenAnswer.REFUSED), ())  # type: ignore[arg-type]
        case ("refuse", str(person), int(cluster)):
            edits.refuse_known(person, person, cluster)
        case ("undone", int(number), bool(undone)):
            corrections = catalog.faces.corrections()
            if corrections:
                edits.set_undone(corrections[number % len(corrections)].id, undone=undone)
        case _:
            edits.undo()


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations=st.lists(OPERATIONS, max_size=12))
def test_any_sequence_of_edits_leaves_files_that_are_read(work: Path, operations: list[tuple[object, ...]]) -> None:
    config = FakeEvent(work).settings()
    catalog = Catalog(config)
    edits = PeopleEdits(config, catalog)
    event = catalog.event()
    faces = [face.face_id for path in event.image_paths for face in event.faces_of_photo(_photo_id(path))]
    for operation in operations:
        # The page lets only some of these through; an index error is a request without the list that it must have.
        with suppress(CurationError, IndexError):
            done(catalog, edits, operation, faces)
        read_words(config)
        fresh = Catalog(config)
        fresh.event(), fresh.labels(), fresh.seen.now(), fresh.refusals.pairs(fresh.event()), read_said(work / "out")
        PeopleEdits(config, fresh).undoable()


def _photo_id(path: str) -> str:
    from curation.domain.faces.ids import photo_id

    return photo_id(path)


def test_not_a_face_twice_is_read(work: Path) -> None:
    config = FakeEvent(work).settings()
    catalog = Catalog(config)
    edits = PeopleEdits(config, catalog)
    face = catalog.event().faces_of_photo(_photo_id("b.png"))[0].face_id
    request = CorrectionRequest(CorrectionKind.NOT_A_FACE, face_ids=(face,))
    counts = [
        len(edits.correct(lambda next_id: plan_correction(catalog, request, next_id), "no face")[0]) for _ in range(2)
    ]
    assert counts == [1, 0]
    assert len(read_corrections(work / "out")) == 1
    undoable = edits.undoable()
    assert undoable is not None
    assert undoable.left == 1


def test_corrections_of_no_face_that_earlier_versions_wrote_are_read(work: Path) -> None:
    entry = {"id": "0123456789ab.0", "at": "2026-01-01", "kind": "not_a_face", "cluster": -1, "faces": [], "others": []}
    file = work / "out" / "corrections.json"
    file.write_text(json.dumps({"version": 1, "corrections": [entry]}))
    assert read_corrections(work / "out") == ()
    file.write_text(json.dumps({"version": 1, "corrections": [entry | {"id": "mine"}]}))
    with pytest.raises(CorrectionsError, match="faces is empty"):
        read_corrections(work / "out")


@pytest.mark.parametrize("damage", [b"", b"\0" * 400, b'{"version": 1, "corre', b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_a_refused_file_stays_and_the_way_back_is_told(work: Path, damage: bytes) -> None:
    config = FakeEvent(work).settings()
    catalog = Catalog(config)
    edits = PeopleEdits(config, catalog)
    edits.change_labels(lambda _: (0,), LabelChange(name="Anna", category=Category.MAIN), "named")
    face = catalog.event().faces_of_photo(_photo_id("b.png"))[0].face_id
    request = CorrectionRequest(CorrectionKind.NOT_A_FACE, face_ids=(face,))
    edits.correct(lambda next_id: plan_correction(catalog, request, next_id), "no face")
    edits.refuse_known("p1", "Ben", 0)
    catalog.ranked.change(lambda _: {})
    kinds_of: dict[str, type[CurationError]] = {
        "corrections.json": CorrectionsError,
        "cluster_labels.json": LabelsError,
        "known_refused.json": RefusalsError,
        "picks.json": PicksError,
    }
    for name, kind in kinds_of.items():
        path = work / "out" / name
        good = path.read_bytes()
        path.write_bytes(damage)
        with pytest.raises(kind) as told:
            read_words(config)
            Catalog(config).labels()
        copy = work / "out" / ".curation-good" / name
        assert f"is {copy}: to go back to it, copy it to {name}" in str(told.value)
        assert path.read_bytes() == damage
        shutil.copy(copy, path)
        assert path.read_bytes() == good
        read_words(config)
