"""The second look at large photos: where it is taken, and that it gives every face once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from curation.engines.base import Pixels
from curation.engines.tiling import Detections, Tiling, detect_in_two_looks, regions_of_small_faces, tiles_of
from tests.fakes import ArrayPhoto

Square = tuple[int, int, int]
SURE = 0.8
TILING = Tiling("auto", 4000, 1.0, (1536, 1024), 160, 32.0, 1, SURE)


class SquareDetector:
    """Finds white squares; the smaller they are, the less it is sure: from 24 px on it is, from 9 px on it suspects."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def __call__(self, picture: NDArray[np.uint8]) -> Detections:
        self.sizes.append((picture.shape[1], picture.shape[0]))
        _, _, stats, _ = cv2.connectedComponentsWithStats((picture[..., 0] > 127).astype(np.uint8))
        found = stats[1:][stats[1:, 2] >= 9]
        areas = np.column_stack([found[:, :2], found[:, :2] + found[:, 2:4]]).astype(np.float64)
        confidences = np.clip(found[:, 2] / 30, 0, 1).astype(np.float64)
        return Detections(areas, confidences, areas.mean(axis=1)[:, None, None] * np.ones((1, 1, 2)))


class CountingPhoto(ArrayPhoto):
    """Counts how often the full-size photo was asked for."""

    def __init__(self, array: NDArray[np.uint8]) -> None:
        super().__init__(array)
        self.asked = 0

    def full(self) -> Pixels:
        self.asked += 1
        return super().full()


def _photo(width: int, height: int, squares: list[Square]) -> CountingPhoto:
    array = np.zeros((height, width, 3), dtype=np.uint8)
    for x, y, side in squares:
        array[y : y + side, x : x + side] = 255
    return CountingPhoto(array)


def _look(photo: CountingPhoto, tiling: Tiling = TILING, first_px: int = 1500) -> tuple[Detections, SquareDetector]:
    detector = SquareDetector()
    return detect_in_two_looks(detector, photo, photo.reduced(first_px), tiling), detector


def _found(detections: Detections, square: Square) -> int:
    """How many areas frame a square."""
    x, y, side = square
    wanted = np.array([x, y, x + side, y + side])
    return int((np.abs(detections.areas - wanted).max(axis=1) <= max(3, 0.1 * side)).sum())


def test_a_photo_of_large_faces_is_looked_at_once() -> None:
    photo = _photo(6000, 4000, [(1000, 1000, 400), (3000, 1200, 300)])
    found, detector = _look(photo)
    assert len(detector.sizes) == 1 and not photo.asked
    assert len(found.areas) == 2


def test_small_faces_are_found_by_the_second_look() -> None:
    small = [(x, 900 + x % 37, 50) for x in range(400, 5600, 260)]
    photo = _photo(6000, 4000, [*small, (2000, 2500, 500)])
    alone, _ = _look(photo, TILING._replace(mode="off"))
    found, _ = _look(photo)
    assert len(alone.areas) == 1
    assert [_found(found, square) for square in small] == [1] * len(small)
    assert len(found.areas) == len(small) + 1
    assert photo.asked == 1


def test_only_the_part_with_small_faces_is_looked_at_again() -> None:
    photo = _photo(6000, 4000, [(600, 300, 60), (900, 320, 60)])
    _, detector = _look(photo)
    looked_at = sum(width * height for width, height in detector.sizes[1:])
    assert 0 < looked_at < 0.35 * 4000 * 2667


@pytest.mark.parametrize("mode", ["auto", "always"])
@pytest.mark.parametrize(("width", "height"), [(1500, 1000), (1700, 1200), (40, 30), (1, 1)])
def test_a_photo_without_more_pixels_is_looked_at_once(mode: str, width: int, height: int) -> None:
    photo = _photo(width, height, [(5, 5, 12)])
    _, detector = _look(photo, TILING._replace(mode=mode))
    assert len(detector.sizes) == 1 and not photo.asked


def test_always_looks_everywhere() -> None:
    photo = _photo(3000, 2000, [(1000, 1000, 400)])
    found, detector = _look(photo, TILING._replace(mode="always"))
    assert len(detector.sizes) > 1
    assert sum(width * height for width, height in detector.sizes[1:]) >= 3000 * 2000
    assert _found(found, (1000, 1000, 400)) == 1 and len(found.areas) == 1


def test_a_face_keeps_the_landmarks_of_the_finer_look() -> None:
    photo = _photo(6000, 4000, [(1003, 1005, 100)])
    found, _ = _look(photo)
    ((left, top, right, bottom),) = found.areas
    assert (left, top, right, bottom) == pytest.approx((1003, 1005, 1103, 1105), abs=1.6)
    assert found.confidences[0] == 1.0
    coarse, _ = _look(photo, TILING._replace(mode="off"))
    assert coarse.confidences[0] < 1.0


def test_parts_of_a_large_face_are_no_faces() -> None:
    # Its parts, as a tile cuts them, would be found; the small face makes the tiles be looked at.
    photo = _photo(6000, 4000, [(800, 300, 1400), (2300, 500, 60)])
    found, detector = _look(photo)
    assert len(detector.sizes) > 1
    assert len(found.areas) == 2
    assert _found(found, (800, 300, 1400)) == 1 and _found(found, (2300, 500, 60)) == 1


def test_faces_below_the_confidence_are_left_out_in_both_looks() -> None:
    photo = _photo(6000, 4000, [(1000, 1000, 45), (1200, 1000, 60)])  # 30 and 40 px in the second look
    found, _ = _look(photo, TILING._replace(min_confidence=0.999))
    assert len(found.areas) == 2
    found, _ = _look(photo, TILING._replace(finer_size_px=3000, min_confidence=0.9))  # 22 and 30 px
    assert len(found.areas) == 1


