"""Dividing a foreground among people."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.engines.bodies.segmenters.separation import shares_of, without_islands
from tests.unit.engines.bodies.segmenters.people import standing

_AREA = Box(0, 0, 400, 400)
_LEFT, _RIGHT = Box(60, 40, 140, 340), Box(200, 40, 140, 340)


def _scene(*coloured: tuple[Box, tuple[int, int, int]]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    picture = np.full((400, 400, 3), 90, np.uint8)
    foreground = np.zeros((320, 320), np.float32)
    for box, colour in coloured:
        picture[box.y : box.y + box.h, box.x : box.x + box.w] = colour
        x0, y0, x1, y1 = (round(0.8 * each) for each in (box.x, box.y, box.x + box.w, box.y + box.h))
        foreground[y0:y1, x0:x1] = 1
    return picture, foreground


def _at(share: NDArray[np.float32], x: float, y: float) -> float:
    return float(share[int(0.8 * y), int(0.8 * x)])


def test_one_person_has_everything() -> None:
    picture, foreground = _scene((_LEFT, (200, 30, 30)))
    (share,) = shares_of(picture, foreground, _AREA, [standing(0, _LEFT)])
    assert (share == 1).all()


@pytest.mark.parametrize("pose", [True, False])
@pytest.mark.parametrize("face", [True, False])
def test_neighbours_share_at_the_border_of_their_colours(pose: bool, face: bool) -> None:
    picture, foreground = _scene((_LEFT, (200, 30, 30)), (_RIGHT, (30, 30, 200)))
    people = [standing(0, _LEFT, pose=pose, face=face), standing(1, _RIGHT, pose=pose, face=face)]
    left, right = shares_of(picture, foreground, _AREA, people)
    assert np.allclose(left + right, 1, atol=1e-5)
    for y in (80, 200, 350):
        assert _at(left, 190, y) > 0.9
        assert _at(right, 210, y) > 0.9


def test_an_arm_around_the_neighbour_is_the_persons_own() -> None:
    hand = (300.0, 160.0)
    people = [standing(0, _LEFT, left_hand=hand), standing(1, _RIGHT)]
    picture, foreground = _scene((_LEFT, (200, 30, 30)), (_RIGHT, (30, 30, 200)))
    picture[150:172, 180:310] = (200, 30, 30)  # the sleeve
    left, right = shares_of(picture, foreground, _AREA, people)
    assert _at(left, 270, 161) > 0.8
    assert _at(right, 270, 230) > 0.8
    assert _at(right, 270, 100) > 0.8


def test_somebody_wholly_behind_others_still_has_a_place() -> None:
    picture, foreground = _scene((_LEFT, (200, 30, 30)))
    people = [standing(0, _LEFT), standing(1, _LEFT), standing(2, Box(120, 100, 3, 3), pose=False, face=False)]
    shares = shares_of(picture, foreground, _AREA, people)
    assert len(shares) == 3
    assert all(np.isfinite(share).all() for share in shares)


def test_landmarks_far_outside_the_photo_do_no_harm() -> None:
    picture, foreground = _scene((_LEFT, (200, 30, 30)), (_RIGHT, (30, 30, 200)))
    people = [standing(0, _LEFT, left_hand=(1e12, -1e12)), standing(1, _RIGHT)]
    left, right = shares_of(picture, foreground, _AREA, people)
    assert _at(left, 100, 200) > 0.9
    assert _at(right, 270, 300) > 0.9


def test_small_islands_beside_the_body_go() -> None:
    mask, body = np.zeros((100, 80), np.float32), np.zeros((100, 80), np.float32)
    mask[10:90, 20:50], body[10:90, 25:45] = 0.9, 1
    mask[92:98, 30:36], body[92:98, 30:36] = 0.8, 1  # a foot
    mask[20:28, 60:68] = 0.9
    cleaned = without_islands(mask, body)
    assert not cleaned[20:28, 60:68].any()
    assert (cleaned[10:90, 20:50] == np.float32(0.9)).all()
    assert (cleaned[92:98, 30:36] > 0).all()
    large = mask.copy()
    large[20:80, 55:75] = 0.7
    assert (without_islands(large, body)[20:80, 55:75] > 0).all()
    assert not without_islands(np.zeros_like(mask), body).any()
