"""A face that was not found is drawn: shown at once, kept over runs, numbered without moving others, taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.faces.ids import photo_id
from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.labels import Category
from curation.errors import FaceNotFoundError, FacePresentError, NotAttachableError, PhotoUnreadableError
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.drawing import FaceDrawing
from curation.event.people.edits import PeopleEdits
from curation.storage.file_stamps import FileStamp
from tests.fake_workflow import FACE_PX, FakeEvent, fake_event, textured_photo

MISSED = Box(20, 30, FACE_PX, FACE_PX)
SEEN = Box(140, 30, FACE_PX, FACE_PX)


class Desk:
    """The event as the service has it."""

    def __init__(self, event: FakeEvent) -> None:
        self.event = event
        settings = event.settings()
        self.catalog = Catalog(settings)
        self.edits = PeopleEdits(settings, self.catalog)
        self.analyses = AnalysisLookup(settings, self.catalog)
        self.drawing = FaceDrawing(settings, self.catalog, self.edits, self.analyses, event.workflow().picture_faces)

    def faces(self, name: str = "missed.png") -> dict[Box, tuple[int, int]]:
        """Number and cluster of each face of a photo."""
        faces = self.catalog.event().faces_of_photo(photo_id(name))
        return {face.row.facial_area: (face.row.face_index, face.cluster_id) for face in faces}

    def correct(self, request: CorrectionRequest) -> None:
        self.edits.correct(lambda next_id: plan_correction(self.catalog, request, next_id), "corrected")


def with_missed_face(person: int) -> np.ndarray:
    """A photo with two faces, the left one of which is so pale that the engine does not find it."""
    array = textured_photo(280, 140, [(SEEN, 4)])
    hue = np.uint8(person * 15)
    pale = cv2.cvtColor(np.array([[[hue, 70, 200]]], dtype=np.uint8), cv2.COLOR_HSV2RGB)[0, 0]
    array[MISSED.y : MISSED.y + MISSED.h, MISSED.x : MISSED.x + MISSED.w] = pale
    return array


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with fake_event(tmp_path) as event:
        for number in range(3):
            event.add(f"{number}.png", 1, 4, seed=number)
        event.write("missed.png", with_missed_face(1))
        event.cluster()
        yield Desk(event)


def test_a_drawn_face_is_shown_at_once_and_every_run_keeps_it(desk: Desk) -> None:
    anna = desk.event.ids()[1].pop()
    before = desk.faces()
    assert list(before) == [SEEN]
    drawn = desk.drawing.draw(photo_id("missed.png"), MISSED, name="Anna")
    assert not drawn.was_seen
    new = drawn.face.cluster_id
    assert desk.faces() == {SEEN: before[SEEN], MISSED: (1, new)}, "the number of no other face may change"
    assert desk.catalog.labels().by_cluster[new].category is Category.IMPORTANT
    assert desk.analyses.chip(drawn.face, _stamp(desk)) is not None
    desk.correct(CorrectionRequest(CorrectionKind.SAME_PERSON, cluster_ids=(new, anna)))
    expected = desk.faces()[MISSED][1]
    runs = []
    for _ in range(2):
        desk.event.cluster()
        runs.append(desk.event.snapshot())
        assert desk.faces() == {MISSED: (0, expected), SEEN: (1, before[SEEN][1])}, "from left to right again"
    assert runs[0] == runs[1]
    assert desk.event.score().failed == 0
    rows = desk.event.rows()
    assert [row.embedding_row for row in rows] == list(range(len(rows)))
    assert next(row for row in rows if row.facial_area == MISSED).detection_confidence == 0


def test_a_run_embeds_what_was_drawn_by_hand_and_gives_the_same_bytes(desk: Desk) -> None:
    desk.drawing.draw(photo_id("missed.png"), MISSED)
    desk.event.cluster()
    wanted = desk.event.snapshot()
    for path in (desk.event.folder / "state").glob("analysis*"):
        path.unlink()
    desk.event.cluster()
    got = desk.event.snapshot()
    assert {name for name in wanted if wanted[name] != got[name]} == set()


def test_taking_it_back_hides_it_at_once_and_for_good(desk: Desk) -> None:
    drawn = desk.drawing.draw(photo_id("missed.png"), MISSED, name="Anna")
    assert MISSED in desk.faces()
    desk.edits.undo()
    assert list(desk.faces()) == [SEEN] and not desk.catalog.labels().by_cluster
    drawn = desk.drawing.draw(photo_id("missed.png"), MISSED, name="Anna")
    desk.event.cluster()
    desk.edits.set_undone(drawn.correction, undone=True)
    assert desk.faces()[MISSED][1] == -2, "the table still has it, the people do not"
    assert desk.catalog.event().face_count(drawn.face.cluster_id) == 0
    desk.event.cluster()
    assert desk.faces() == {SEEN: (0, desk.faces()[SEEN][1])}
    desk.edits.set_undone(drawn.correction, undone=False)
    assert desk.faces()[MISSED] == (1, drawn.face.cluster_id), "drawn anew, it is there again at once"


def test_it_follows_a_photo_that_is_renamed(desk: Desk) -> None:
    desk.drawing.draw(photo_id("missed.png"), MISSED, name="Anna")
    (desk.event.photos / "missed.png").rename(desk.event.photos / "a new name.png")
    desk.event.cluster()
    assert desk.faces("a new name.png")[MISSED][1] == desk.catalog.clusters_of("Anna")[0]


def test_the_engine_that_finds_the_face_needs_no_drawn_one(desk: Desk) -> None:
    seen = desk.faces()[SEEN]
    with pytest.raises(FacePresentError):
        desk.drawing.draw(photo_id("missed.png"), Box(SEEN.x - 4, SEEN.y - 4, SEEN.w + 8, SEEN.h + 8))
    path = desk.event.output / "corrections.json"
    face = {"image_path": "missed.png", "facial_area": [SEEN.x - 4, SEEN.y - 4, SEEN.w + 8, SEEN.h + 8]}
    word = {"id": "mine", "at": "2026-06-20", "kind": "face", "cluster": -1, "faces": [face], "others": []}
    path.write_text(json.dumps({"version": 1, "corrections": [word]}), encoding="utf-8")
    desk.event.cluster()
    assert desk.faces() == {SEEN: seen}


@pytest.mark.parametrize("box", [Box(270, 30, 40, 40), Box(20, 30, 5, 60)])
def test_a_box_that_shows_nobody_is_refused_and_nothing_is_written(desk: Desk, box: Box) -> None:
    with pytest.raises(PhotoUnreadableError):
        desk.drawing.draw(photo_id("missed.png"), box)
    assert not (desk.event.output / "corrections.json").exists()


def test_a_cover_is_the_picture_of_its_person_until_it_is_taken_back(desk: Desk) -> None:
    event = desk.catalog.event()
    cluster = desk.event.ids()[4].pop()
    best, other = event.faces_of_cluster(cluster)[:2]
    picture = desk.event.output / "output_clusters" / f"cluster_{cluster}.jpg"
    before = picture.read_bytes()
    desk.correct(CorrectionRequest(CorrectionKind.COVER, face_ids=(other.face_id,)))
    assert desk.catalog.event().best_face(cluster) == other.face_id
    assert desk.catalog.event().face_count(cluster) == event.face_count(cluster)
    for _ in range(2):
        desk.event.cluster()
        assert desk.catalog.event().best_face(cluster) == other.face_id
        assert picture.read_bytes() == desk.analyses.chip(other, _stamp(desk, other.row.image_path))
    desk.edits.undo()
    assert desk.catalog.event().best_face(cluster) == best.face_id
    desk.event.cluster()
    assert picture.read_bytes() == before


def test_whoever_nobody_knows_has_no_cover(desk: Desk) -> None:
    drawn = desk.drawing.draw(photo_id("missed.png"), MISSED)
    assert drawn.face.cluster_id == -1
    with pytest.raises(NotAttachableError):
        desk.correct(CorrectionRequest(CorrectionKind.COVER, face_ids=(drawn.face.face_id,)))
    with pytest.raises(FaceNotFoundError):
        desk.correct(CorrectionRequest(CorrectionKind.COVER, face_ids=("0" * 16 + "-0",)))


def _stamp(desk: Desk, name: str = "missed.png") -> FileStamp:
    stamp = desk.analyses.stamp(name)
    assert stamp is not None
    return stamp
