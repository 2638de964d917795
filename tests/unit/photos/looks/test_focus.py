from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.photos.looks.focus import MIN_SIDE_PX, _percentile, fine_detail, sharpest_detail, unsmeared_detail
from tests.face_photos import astronaut


@pytest.fixture(scope="module")
def face() -> NDArray[np.uint8]:
    return np.ascontiguousarray(astronaut()[60:190, 160:290])


def detail(picture: NDArray[np.uint8]) -> float:
    found = fine_detail(picture)
    assert found is not None
    return found


def blurred(picture: NDArray[np.uint8], sigma_px: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), dtype=np.uint8)


def noisy(picture: NDArray[np.uint8], spread: float) -> NDArray[np.uint8]:
    grain = np.random.default_rng(0).normal(0, spread, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def motion_blurred(picture: NDArray[np.uint8], length_px: int) -> NDArray[np.uint8]:
    kernel = np.full((1, length_px), 1 / length_px, dtype=np.float32)
    return np.asarray(cv2.filter2D(picture, -1, kernel), dtype=np.uint8)


def test_each_step_of_blur_lowers_it(face: NDArray[np.uint8]) -> None:
    defocus = [detail(face)] + [detail(blurred(face, sigma)) for sigma in (0.8, 1.2, 2.0, 3.0)]
    assert defocus == sorted(defocus, reverse=True)
    motion = [detail(face)] + [detail(motion_blurred(face, length)) for length in (4, 8, 16)]
    assert motion == sorted(motion, reverse=True)


@pytest.mark.parametrize("spread", [4, 8, 14])
def test_noise_does_not_pass_for_sharpness(face: NDArray[np.uint8], spread: float) -> None:
    soft = blurred(face, 1.5)
    assert detail(noisy(face, spread)) <= detail(face)
    assert detail(noisy(soft, spread)) <= detail(soft)
    assert detail(face) > detail(noisy(soft, spread))
    assert detail(noisy(face, spread)) > detail(soft)
    # The usual measure takes noise for detail.
    assert cv2.Laplacian(noisy(soft, spread), cv2.CV_64F).var() > cv2.Laplacian(soft, cv2.CV_64F).var()


@pytest.mark.parametrize("spread", [6, 12])
def test_nor_does_grain_that_the_camera_smoothed(face: NDArray[np.uint8], spread: float) -> None:
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, face.shape), (0, 0), 0.8)
    for picture in (face, blurred(face, 1.5), motion_blurred(face, 6)):
        grainy = np.clip(picture + grain * spread / grain.std(), 0, 255).astype(np.uint8)
        code = cv2.imencode(".jpg", grainy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        assert detail(np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), dtype=np.uint8)) <= detail(picture) + 0.1


@pytest.mark.parametrize("scale", [0.75, 0.5])
def test_size_matters_little(face: NDArray[np.uint8], scale: float) -> None:
    small = np.asarray(cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    assert detail(small) == pytest.approx(detail(face), abs=0.5)
    assert detail(small) > detail(blurred(face, 1.0)) + 0.5


def test_light_and_contrast_do_not_matter(face: NDArray[np.uint8]) -> None:
    dim = (face * 0.4).astype(np.uint8)
    assert detail(dim) == pytest.approx(detail(face), abs=0.15)
    assert detail(dim) > detail(blurred(face, 1.0))


def test_only_the_masked_part_is_judged(face: NDArray[np.uint8]) -> None:
    beside = np.hstack([face, blurred(face, 4.0)])
    left = np.zeros(beside.shape[:2], dtype=bool)
    left[:, :110] = True
    right = np.zeros_like(left)
    right[:, 150:] = True
    assert (fine_detail(beside, left) or 0) > (fine_detail(beside, right) or 0) + 1


def test_nothing_to_focus_on() -> None:
    grey = np.full((64, 64, 3), 128, dtype=np.uint8)
    assert fine_detail(grey) is None
    assert fine_detail(grey[: MIN_SIDE_PX - 1]) is None
    assert fine_detail(noisy(grey, 6)) is None or (fine_detail(noisy(grey, 6)) or 0) < 0
    assert fine_detail(grey, np.zeros((64, 64), dtype=bool)) is None


def test_turned_views_are_fine(face: NDArray[np.uint8]) -> None:
    view = np.rot90(face)
    assert not view.flags.c_contiguous
    assert fine_detail(view) == pytest.approx(detail(face), abs=0.02)


def test_the_least_sharp_direction_counts(face: NDArray[np.uint8]) -> None:
    assert unsmeared_detail(face) == pytest.approx(detail(face), abs=0.3)
    assert unsmeared_detail(blurred(face, 1.5)) == pytest.approx(detail(blurred(face, 1.5)), abs=0.3)
    for turn in (0, 1):
        turned = np.ascontiguousarray(np.rot90(face, turn))
        smeared = motion_blurred(turned, 7)
        lost = unsmeared_detail(smeared)
        assert lost is not None
        assert lost < detail(smeared) - 1


@pytest.mark.parametrize("spread", [4, 8, 14])
def test_noise_is_no_smear(face: NDArray[np.uint8], spread: float) -> None:
    assert unsmeared_detail(noisy(face, spread)) == pytest.approx(detail(noisy(face, spread)), abs=0.3)


def test_of_a_photo_the_sharpest_parts_count(face: NDArray[np.uint8]) -> None:
    sharp = np.tile(face, (4, 4, 1))
    beside = np.hstack([np.tile(face, (4, 2, 1)), np.tile(blurred(face, 4.0), (4, 2, 1))])
    found = [sharpest_detail(picture) for picture in (sharp, beside, blurred(sharp, 2.0), motion_blurred(sharp, 9))]
    whole, partly, defocused, smeared = (value if value is not None else -9.0 for value in found)
    assert partly == pytest.approx(whole, abs=0.5)
    assert max(defocused, smeared) < whole - 1.5
    assert sharpest_detail(np.full((200, 300, 3), 90, dtype=np.uint8)) is None


@pytest.mark.parametrize("count", [1, 2, 7, 100])
@pytest.mark.parametrize("percent", [0, 20, 50, 99.5, 100])
def test_percentiles_are_those_of_numpy(count: int, percent: float) -> None:
    values = np.random.default_rng(count).normal(size=count).astype(np.float32)
    assert _percentile(values, percent) == pytest.approx(float(np.percentile(values, percent)), abs=1e-6)
