from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import FiveLandmarks
from curation.domain.faces.geometry import apply_transform, five_of_68
from curation.engines import landmarks as module
from curation.engines.base import Pixels
from curation.engines.landmarks import LandmarkPredictor, Landmarks68, packaged_predictor_path
from curation.errors import WeightsBrokenError, WeightsMissingError
from tests.face_photos import astronaut

# As RetinaFace finds them on the astronaut.
FIVE = np.array([[203.6, 101.1], [247.5, 104.5], [223.3, 129.3], [200.9, 138.4], [245.6, 141.2]])
EYES_PX = 44.0


@pytest.fixture(scope="module")
def predictor() -> LandmarkPredictor:
    return LandmarkPredictor()


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    return astronaut()


def found(predictor: LandmarkPredictor, pixels: Pixels, five: NDArray[np.float64]) -> Landmarks68:
    result = predictor.predict(pixels, FiveLandmarks.from_array(five))
    assert result is not None
    return result


def distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(first - second, axis=1)[17:].mean()) / EYES_PX


def test_landmarks_fit_a_face(predictor: LandmarkPredictor, photo: NDArray[np.uint8]) -> None:
    result = found(predictor, Pixels(photo, 1.0), FIVE)
    assert result.points.shape == (68, 2)
    assert result.points.dtype == np.float64
    assert result.disagreement < 0.1
    assert result.instability < 0.03
    assert (
        distance(np.vstack([np.zeros((17, 2)), five_of_68(result.points)]), np.vstack([np.zeros((17, 2)), FIVE])) < 0.1
    )


@pytest.mark.parametrize("angle_deg", [-90, -35, 35, 180])
def test_roll_does_not_matter(predictor: LandmarkPredictor, photo: NDArray[np.uint8], angle_deg: float) -> None:
    matrix = np.asarray(cv2.getRotationMatrix2D((256, 256), angle_deg, 1.0), dtype=np.float64)
    turned = np.asarray(cv2.warpAffine(photo, matrix, (512, 512), flags=cv2.INTER_CUBIC), dtype=np.uint8)
    upright = found(predictor, Pixels(photo, 1.0), FIVE).points
    result = found(predictor, Pixels(turned, 1.0), apply_transform(matrix, FIVE))
    assert distance(result.points, apply_transform(matrix, upright)) < 0.03


def test_coordinates_are_those_of_the_full_photo(predictor: LandmarkPredictor, photo: NDArray[np.uint8]) -> None:
    half = np.asarray(cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    reduced = found(predictor, Pixels(half, 0.5), FIVE)
    assert distance(reduced.points, found(predictor, Pixels(photo, 1.0), FIVE).points) < 0.03


def test_views_of_the_photo_are_fine(predictor: LandmarkPredictor, photo: NDArray[np.uint8]) -> None:
    turned = np.rot90(photo)  # anticlockwise: (x, y) goes to (y, 511 - x)
    assert not turned.flags.c_contiguous
    five = np.column_stack([FIVE[:, 1], 511 - FIVE[:, 0]])
    assert found(predictor, Pixels(turned, 1.0), five).disagreement < 0.1


def test_what_is_no_face_does_not_fit(predictor: LandmarkPredictor, photo: NDArray[np.uint8]) -> None:
    elsewhere = found(predictor, Pixels(photo, 1.0), FIVE + np.array([150, 250]))
    assert elsewhere.disagreement > 0.2 or elsewhere.instability > 0.1
    for nowhere in (np.zeros((5, 2)), np.full((5, 2), np.nan)):
        assert predictor.predict(Pixels(photo, 1.0), FiveLandmarks.from_array(nowhere)) is None


def test_faces_beyond_the_photo_are_predicted_all_the_same(
    predictor: LandmarkPredictor, photo: NDArray[np.uint8]
) -> None:
    assert np.isfinite(found(predictor, Pixels(photo, 1.0), FIVE - np.array([215, 100])).points).all()
    assert np.isfinite(found(predictor, Pixels(photo, 1.0), FIVE + 5000).points).all()


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsMissingError, match="dlib_model_path"):
        LandmarkPredictor(tmp_path / "none.dat")
    monkeypatch.setattr(module, "_PACKAGE", "no_such_package_here")
    with pytest.raises(WeightsMissingError, match="no_such_package_here"):
        packaged_predictor_path()


def test_a_file_that_is_no_predictor_is_named(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.dat"
    for content in (b"", b"no predictor", bytes(range(256)) * 40):
        garbage.write_bytes(content)
        with pytest.raises(WeightsBrokenError, match=r"garbage\.dat"):
            LandmarkPredictor(garbage)
    five_points = packaged_predictor_path().with_name("shape_predictor_5_face_landmarks.dat")
    with pytest.raises(WeightsBrokenError, match="5 points instead of 68"):
        LandmarkPredictor(five_points)
