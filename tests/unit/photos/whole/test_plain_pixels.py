"""What was never written follows the file, what is black follows the picture."""

from __future__ import annotations

import numpy as np
import pytest

from curation.photos.whole.plain_pixels import Hole, PlainPixels, find_hole
from tests.whole_files import pictured

_WIDTH, _HEIGHT = 130, 90
_ROW = 3 * _WIDTH
_START = 15
_PIXELS = PlainPixels(_START, _HEIGHT, _ROW, _ROW, 3, 3)


def _photo() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(pictured("photo", _WIDTH, _HEIGHT)).copy()


def _file(photo: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], hole: tuple[int, int] | None = None) -> bytes:
    data = b"\x01" * _START + photo.tobytes()
    return data if hole is None else data[: hole[0]] + bytes(hole[1] - hole[0]) + data[hole[1] :]


@pytest.mark.parametrize(
    ("top", "bottom", "left", "right"),
    [
        (0, 20, 0, _WIDTH),
        (70, 90, 0, _WIDTH),
        (30, 60, 0, _WIDTH),
        (30, 60, 40, 90),
        (10, 11, 20, 110),
        (30, 90, 40, 130),
    ],
)
def test_black_bars_frames_and_shapes_are_no_holes(top: int, bottom: int, left: int, right: int) -> None:
    photo = _photo()
    photo[top:bottom, left:right] = 0
    assert find_hole(_file(photo), _PIXELS) is None


def test_zeros_of_transparency_and_of_a_last_pixel_in_pure_red_are_no_holes() -> None:
    photo = _photo()
    photo[40:] = 0
    photo[39, -1] = (200, 0, 0)
    assert find_hole(_file(photo), _PIXELS) is None
    clear = np.concatenate([photo, np.zeros_like(photo[..., :1])], axis=2)
    row = 4 * _WIDTH
    assert find_hole(_file(clear), PlainPixels(_START, _HEIGHT, row, row, 4, 3)) is None


@pytest.mark.parametrize("angle", [0.4, 3, 17, -33])
def test_a_turned_picture_with_black_corners_is_whole(angle: float) -> None:
    turned = np.asarray(pictured("photo", _WIDTH, _HEIGHT).rotate(angle))
    assert find_hole(_file(turned), _PIXELS) is None


def test_darkness_that_fades_to_black_in_the_middle_of_a_row_is_no_hole() -> None:
    photo = _photo()
    photo[50:] = 0
    photo[49] = np.linspace(40, 0, _WIDTH)[:, None] ** 1.2 // 6
    assert find_hole(_file(photo), _PIXELS) is None


def test_a_tail_that_begins_within_a_lit_row_is_a_hole() -> None:
    begin = _START + 40 * _ROW + 151
    hole = find_hole(_file(_photo(), (begin, _START + _HEIGHT * _ROW)), _PIXELS)
    assert hole == Hole(begin, _START + _HEIGHT * _ROW, sure=True)


def test_a_hole_between_two_lit_places_is_sure() -> None:
    begin = _START + 40 * _ROW + 151
    assert find_hole(_file(_photo(), (begin, begin + 3 * _ROW)), _PIXELS) == Hole(begin, begin + 3 * _ROW, sure=True)


def test_a_sector_within_a_row_is_seen_though_it_is_short() -> None:
    wide = PlainPixels(_START, 30, 1950, 1950, 3, 3)
    data = b"\x01" * _START + np.asarray(pictured("photo", 650, 30)).tobytes()
    begin = next(at for at in range(4096, len(data), 512) if 300 < (at - _START) % 1950 < 1000)
    hole = find_hole(data[:begin] + bytes(512) + data[begin + 512 :], wide)
    assert hole == Hole(begin, begin + 512, sure=True)


def test_a_hole_that_begins_at_a_row_and_ends_within_one_is_only_told() -> None:
    begin = _START + 40 * _ROW
    hole = find_hole(_file(_photo(), (begin, begin + 4 * _ROW + 200)), _PIXELS)
    assert hole is not None
    assert not hole.sure


def test_a_tail_that_begins_within_a_pixel_near_the_end_of_a_row_is_told() -> None:
    photo = np.maximum(_photo(), 20)
    start = _START + 50 * _ROW - 4
    assert find_hole(_file(photo, (start, _START + _HEIGHT * _ROW)), _PIXELS) == Hole(
        start, _START + _HEIGHT * _ROW, sure=False
    )
