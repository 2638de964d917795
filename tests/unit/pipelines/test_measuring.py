from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from curation.domain.faces.face import Box, DetectedFace, FiveLandmarks
from curation.domain.faces.geometry import apply_transform, five_of_68
from curation.domain.measuring.calibration import face_quality_score
from curation.domain.measuring.measures import FaceMeasures, Measure, PhotoMeasures, Reason
from curation.engines.base import Pixels
from curation.engines.expressions.networks import Answer, FaceExpression
from curation.engines.landmarks import LandmarkPredictor, packaged_predictor_path
from curation.photos.files.decoding import open_photo
from curation.pipelines import expression_measures, measuring
from curation.pipelines.measuring import face_quality, measure_photo
from tests.face_photos import astronaut, grace_hopper
from tests.fakes import ArrayPhoto

# Boxes and points as RetinaFace finds them.
ASTRONAUT = (
    Box(177, 59, 96, 121),
    np.array([[203.6, 101.1], [247.5, 104.5], [223.3, 129.3], [200.9, 138.4], [245.6, 141.2]]),
)
GRACE_HOPPER = (
    Box(174, 109, 180, 220),
    np.array([[225.8, 188.2], [306.4, 187.4], [267.5, 246.0], [233.4, 271.5], [301.3, 270.5]]),
)

Face = tuple[Box, NDArray[np.float64]]


@pytest.fixture(scope="module")
def predictor() -> LandmarkPredictor:
    return LandmarkPredictor()


def measured(predictor: LandmarkPredictor, photo: NDArray[np.uint8], *faces: Face) -> PhotoMeasures:
    return measure_photo(ArrayPhoto(photo), [(box, FiveLandmarks.from_array(five)) for box, five in faces], predictor)


def value(measure: Measure) -> float:
    assert measure.value is not None
    return measure.value


def test_a_smiling_and_a_serious_portrait(predictor: LandmarkPredictor) -> None:
    smiling = measured(predictor, astronaut(), ASTRONAUT)
    serious = measured(predictor, grace_hopper(), GRACE_HOPPER)
    for photo in (smiling, serious):
        (face,) = photo.faces
        assert value(face.right_eye) > 0.9
        assert value(face.left_eye) > 0.9
        assert value(face.focus) > 0.7
        assert value(face.exposure) > 0.9
        assert abs(face.yaw_deg) < 10
        assert face.fit == 1.0
        assert value(photo.focus) > 0.5
        assert PhotoMeasures.from_json(photo.to_json()) == photo
    assert value(smiling.faces[0].smile) > 0.7
    assert value(serious.faces[0].smile) < 0.3
    assert (smiling.width, smiling.height, smiling.faces[0].size_px) == (512, 512, 96)


def test_measures_do_not_depend_on_roll(predictor: LandmarkPredictor) -> None:
    matrix = np.asarray(cv2.getRotationMatrix2D((256, 256), 50, 1.0), dtype=np.float64)
    turned = np.asarray(cv2.warpAffine(astronaut(), matrix, (512, 512), flags=cv2.INTER_CUBIC), dtype=np.uint8)
    five = apply_transform(matrix, ASTRONAUT[1])
    low, high = five.min(axis=0) - 35, five.max(axis=0) + 35
    box = Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    upright, rolled = (
        measured(predictor, astronaut(), ASTRONAUT).faces[0],
        measured(predictor, turned, (box, five)).faces[0],
    )
    assert rolled.roll_deg == pytest.approx(upright.roll_deg - 50, abs=1)
    assert rolled.yaw_deg == pytest.approx(upright.yaw_deg, abs=1)
    assert value(rolled.smile) == pytest.approx(value(upright.smile), abs=0.1)
    assert value(rolled.eyes) > 0.9


def test_defects_show(predictor: LandmarkPredictor) -> None:
    good = measured(predictor, astronaut(), ASTRONAUT).faces[0]
    blurred = np.asarray(cv2.GaussianBlur(astronaut(), (0, 0), 3), dtype=np.uint8)
    assert value(measured(predictor, blurred, ASTRONAUT).faces[0].focus) < 0.3 < value(good.focus)
    dark = (astronaut() * 0.2).astype(np.uint8)
    assert value(measured(predictor, dark, ASTRONAUT).faces[0].exposure) < 0.3
    blown = np.clip(astronaut().astype(np.int32) * 4, 0, 255).astype(np.uint8)
    assert value(measured(predictor, blown, ASTRONAUT).faces[0].exposure) < 0.5
    covered = astronaut().copy()
    covered[85:175, 175:280] = (90, 120, 60)
    face = measured(predictor, covered, ASTRONAUT).faces[0]
    assert (face.eyes.value, face.eyes.reason) == (None, Reason.COVERED)
    assert (face.smile.value, face.smile.reason) == (None, Reason.COVERED)


