from __future__ import annotations

import numpy as np
import pytest

from curation.engines.dlib.hog import HogDetector, _same_face
from tests.face_photos import astronaut, grace_hopper, side_by_side


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ((0, 0, 100, 100), (0, 0, 100, 100), True),
        ((0, 0, 100, 100), (20, 20, 120, 120), True),
        ((0, 0, 100, 100), (30, 30, 70, 70), True),  # inside
        ((0, 0, 100, 100), (60, 0, 160, 100), False),
        ((0, 0, 100, 100), (200, 0, 300, 100), False),
    ],
)
def test_overlapping_boxes_are_one_face(first: tuple[int, ...], second: tuple[int, ...], same: bool) -> None:
    one, other = np.array(first, dtype=float), np.array(second, dtype=float)
    assert _same_face(one, other) is same
    assert _same_face(other, one) is same


def test_frontal_faces_come_best_first() -> None:
    found = HogDetector().detect(side_by_side(astronaut(), grace_hopper()))
    assert len(found) >= 2 and [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert HogDetector().detect(astronaut(), min_score=50.0) == []
