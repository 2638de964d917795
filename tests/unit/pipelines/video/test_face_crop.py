from __future__ import annotations

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.engines.base import Pixels
from curation.pipelines.video.face_crop import face_crop
from ground_truth.array_photo import ArrayPhoto
from tests.film_values import points_in


def picture(width: int = 400, height: int = 300) -> ArrayPhoto:
    """Red tells x, green tells y."""
    y, x = np.mgrid[:height, :width]
    return ArrayPhoto(np.stack([x // 2, y // 2, np.zeros_like(x)], axis=2).astype(np.uint8))


@pytest.mark.parametrize("box", [Box(150, 100, 40, 50), Box(0, 0, 60, 80), Box(340, 230, 60, 70)])
def test_points_lie_in_the_crop_where_they_lie_in_the_picture(box: Box) -> None:
    photo = picture()
    crop = face_crop(photo, photo.full(), box, scale=1.0)
    five = points_in(box)

    inside = crop.points_within(five).as_array()

    for (x, y), (own_x, own_y) in zip(five.as_array(), inside, strict=True):
        assert crop.array[round(own_y), round(own_x)] == pytest.approx(photo.array[round(y), round(x)], abs=1)
    own = crop.box_within(box)
    assert (own.w, own.h) == (box.w, box.h)
    assert crop.array[own.y, own.x] == pytest.approx(photo.array[box.y, box.x], abs=1)


def test_a_crop_keeps_no_picture_alive_and_is_reduced_to_what_is_needed() -> None:
    photo = picture()

    crop = face_crop(photo, photo.full(), Box(100, 80, 100, 120), scale=0.5)

    assert crop.array.base is None or crop.array.base.size < photo.array.size / 2
    assert crop.full().scale == pytest.approx(0.5, rel=0.02)
    assert (crop.width, crop.height) == (264, 264) or crop.width <= 265
    assert max(crop.reduced(50).array.shape[:2]) == 50


def test_a_picture_that_was_reduced_gives_a_crop_in_pixels_of_the_full_size() -> None:
    photo = picture()
    small = Pixels(photo.array[::2, ::2].copy(), 0.5)

    crop = face_crop(photo, small, Box(150, 100, 40, 50), scale=1.0)

    assert crop.scale == 0.5
    x, y = crop.points_within(points_in(Box(150, 100, 40, 50))).nose
    colour = crop.array[round(y / 2), round(x / 2)]
    nose = points_in(Box(150, 100, 40, 50)).nose
    assert colour == pytest.approx(photo.array[round(nose.y), round(nose.x)], abs=2)
