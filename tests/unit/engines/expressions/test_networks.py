from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import FiveLandmarks
from curation.engines.base import Pixels
from curation.engines.expressions.crops import (
    EYE_CROP_PX,
    EYE_TEMPLATE_PX,
    MOUTH_CROP_PX,
    MOUTH_EYES_PX,
    MOUTH_TOP,
    eye_crop,
    mouth_crop,
    standardised,
)
from curation.engines.expressions.networks import DATA_DIR, ExpressionReader
from curation.engines.landmarks import LandmarkPredictor
from curation.errors import WeightsBrokenError, WeightsMissingError
from tests.face_photos import astronaut, grace_hopper

# As RetinaFace finds them.
ASTRONAUT = np.array([[203.6, 101.1], [247.5, 104.5], [223.3, 129.3], [200.9, 138.4], [245.6, 141.2]])
GRACE_HOPPER = np.array([[225.8, 188.2], [306.4, 187.4], [267.5, 246.0], [233.4, 271.5], [301.3, 270.5]])

Points = NDArray[np.float64]


@pytest.fixture(scope="module")
def reader() -> ExpressionReader:
    return ExpressionReader()


@pytest.fixture(scope="module")
def predictor() -> LandmarkPredictor:
    return LandmarkPredictor()


def landmarks(predictor: LandmarkPredictor, photo: NDArray[np.uint8], five: Points) -> Points:
    found = predictor.predict(Pixels(photo, 1.0), FiveLandmarks.from_array(five))
    assert found is not None
    return found.points