def test_size_counts_less_than_sharpness(predictor: LandmarkPredictor) -> None:
    half = np.asarray(cv2.resize(astronaut(), (256, 256), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    small = (Box(88, 29, 48, 61), ASTRONAUT[1] / 2 - 0.25)
    blurred = np.asarray(cv2.GaussianBlur(astronaut(), (0, 0), 2.5), dtype=np.uint8)
    full_value = value(measured(predictor, astronaut(), ASTRONAUT).faces[0].focus)
    small_value = value(measured(predictor, half, small).faces[0].focus)
    soft_value = value(measured(predictor, blurred, ASTRONAUT).faces[0].focus)
    assert full_value > small_value > soft_value
    assert small_value > 0.6


def test_odd_faces_are_measured_without_an_error(predictor: LandmarkPredictor) -> None:
    nowhere = (Box(0, 0, 30, 30), np.zeros((5, 2)))
    outside = (Box(0, 0, 30, 30), ASTRONAUT[1] - 5000)
    tiny = (Box(10, 10, 8, 8), ASTRONAUT[1] / 16)
    faces = measured(predictor, astronaut(), nowhere, outside, tiny).faces
    assert [face.eyes.value for face in faces] == [None, None, None]
    assert faces[0].yaw_deg == 90.0
    assert faces[0].focus.reason is Reason.CUT_OFF
    assert faces[2].smile.reason is Reason.TINY


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (700, 5), (40, 40)])
def test_photos_of_any_size_without_faces(predictor: LandmarkPredictor, shape: tuple[int, int]) -> None:
    photo = measured(predictor, np.zeros((*shape, 3), dtype=np.uint8))
    assert photo.faces == ()
    assert (photo.focus.value, photo.exposure.value) == (None, 0.0)


def test_face_quality() -> None:
    def quality(photo: NDArray[np.uint8], five: NDArray[np.float64] = ASTRONAUT[1]) -> tuple[float, float]:
        face = DetectedFace(ASTRONAUT[0], FiveLandmarks.from_array(five), 0.99, np.zeros(4, dtype=np.float32))
        result = face_quality(Pixels(photo, 1.0), face)
        assert result.size_px == 96
        assert result.score == face_quality_score(96, result.sharpness, result.yaw_deg, 0.99)
        return result.sharpness, result.score

    sharp = quality(astronaut())
    soft = quality(np.asarray(cv2.GaussianBlur(astronaut(), (0, 0), 3), dtype=np.uint8))
    assert sharp[0] > 0.7 > 0.3 > soft[0]
    assert sharp[1] > soft[1]
    assert quality(astronaut(), np.zeros((5, 2))) == (0.0, 0.0)


class HogFaces:
    """Measures the largest face of a photo, found by dlib's own detector."""

    def __init__(self, predictor: LandmarkPredictor) -> None:
        self.predictor = predictor
        self.detector = dlib.get_frontal_face_detector()
        self.shape = dlib.shape_predictor(str(packaged_predictor_path()))

    def measured(self, path: Path) -> FaceMeasures | None:
        with Image.open(path) as picture:
            picture.thumbnail((400, 400))
            photo = np.pad(np.asarray(picture.convert("RGB")), ((40, 40), (40, 40), (0, 0)))
        found = max(self.detector(photo, 0), key=lambda box: box.area(), default=None)
        if found is None:
            return None
        points = np.array([(point.x, point.y) for point in self.shape(photo, found).parts()], dtype=np.float64)
        box = Box(max(0, found.left()), max(0, found.top()), found.width(), found.height())
        return measured(self.predictor, photo, (box, five_of_68(points))).faces[0]


def test_real_eyes_and_smiles(test_data: Path, predictor: LandmarkPredictor) -> None:
    faces = HogFaces(predictor)
    closed = sorted((test_data / "photos/cew_eyes/closed").iterdir())[::30]
    shut = [face.eyes.value < 0.5 for path in closed if (face := faces.measured(path)) and face.eyes.value is not None]
    assert sum(shut) >= 0.7 * len(shut) > 8
    folder = test_data / "photos/lfw_smile"
    smiles: dict[str, list[bool]] = {"smile": [], "neutral": []}
    blinks = []
    for name, label in (line.split(",") for line in (folder / "labels.csv").read_text().splitlines()[1::15]):
        face = faces.measured(folder / name)
        if face is None or face.smile.value is None or face.eyes.value is None:
            continue
        smiles[label].append(face.smile.value >= 0.5)
        blinks.append(face.eyes.value < 0.5)
    assert sum(smiles["smile"]) >= 0.8 * len(smiles["smile"]) > 8
    assert sum(smiles["neutral"]) <= 0.2 * len(smiles["neutral"])
    assert sum(blinks) <= 0.1 * len(blinks)


