from __future__ import annotations

from curation.engines.dlib.hog import HogDetector
from tests.face_photos import astronaut, grace_hopper, side_by_side


def test_frontal_faces_come_best_first() -> None:
    found = HogDetector().detect(side_by_side(astronaut(), grace_hopper()))
    assert len(found) >= 2 and [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert HogDetector().detect(astronaut(), min_score=50.0) == []
