from __future__ import annotations

import numpy as np
import pytest

from curation.domain.faces.geometry import head_pose
from curation.engines.base import Pixels
from curation.engines.dlib.face_shapes import FaceShapes
from curation.engines.dlib.hog import HogDetector
from curation.engines.dlib.surroundings import turned_points
from curation.engines.landmarks import packaged_predictor_path
from tests.face_photos import astronaut

# HOG's box of the astronaut's face, in a picture of 512 x 512 pixels.
_AREA = np.array([180.0, 70.0, 270.0, 160.0])


@pytest.fixture(scope="module")
def shapes() -> FaceShapes:
    return FaceShapes(packaged_predictor_path(), HogDetector())


def _turned(turns: int) -> tuple[Pixels, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    corners = turned_points(_AREA.reshape(2, 2), turns, 512, 512)
    area = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    return Pixels(np.ascontiguousarray(np.rot90(astronaut(), turns)), 1.0), area


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_mmods_face_may_lie_on_either_side(shapes: FaceShapes, turns: int) -> None:
    upright, found = (shapes.in_mmod_box(*_turned(each), 1.0) for each in (0, turns))
    assert upright is not None and found is not None
    expected = turned_points(upright.landmarks.as_array(), turns, 512, 512)
    assert np.abs(found.landmarks.as_array() - expected).max() < 5
    roll = head_pose(found.landmarks.as_array()).roll_deg
    assert roll == pytest.approx({0: 0, 1: -90, 3: 90}[turns], abs=20)


def test_hogs_face_with_a_low_score_may_be_upside_down(shapes: FaceShapes) -> None:
    pixels, area = _turned(2)
    for score, is_turned in ((0.3, True), (1.5, False)):
        roll = head_pose(shapes.in_hog_box(pixels, area, score).landmarks.as_array()).roll_deg
        assert (abs(roll) > 150) is is_turned


def test_an_upright_face_with_a_low_score_stays_upright(shapes: FaceShapes) -> None:
    pixels, area = _turned(0)
    assert abs(head_pose(shapes.in_hog_box(pixels, area, 0.3).landmarks.as_array()).roll_deg) < 30


def test_a_box_outside_of_the_photo_is_no_face(shapes: FaceShapes) -> None:
    pixels, _ = _turned(0)
    assert shapes.in_mmod_box(pixels, np.array([900.0, 900.0, 990.0, 990.0]), 1.0) is None
