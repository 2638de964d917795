"""The MMOD detector finds what dlib's own code finds."""

from __future__ import annotations

from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from curation.engines.dlib.boxes import FoundBox, intersection_over_union
from curation.engines.dlib.converter.conversion import converted_network
from curation.engines.dlib.mmod import MmodDetector
from curation.engines.dlib.pyramid import DLIB_MARGIN_PX
from tests import dlib_files as files
from tests.face_photos import astronaut, grace_hopper, side_by_side

CPU = ("CPUExecutionProvider",)
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def detector(folder: Path) -> MmodDetector:
    return MmodDetector(converted_network(files.packaged_detector(folder), folder, folder), CPU)


@pytest.fixture(scope="module")
def screening_detector(folder: Path) -> MmodDetector:
    source = files.packaged_detector(folder)
    exact, quick = (converted_network(source, folder, folder, screening=screening) for screening in (False, True))
    return MmodDetector(exact, CPU, screening=quick)


@pytest.fixture(scope="module")
def faithful_detector(folder: Path) -> MmodDetector:
    return MmodDetector(
        converted_network(files.packaged_detector(folder), folder, folder), CPU, margin_px=DLIB_MARGIN_PX
    )


@pytest.fixture(scope="module")
def dlib_detector(folder: Path) -> dlib.cnn_face_detection_model_v1:
    return dlib.cnn_face_detection_model_v1(str(files.packaged_detector(folder).path))


def _of_size(picture: Picture, long_side_px: int) -> Picture:
    scale = long_side_px / max(picture.shape)
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _real_photo(path: Path, long_side_px: int) -> Picture:
    with Image.open(path) as photo:
        return _of_size(np.asarray(ImageOps.exif_transpose(photo).convert("RGB")), long_side_px)


def _assert_as_dlib(
    detector: MmodDetector, dlib_detector: dlib.cnn_face_detection_model_v1, picture: Picture
) -> list[FoundBox]:
    expected = [
        (np.array([r.left(), r.top(), r.right() + 1, r.bottom() + 1], dtype=np.float64), found.confidence)
        for found in dlib_detector(np.ascontiguousarray(picture), 0)
        for r in [found.rect]
    ]
    found = detector.detect(picture, thorough=True)
    assert len(found) == len(expected)
    for area, confidence in expected:
        nearest = max(found, key=lambda one: intersection_over_union(one.area, area))
        assert intersection_over_union(nearest.area, area) >= 0.9
        assert nearest.score == pytest.approx(confidence, abs=0.02)
    return found


def test_the_detector_finds_what_dlib_finds(
    faithful_detector: MmodDetector, dlib_detector: dlib.cnn_face_detection_model_v1
) -> None:
    picture = side_by_side(_of_size(astronaut(), 400), _of_size(grace_hopper(), 300))
    found = _assert_as_dlib(faithful_detector, dlib_detector, picture)
    assert len(found) == 2
    _assert_as_dlib(faithful_detector, dlib_detector, _of_size(grace_hopper(), 420))


def test_the_detector_finds_what_dlib_finds_on_real_photos(
    faithful_detector: MmodDetector, dlib_detector: dlib.cnn_face_detection_model_v1, test_data: Path
) -> None:
    for name, long_side_px, faces in (("dlib/2008_002079.jpg", 800, 3), ("azure/Family1-Daughter3.jpg", 500, 1)):
        picture = _real_photo(test_data / "photos/groups" / name, long_side_px)
        assert len(_assert_as_dlib(faithful_detector, dlib_detector, picture)) == faces


def test_a_large_face_is_found_without_the_finest_levels_a_small_one_with_them(detector: MmodDetector) -> None:
    large = _of_size(grace_hopper(), 1300)
    whole, quick = detector.detect(large, thorough=True), detector.detect(large)
    assert [one.area.tolist() for one in quick] == [one.area.tolist() for one in whole]
    # A face that the coarse levels just see, and one that only the finest do.
    both = side_by_side(large, _of_size(grace_hopper(), 620), _of_size(grace_hopper(), 330))
    assert len(detector.detect(both, thorough=True)) == len(detector.detect(both)) == 3
    # A small face alone: the coarse levels see nothing, so the fine ones are asked.
    alone = np.zeros((900, 900, 3), dtype=np.uint8)
    small = _of_size(grace_hopper(), 330)
    alone[300 : 300 + small.shape[0], 300 : 300 + small.shape[1]] = small
    assert len(detector.detect(alone)) == 1


def _same_answers(first: list[FoundBox], second: list[FoundBox]) -> None:
    assert [one.area.tolist() for one in first] == [one.area.tolist() for one in second]
    np.testing.assert_allclose([one.score for one in first], [one.score for one in second], atol=1e-4)


def test_screening_changes_no_answer(detector: MmodDetector, screening_detector: MmodDetector) -> None:
    faces = (_of_size(grace_hopper(), 900), _of_size(astronaut(), 700), _of_size(grace_hopper(), 330))
    picture = side_by_side(*faces)
    for thorough in (False, True):
        found = screening_detector.detect(picture, thorough=thorough)
        assert len(found) == 3
        _same_answers(found, detector.detect(picture, thorough=thorough))
    # A threshold so low that it takes everything for worth a look.
    small = _of_size(astronaut(), 400)
    _same_answers(screening_detector.detect(small, min_score=-2.0), detector.detect(small, min_score=-2.0))


def test_screening_changes_no_answer_on_real_photos(
    detector: MmodDetector, screening_detector: MmodDetector, test_data: Path
) -> None:
    for name, faces in (("dlib/2008_002079.jpg", 3), ("azure/Family1-Daughter3.jpg", 1)):
        picture = _real_photo(test_data / "photos/groups" / name, 900)
        found = screening_detector.detect(picture)
        assert len(found) >= faces
        _same_answers(found, detector.detect(picture))


def test_boxes_follow_the_picture_and_a_lower_threshold_finds_more(detector: MmodDetector) -> None:
    picture = _of_size(astronaut(), 400)
    (found,) = detector.detect(picture)
    shifted = np.zeros((500, 600, 3), dtype=np.uint8)
    shifted[64 : 64 + 400, 120 : 120 + 400] = picture
    (moved,) = detector.detect(shifted)
    assert np.abs(moved.area - found.area - np.array([120, 64, 120, 64])).max() < 0.12 * (found.area[2] - found.area[0])
    assert len(detector.detect(picture, min_score=-2.0)) > 1
    assert detector.detect(picture, min_score=2.0) == []


@pytest.mark.parametrize("shape", [(1, 1), (6, 6), (7, 900), (900, 7), (28, 31)])
def test_tiny_pictures_have_no_faces(detector: MmodDetector, shape: tuple[int, int]) -> None:
    assert detector.detect(np.full((*shape, 3), 90, dtype=np.uint8)) == []
