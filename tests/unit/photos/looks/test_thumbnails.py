from __future__ import annotations

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.engines.base import Pixels
from curation.photos.files.exif import upright
from curation.photos.looks.thumbnails import face_chip_jpeg


def photo_with_face(width: int, height: int, box: Box) -> NDArray[np.uint8]:
    array = np.full((height, width, 3), (40, 80, 160), dtype=np.uint8)
    array[box.y : box.y + box.h, box.x : box.x + box.w] = (230, 200, 180)
    return array


def chip(array: NDArray[np.uint8], box: Box, long_side_px: int = 256, scale: float = 1.0) -> NDArray[np.uint8]:
    decoded: NDArray[np.uint8] = simplejpeg.decode_jpeg(
        face_chip_jpeg(Pixels(array, scale), box, long_side_px=long_side_px)
    )
    return decoded


def test_a_chip_is_square_and_shows_the_face_with_its_surroundings() -> None:
    box = Box(400, 300, 160, 200)
    picture = chip(photo_with_face(1000, 800, box), box)
    assert picture.shape == (256, 256, 3)
    assert np.abs(picture[128, 128].astype(int) - (230, 200, 180)).max() < 12
    for corner in (picture[4, 4], picture[4, -4], picture[-4, 4], picture[-4, -4]):
        assert np.abs(corner.astype(int) - (40, 80, 160)).max() < 12
    face_share = (picture[..., 0] > 130).mean()
    assert face_share == pytest.approx(160 * 200 / (1.7 * 200) ** 2, abs=0.02)


def test_the_box_is_in_pixels_of_the_full_photo() -> None:
    box = Box(400, 300, 200, 200)
    array = photo_with_face(1000, 800, box)
    small = np.ascontiguousarray(array[::2, ::2])
    difference = chip(array, box, 128).astype(int) - chip(small, box, 128, scale=0.5)
    assert np.abs(difference).mean() < 2


def test_a_chip_ends_where_the_photo_ends() -> None:
    box = Box(0, 0, 200, 200)
    assert chip(photo_with_face(1000, 800, box), box, 1024).shape == (270, 270, 3)
    box = Box(900, 300, 100, 200)
    assert chip(photo_with_face(1000, 800, box), box, 1024).shape == (340, 220, 3)


def test_faces_are_not_enlarged_unless_tiny() -> None:
    box = Box(400, 300, 100, 100)
    assert chip(photo_with_face(1000, 800, box), box, 512).shape == (170, 170, 3)
    tiny = Box(400, 300, 20, 20)
    assert chip(photo_with_face(1000, 800, tiny), tiny, 512).shape == (96, 96, 3)
    assert chip(photo_with_face(1000, 800, tiny), tiny, 64).shape == (64, 64, 3)


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(9, 7, 1, 1), Box(0, 0, 10, 8)])
def test_the_smallest_photos_have_chips(box: Box) -> None:
    assert max(chip(photo_with_face(10, 8, box), box).shape) == 96
    assert chip(np.zeros((1, 1, 3), dtype=np.uint8), Box(0, 0, 1, 1)).shape == (96, 96, 3)


def test_views_will_do_and_bytes_repeat() -> None:
    box = Box(400, 300, 160, 200)
    array = photo_with_face(1000, 800, box)
    view = upright(np.ascontiguousarray(upright(array, 3)), 3)
    first = face_chip_jpeg(Pixels(array, 1.0), box, long_side_px=256)
    assert face_chip_jpeg(Pixels(view, 1.0), box, long_side_px=256) == first
