from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.engines.dlib.boxes import FoundBox
from curation.engines.dlib.panorama import found_in_parts, is_panorama, panorama_size_px

WORKING_PX = 300
Picture = NDArray[np.uint8]


def _detector(min_px: int = 8, max_px: int = 1000) -> tuple[Callable[[Picture], list[FoundBox]], list[Picture]]:
    """Finds white rectangles of limited sizes; and the pictures that it was shown."""
    import cv2

    shown: list[Picture] = []

    def detect(picture: Picture) -> list[FoundBox]:
        shown.append(picture)
        grey = (np.ascontiguousarray(picture[:, :, 0]) > 127).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(grey)
        boxes = [stats[index, :4].astype(np.float64) for index in range(1, count)]
        return [
            FoundBox(np.array([x, y, x + w, y + h]), 1.0 + w * h / 1e6)
            for x, y, w, h in boxes
            if min_px <= max(w, h) <= max_px
        ]

    return detect, shown


def _picture(width: int, height: int, *faces: tuple[int, int, int]) -> Picture:
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    for x, y, side in faces:
        picture[y : y + side, x : x + side] = 255
    return picture


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(1500, 1000, False), (2400, 1000, False), (1000, 2222, False), (3000, 1000, True), (1000, 8000, True)],
)
def test_only_very_long_photos_are_panoramas(width: int, height: int, expected: bool) -> None:
    assert is_panorama(width, height) is expected


def test_the_shorter_side_of_a_panorama_is_that_of_an_ordinary_photo() -> None:
    assert panorama_size_px(8000, 2000, 1500) == 4000
    assert panorama_size_px(2000, 8000, 1500) == 4000


def test_an_endless_panorama_is_not_looked_at_in_endless_parts() -> None:
    detect, shown = _detector()
    size = panorama_size_px(100_000, 10, WORKING_PX)
    assert found_in_parts(detect, _picture(size, 1), WORKING_PX) == []
    assert len(shown) == 13 and all(max(picture.shape) <= WORKING_PX for picture in shown)


@pytest.mark.parametrize("upright", [False, True])
def test_each_face_is_found_once_wherever_the_cuts_are(upright: bool) -> None:
    faces = [(x, 30 + x % 90, 40) for x in range(5, 1150, 57)]
    picture = _picture(1200, 200, *faces)
    if upright:
        picture = np.ascontiguousarray(picture.transpose(1, 0, 2))
    detect, shown = _detector()
    found = found_in_parts(detect, picture, WORKING_PX)
    starts = sorted(tuple(int(edge) for edge in one.area[:2][:: -1 if upright else 1]) for one in found)
    assert starts == sorted((x, y) for x, y, _ in faces)
    assert all(max(part.shape) <= WORKING_PX for part in shown)


def test_a_face_that_no_part_shows_whole_is_found_in_the_whole_panorama() -> None:
    detect, _ = _detector()
    (found,) = found_in_parts(detect, _picture(1200, 200, (230, 10, 180)), WORKING_PX)
    assert found.area == pytest.approx([230, 10, 410, 190], abs=6)
