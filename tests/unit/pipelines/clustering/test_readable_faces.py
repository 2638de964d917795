"""Faces that cannot be read are nobody, in the grouping and in the second look, unless the user says who they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import FiveLandmarks
from curation.domain.grouping.unreadable_faces import LEAST_SAMPLE, UnreadableRule
from curation.domain.labelling.corrections import CorrectedFace, Correction, CorrectionKind
from curation.engines.base import PhotoPixels
from curation.errors import FaceAnalysisError
from curation.pipelines.clustering import readable_faces
from curation.storage.said.corrections_file import write_corrections
from tests.fake_workflow import CountingEngine, FakeEvent
from tests.fakes import FAKE_PEOPLE

NOBODY_AT_ALL = 10
"""The painted person where the engine puts what it cannot read."""
_AXIS = tuple(float(place == NOBODY_AT_ALL) for place in range(FAKE_PEOPLE))
MEASURED = UnreadableRule((_AXIS,), 0.5)


class SpoilingEngine(CountingEngine):
    """Sees `NOBODY_AT_ALL` in every chip that was changed."""

    spoilt = 0

    def embed_changed(
        self,
        photo: PhotoPixels,
        landmarks: FiveLandmarks,
        change: Callable[[NDArray[np.uint8]], Sequence[NDArray[np.uint8]]],
    ) -> NDArray[np.float32]:
        self.spoilt += 1
        if photo.width == 17:
            raise FaceAnalysisError("the engine does not like this photo")
        count = len(super().embed_changed(photo, landmarks, change))
        return np.tile(np.array(_AXIS, dtype=np.float32), (count, 1))


@pytest.fixture
def party(event: FakeEvent) -> FakeEvent:
    """Eight readable people on photos of their own, and three photos of somebody who cannot be read."""
    event.engine = SpoilingEngine(event.spec)
    for person in range(LEAST_SAMPLE):
        event.add(f"{person}.png", person)
    for number in range(3):
        event.add(f"lying{number}.png", NOBODY_AT_ALL, seed=number)
    return event


def _spoilt(event: FakeEvent) -> int:
    assert isinstance(event.engine, SpoilingEngine)
    return event.engine.spoilt


def test_a_rule_measured_for_the_weights_needs_no_sample(party: FakeEvent) -> None:
    party.spec = replace(party.spec, unreadable=MEASURED)
    report = party.cluster(clustering={"min_sharpness": 0})
    assert party.ids()[NOBODY_AT_ALL] == {-1}
    assert (report.faces, report.identified_faces, report.unreadable_faces) == (11, 8, 3)
    assert report.clusters == 8
    assert _spoilt(party) == 0
    record = party.record()
    assert record["counts"]["unreadable_faces"] == 3
    assert record["unreadable_faces"] == {
        "rule": "measured for these weights",
        "learned_from_faces": 0,
        "directions": 1,
        "limit": 0.5,
    }


def test_without_a_measured_rule_the_event_shows_what_is_unreadable(party: FakeEvent) -> None:
    report = party.cluster(clustering={"min_sharpness": 0})
    assert party.ids()[NOBODY_AT_ALL] == {-1}
    assert report.unreadable_faces == 3
    assert "learned from 11 faces" in party.record()["unreadable_faces"]["rule"]
    first = party.snapshot()
    assert _spoilt(party) == 11
    party.cluster(clustering={"min_sharpness": 0})
    assert _spoilt(party) == 11  # known from the first run
    assert party.snapshot() == first


def test_a_small_event_has_no_rule(event: FakeEvent) -> None:
    event.engine = SpoilingEngine(event.spec)
    for number in range(LEAST_SAMPLE - 1):
        event.add(f"{number}.png", NOBODY_AT_ALL, seed=number)
    assert event.cluster(clustering={"min_sharpness": 0}).clusters == 1
    assert _spoilt(event) == 0
    assert event.record()["unreadable_faces"]["rule"].startswith("none: ")


def test_an_engine_that_reads_whatever_is_done_to_a_face_has_no_rule(event: FakeEvent) -> None:
    for person in range(LEAST_SAMPLE + 1):
        event.add(f"{person}.png", person)
    assert event.cluster(clustering={"min_sharpness": 0}).unreadable_faces == 0
    record = event.record()["unreadable_faces"]
    assert "not apart" in record["rule"] and record["learned_from_faces"] == LEAST_SAMPLE + 1


def test_a_photo_that_cannot_be_looked_at_again_is_left_out(party: FakeEvent) -> None:
    array = np.full((100, 17, 3), 128, dtype=np.uint8)
    array[30:60, 2:15] = (255, 0, 0)
    party.write("narrow.png", array)
    report = party.cluster(clustering={"min_sharpness": 0, "min_face_px": 10})
    assert report.failed == 0
    assert "learned from 11 faces" in party.record()["unreadable_faces"]["rule"]


def test_the_sample_is_bounded_and_the_same_whatever_the_names(
    party: FakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readable_faces, "SAMPLE_FACES", 9)
    party.cluster(clustering={"min_sharpness": 0})
    assert _spoilt(party) == 9
    for path in sorted(party.photos.iterdir()):
        path.rename(path.with_name(f"renamed {path.name}"))
    party.cluster(clustering={"min_sharpness": 0})
    assert _spoilt(party) == 9


def test_unreadable_faces_do_not_join_a_person_in_the_second_look(event: FakeEvent) -> None:
    for number in range(4):
        event.add(f"{number}.png", NOBODY_AT_ALL, seed=number)
    event.add("small.png", NOBODY_AT_ALL, face_px=20)
    event.cluster(clustering={"min_sharpness": 0})
    assert event.ids()[NOBODY_AT_ALL] == {0}
    event.spec = replace(event.spec, unreadable=MEASURED)
    event.cluster(clustering={"min_sharpness": 0})
    assert event.ids()[NOBODY_AT_ALL] == {-1}


def test_what_the_user_says_of_an_unreadable_face_holds(party: FakeEvent) -> None:
    party.spec = replace(party.spec, unreadable=MEASURED)
    party.cluster(clustering={"min_sharpness": 0})
    lying = next(row for row in party.rows() if row.image_path == "lying1.png")
    person = next(row for row in party.rows() if row.image_path == "3.png")
    faces = (CorrectedFace(lying.image_path, lying.facial_area, -1),)
    kind = CorrectionKind.SAME_PERSON
    write_corrections(party.output, [Correction("c0", "2026-06-20", kind, faces, (), person.cluster_id)])
    party.cluster(clustering={"min_sharpness": 0})
    cluster_of = {row.image_path: row.cluster_id for row in party.rows()}
    assert cluster_of["lying1.png"] == cluster_of["3.png"] == person.cluster_id
    assert cluster_of["lying0.png"] == cluster_of["lying2.png"] == -1
    assert json.loads((party.output / "clustering_run.json").read_text())["counts"]["identified_faces"] == 8