def shut(photo: NDArray[np.uint8], points: Points) -> NDArray[np.uint8]:
    """The photo with the skin of the upper lids stretched over both eyes, and lashes at their lower edges."""
    result = photo.copy()
    for first, end in ((36, 42), (42, 48)):
        eye = points[first:end]
        left, right = int(eye[:, 0].min()) - 2, int(np.ceil(eye[:, 0].max())) + 3
        top, bottom = int(eye[:, 1].min()) - 2, int(np.ceil(eye[:, 1].max())) + 2
        lid = photo[top - 4 : top, left:right]
        result[top:bottom, left:right] = cv2.resize(lid, (right - left, bottom - top))
        # A closed lid's edge bends downwards.
        middle, axes = ((left + right) // 2, bottom - 4), ((right - left) // 2 - 1, 3)
        cv2.ellipse(result, middle, axes, 0, 0, 180, (50, 30, 25), 1, cv2.LINE_AA)
    return result


def test_open_eyes_a_smile_and_a_serious_mouth(reader: ExpressionReader, predictor: LandmarkPredictor) -> None:
    for photo, five, smiles in ((astronaut(), ASTRONAUT, True), (grace_hopper(), GRACE_HOPPER, False)):
        (face,) = reader.read(Pixels(photo, 1.0), [landmarks(predictor, photo, five)])
        assert face.right_eye is not None
        assert face.left_eye is not None
        assert face.mouth is not None
        assert min(face.right_eye.yes, face.left_eye.yes) > 1.5
        assert (face.mouth.yes > 1.0) if smiles else (face.mouth.yes < -1.0)
        assert max(face.right_eye.hidden, face.left_eye.hidden) < -2
        assert face.mouth.hidden < 0


def test_drawn_lids_shut_eyes(reader: ExpressionReader, predictor: LandmarkPredictor) -> None:
    for photo, five in ((astronaut(), ASTRONAUT), (grace_hopper(), GRACE_HOPPER)):
        points = landmarks(predictor, photo, five)
        (face,) = reader.read(Pixels(shut(photo, points), 1.0), [points])
        assert face.right_eye is not None
        assert face.left_eye is not None
        assert max(face.right_eye.yes, face.left_eye.yes) < 0


def test_faces_do_not_influence_each_other(reader: ExpressionReader, predictor: LandmarkPredictor) -> None:
    photo = astronaut()
    points = landmarks(predictor, photo, ASTRONAUT)
    moved = points + np.array([3.0, -2.0])
    alone = [reader.read(Pixels(photo, 1.0), [face])[0] for face in (points, moved)]
    together = reader.read(Pixels(photo, 1.0), [points, np.zeros((68, 2)), moved, *[points] * 9])
    assert together[1] == (None, None, None)
    for first, second in zip(alone, (together[0], together[2]), strict=True):
        for one, other in zip(first, second, strict=True):
            assert one is not None
            assert other is not None
            assert one == pytest.approx(other, abs=1e-4)
    assert reader.read(Pixels(photo, 1.0), []) == []


def test_the_scale_of_the_pixels_does_not_matter(predictor: LandmarkPredictor, reader: ExpressionReader) -> None:
    photo = astronaut()
    points = landmarks(predictor, photo, ASTRONAUT)
    half = np.asarray(cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    (full,), (reduced,) = reader.read(Pixels(photo, 1.0), [points]), reader.read(Pixels(half, 0.5), [points])
    for one, other in zip(full, reduced, strict=True):
        assert one is not None
        assert other is not None
        assert one.yes == pytest.approx(other.yes, abs=2.0)


def test_crops_lie_where_they_should() -> None:
    photo = np.zeros((300, 300, 3), dtype=np.uint8)
    points = np.full((68, 2), 150.0)
    points[[36, 39, 42, 45]] = [[100, 120], [130, 120], [170, 120], [200, 120]]
    points[[27, 28, 29, 30, 33]] = [[150, y] for y in (118, 130, 142, 154, 166)]
    photo[115:126, 95:106] = 255  # the outer corner of the right eye
    photo[115:126, 195:206] = 255  # and that of the left one
    pixels = Pixels(photo, 1.0)
    right, left = eye_crop(pixels, points, 0), eye_crop(pixels, points, 1)
    assert right.shape == left.shape == (EYE_CROP_PX, EYE_CROP_PX)
    assert right.dtype == np.uint8
    x, y = np.round(EYE_TEMPLATE_PX[0]).astype(int)
    assert right[y, x] == left[y, x] == 255  # the left one is mirrored
    assert right[y, EYE_CROP_PX - 1 - x] == left[y, EYE_CROP_PX - 1 - x] == 0
    photo[190:197, 115:122] = photo[190:197, 179:186] = 255  # the corners of the mouth
    mouth = mouth_crop(pixels, points)
    assert mouth.shape == (MOUTH_CROP_PX, MOUTH_CROP_PX)
    rows, columns = np.nonzero(mouth > 128)
    middle = (MOUTH_CROP_PX - 1) / 2
    assert rows.mean() == pytest.approx((73.5 / 70 - MOUTH_TOP) * MOUTH_EYES_PX, abs=1.5)
    assert [columns.min(), columns.max()] == pytest.approx([middle - 18, middle + 18], abs=2.5)


def test_standardised_crops_forget_light_and_contrast() -> None:
    crop = np.arange(EYE_CROP_PX**2, dtype=np.uint16).reshape(EYE_CROP_PX, EYE_CROP_PX) % 97
    dim, bright = (np.stack([crop * factor + base]).astype(np.uint8) for factor, base in ((1, 20), (2, 40)))
    assert standardised(dim).shape == (1, 1, EYE_CROP_PX, EYE_CROP_PX)
    np.testing.assert_allclose(standardised(dim), standardised(bright), atol=0.2)
    assert np.abs(standardised(np.full_like(dim, 7))).max() == 0


def test_missing_and_broken_networks_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match=r"eyes\.onnx is missing; .* install the program again"):
        ExpressionReader(tmp_path)
    shutil.copy(DATA_DIR / "eyes.onnx", tmp_path)
    (tmp_path / "smile.onnx").write_bytes(b"no network")
    with pytest.raises(WeightsBrokenError, match=r"smile\.onnx cannot be loaded; .* install the program again"):
        ExpressionReader(tmp_path)


@pytest.mark.parametrize("name", ["eyes.onnx", "smile.onnx"])
def test_the_networks_are_small(name: str) -> None:
    assert (DATA_DIR / name).stat().st_size < 300_000