@pytest.mark.parametrize("enlargement", [6, 13])
def test_measures_hardly_depend_on_the_decoded_size(
    predictor: LandmarkPredictor, tmp_path: Path, enlargement: int
) -> None:
    size = (512 * enlargement, 512 * enlargement)
    large = np.asarray(cv2.resize(astronaut(), size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    path = tmp_path / "a.jpg"
    path.write_bytes(simplejpeg.encode_jpeg(large, quality=92))
    box = Box(*(side * enlargement for side in ASTRONAUT[0]))
    faces = [(box, FiveLandmarks.from_array((ASTRONAUT[1] + 0.5) * enlargement - 0.5))]
    reduced = open_photo(path, max_megapixels=120)
    full = open_photo(path, max_megapixels=120)
    full.full()
    one, other = (measure_photo(photo, faces, predictor) for photo in (reduced, full))
    assert reduced.already_decoded(0.01).scale == reduced.already_decoded(1.0).scale < 1  # one decode, and not in full
    for first, second in zip(one.faces, other.faces, strict=True):
        for name in ("focus", "exposure", "right_eye", "left_eye", "smile"):
            assert value(getattr(first, name)) == pytest.approx(value(getattr(second, name)), abs=0.1)
    assert value(one.focus) == pytest.approx(value(other.focus), abs=0.05)


def test_of_a_crowd_only_the_largest_faces_are_measured(
    predictor: LandmarkPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "MAX_MEASURED_FACES", 1)
    box, five = ASTRONAUT
    small = Box(box.x, box.y, box.w - 10, box.h - 10)
    photo = measured(predictor, astronaut(), (small, five), ASTRONAUT, (small, five))
    assert [face.focus.reason for face in photo.faces] == [Reason.NOT_MEASURED, None, Reason.NOT_MEASURED]
    assert photo.faces[0].eyes.reason is photo.faces[0].smile.reason is Reason.NOT_MEASURED
    assert photo.faces[1] == measured(predictor, astronaut(), ASTRONAUT).faces[0]
    assert photo.faces[0].size_px == min(small.w, small.h)


def test_a_smeared_face_is_out_of_focus(predictor: LandmarkPredictor) -> None:
    photo = astronaut()
    length = round(0.2 * float(np.linalg.norm(ASTRONAUT[1][1] - ASTRONAUT[1][0])))
    for turn in (0, 1):
        kernel = np.rot90(np.full((1, length), 1 / length, dtype=np.float32), turn)
        smeared = np.asarray(cv2.filter2D(photo, -1, kernel), dtype=np.uint8)
        assert value(measured(predictor, smeared, ASTRONAUT).faces[0].focus) < 0.4
        assert value(measured(predictor, smeared).focus) < 0.4
    assert value(measured(predictor, photo).focus) > 0.5


class _Shut:
    """Reads every face as closed eyes; the right one may be hidden."""

    def __init__(self, hidden: float) -> None:
        self.hidden = hidden

    def read(self, pixels: Pixels, faces: Sequence[NDArray[np.floating]]) -> list[FaceExpression]:
        answers = FaceExpression(Answer(-5.0, self.hidden), Answer(-5.0, -2.5), Answer(0.0, -9.0))
        return [answers for _ in faces]


@pytest.mark.parametrize(
    ("odds", "hidden", "reason"),
    [(-9.0, -9.0, None), (9.0, -9.0, Reason.LOOKING_DOWN), (-9.0, 3.0, Reason.COVERED)],
)
def test_lowered_lids_and_glasses_cannot_be_told(
    predictor: LandmarkPredictor, monkeypatch: pytest.MonkeyPatch, odds: float, hidden: float, reason: Reason | None
) -> None:
    monkeypatch.setattr(expression_measures, "packaged_expressions", lambda: _Shut(hidden))
    monkeypatch.setattr(expression_measures, "looking_down_odds", lambda points, open_odds: odds)
    (face,) = measured(predictor, astronaut(), ASTRONAUT).faces
    assert face.eyes.reason is reason
    assert face.right_eye.reason is face.left_eye.reason is reason
