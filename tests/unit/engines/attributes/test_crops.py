from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.attributes.crops import BoxCrop, box_chip, chips_of, template_chip
from curation.engines.attributes.reader import FoundAt
from curation.engines.base import Pixels
from ground_truth.array_photo import ArrayPhoto

TEMPLATE = np.array([[0.3, 0.3], [0.7, 0.3], [0.5, 0.5], [0.35, 0.7], [0.65, 0.7]])


def _gradient() -> NDArray[np.uint8]:
    """Red grows to the right, green downwards, one level a pixel."""
    y, x = np.mgrid[0:200, 0:200]
    return np.dstack([x, y, np.zeros_like(x)]).astype(np.uint8)


def _face(box: Box, *, turned_deg: float = 0.0) -> FoundAt:
    angle = np.radians(turned_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array([box.x + box.w / 2, box.y + box.h / 2])
    points = (TEMPLATE - 0.5) * [box.w, box.h] @ turn + middle
    return FoundAt(box, FiveLandmarks.from_array(points))


def test_a_square_is_what_is_in_the_box() -> None:
    chip = box_chip(Pixels(_gradient(), 1.0), _face(Box(40, 60, 50, 50)), size_px=50)
    assert chip.shape == (50, 50, 3)
    assert np.abs(chip.astype(int) - _gradient()[60:110, 40:90]).max() <= 1


def test_a_photo_at_half_size_gives_the_same_place() -> None:
    half = np.ascontiguousarray(_gradient()[::2, ::2])
    chip = box_chip(Pixels(half, 0.5), _face(Box(40, 60, 100, 100)), size_px=50)
    assert np.abs(chip.astype(int) - half[30:80, 20:70]).max() <= 1


def test_the_square_has_the_longer_side_and_the_letterbox_is_black_beside_it() -> None:
    face = _face(Box(60, 40, 50, 100))
    square = box_chip(Pixels(_gradient(), 1.0), face, size_px=100)
    boxed = box_chip(Pixels(_gradient(), 1.0), face, size_px=100, crop=BoxCrop.LETTERBOX)
    assert abs(int(square[50, 0, 0]) - 35) <= 1
    assert not boxed[:, :25].any() and not boxed[:, 75:].any()
    assert np.array_equal(boxed[:, 25:75], square[:, 25:75])


def test_a_margin_shows_more() -> None:
    chip = box_chip(Pixels(_gradient(), 1.0), _face(Box(60, 60, 50, 50)), size_px=100, margin=1.0)
    assert abs(int(chip[50, 0, 0]) - 35) <= 1


def test_turned_eyes_become_level() -> None:
    photo = np.zeros((200, 200, 3), dtype=np.uint8)
    face = _face(Box(50, 50, 100, 100), turned_deg=30)
    for point in (face.landmarks.right_eye, face.landmarks.left_eye):
        photo[round(point.y) - 2 : round(point.y) + 3, round(point.x) - 2 : round(point.x) + 3] = 255
    rows, columns = np.nonzero(box_chip(Pixels(photo, 1.0), face, size_px=100, turned=True)[..., 0] > 128)
    assert abs(rows[columns < 50].mean() - rows[columns > 50].mean()) < 1
    assert rows.mean() == pytest.approx(30, abs=1.5)


def test_landmarks_lie_at_the_template() -> None:
    photo = np.zeros((200, 200, 3), dtype=np.uint8)
    face = _face(Box(50, 50, 100, 100), turned_deg=20)
    x, y = face.landmarks.nose
    photo[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = 255
    chip = template_chip(Pixels(photo, 1.0), face, template=TEMPLATE, size_px=64)
    rows, columns = np.nonzero(chip[..., 0] > 128)
    assert [columns.mean(), rows.mean()] == pytest.approx([31.5, 31.5], abs=1)


def test_faces_that_are_none_have_no_chips() -> None:
    good = _face(Box(40, 60, 50, 50))
    nan = FoundAt(Box(40, 60, 50, 50), FiveLandmarks.from_array(np.full((5, 2), np.nan)))
    empty = FoundAt(Box(40, 60, 0, 50), good.landmarks)
    chips = chips_of(
        ArrayPhoto(_gradient()),
        [nan, good, empty],
        lambda pixels, face: (box_chip(pixels, face, size_px=20),),
        eye_distance_px=64,
    )
    assert [chip is None for chip in chips] == [True, False, True]


def test_without_faces_the_photo_is_not_decoded() -> None:
    class Unreadable(ArrayPhoto):
        def detailed(self, scale: float) -> Pixels:
            raise AssertionError("decoded")

    photo = Unreadable(_gradient())
    assert chips_of(photo, [], lambda pixels, face: (), eye_distance_px=64) == []