def test_a_detector_may_want_several_small_faces_before_it_looks_again() -> None:
    tiling = TILING._replace(min_small_faces=3)
    _, detector = _look(_photo(6000, 4000, [(600, 300, 60), (900, 320, 60)]), tiling)
    assert len(detector.sizes) == 1
    _, detector = _look(_photo(6000, 4000, [(600, 300, 60), (900, 320, 60), (1200, 300, 60)]), tiling)
    assert len(detector.sizes) > 1


def test_a_detector_without_suspicions_takes_those_of_another() -> None:
    asked: list[int] = []

    def suspect(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        asked.append(picture.shape[1])
        return np.array([[150.0, 225.0, 158.0, 233.0]])

    def look(photo: CountingPhoto) -> Detections:
        return detect_in_two_looks(SquareDetector(), photo, photo.reduced(1500), TILING, suspect=suspect)

    hidden = (600, 900, 32)
    assert _found(_look(_photo(6000, 4000, [hidden]), TILING._replace(min_confidence=0.6))[0], hidden) == 0
    assert len(look(_photo(6000, 4000, [hidden])).areas) == 0  # in the second look it is not sure enough
    assert len(look(_photo(6000, 4000, [(600, 900, 38)])).areas) == 1
    assert asked == [1500, 1500]
    look(_photo(6000, 4000, [(600, 900, 38), (2000, 1000, 400)]))
    look(_photo(1500, 1000, [(600, 300, 38)]))
    assert len(asked) == 2


def test_a_small_photo_can_be_enlarged_for_a_detector_that_needs_it() -> None:
    small = [(x, 300, 20) for x in range(100, 1400, 100)]
    photo = _photo(1500, 1000, small)
    assert len(_look(photo)[0].areas) == 0
    found, detector = _look(photo, TILING._replace(max_enlargement=2.0))
    assert len(detector.sizes) > 1
    assert [_found(found, square) for square in small] == [1] * len(small)


def test_the_second_look_never_sees_more_than_the_photo_offers() -> None:
    photo = _photo(2400, 1600, [(1000, 300, 30)])
    _, detector = _look(photo)
    assert max(width for width, _ in detector.sizes) <= 2400
    assert all(width <= 1536 and height <= 1024 for width, height in detector.sizes)


def test_the_same_photo_gives_the_same_bytes() -> None:
    squares = [(x, 600, 40 + x // 200) for x in range(300, 5700, 170)]
    first, second = (_look(_photo(6000, 4000, squares))[0] for _ in range(2))
    assert all(one.tobytes() == other.tobytes() for one, other in zip(first, second, strict=True))


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 7), st.integers(36, 150)),
        min_size=1,
        max_size=30,
        unique_by=lambda cell: cell[:2],
    )
)
def test_every_face_is_found_once_wherever_tiles_meet(cells: list[Square]) -> None:
    squares = [(200 * column + 7, 200 * row + 11, side) for column, row, side in cells]
    tiling = TILING._replace(mode="always", finer_size_px=2400, tile_px=(640, 480))
    found, _ = _look(_photo(2400, 1600, squares), tiling, first_px=600)
    assert [_found(found, square) for square in squares] == [1] * len(squares)
    assert len(found.areas) == len(squares)


@settings(deadline=None)
@given(st.integers(1, 9000), st.integers(1, 9000), st.sampled_from([(1536, 1024), (640, 480), (500, 500)]), st.data())
def test_tiles_cover_the_picture_and_share_it_out(
    width: int, height: int, tile_px: tuple[int, int], data: st.DataObject
) -> None:
    tiles = tiles_of(width, height, tile_px, 160)
    longest, shortest = tile_px if width >= height else tile_px[::-1]
    for tile in tiles:
        assert tile.x >= 0 and tile.x + tile.width <= width and tile.width <= longest
        assert tile.y >= 0 and tile.y + tile.height <= height and tile.height <= shortest
    x, y = data.draw(st.floats(0, width)), data.draw(st.floats(0, height))
    owners = [t for t in tiles if t.core[0] <= x < t.core[2] and t.core[1] <= y < t.core[3]]
    assert len(owners) == 1
    # A face of 160 px with its middle there is whole in that tile, as far as the picture goes.
    (tile,) = owners
    assert tile.x <= max(0.0, x - 79) and tile.x + tile.width >= min(width, x + 79)
    assert tile.y <= max(0.0, y - 79) and tile.y + tile.height >= min(height, y + 79)


def test_regions_lie_around_small_faces_only() -> None:
    areas = np.array([[100.0, 100.0, 120.0, 120.0], [300.0, 300.0, 500.0, 500.0]])
    (region,) = regions_of_small_faces(areas, 32)
    assert region[0] < 100 and region[1] < 100 and region[2] > 120 and region[3] > 120
    assert region[2] < 500
    assert len(regions_of_small_faces(areas[1:], 32)) == 0


def test_the_second_look_follows_a_row_of_small_faces() -> None:
    # The first look suspects the leftmost face alone.
    row = [(x, 900, 32) for x in range(500, 5500, 300)]
    photo = _photo(6000, 4000, [(200, 900, 60), *row, (3000, 3700, 32)])
    first = SquareDetector()(photo.reduced(1500).array)
    assert len(first.areas) == 1
    found, _ = _look(photo, TILING._replace(min_confidence=0.6))
    assert [_found(found, square) for square in row] == [1] * len(row)
    assert _found(found, (3000, 3700, 32)) == 0
