from __future__ import annotations

import numpy as np
import pytest

from curation.engines.dlib.surroundings import Surroundings, turned_points


def _numbered(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.arange(width * height, dtype=np.uint8).reshape(height, width, 1).repeat(3, axis=2)


@pytest.mark.parametrize("turns", [-1, 0, 1, 2, 3])
def test_points_move_with_the_pixels(turns: int) -> None:
    picture = _numbered(7, 5)
    turned = np.rot90(picture, turns)
    for x, y in [(0, 0), (6, 0), (2, 4), (5, 3)]:
        ((to_x, to_y),) = turned_points(np.array([[x, y]], dtype=np.float64), turns, 7, 5)
        assert turned[round(to_y), round(to_x), 0] == picture[y, x, 0]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_box_stays_on_its_pixels(turns: int) -> None:
    picture = _numbered(9, 8)
    area = np.array([3.0, 2.0, 5.0, 5.0])
    part = Surroundings.of(picture, area, margin=0.5)
    assert part is not None and (part.left, part.top) == (2, 1)
    turned = part.turned(turns)
    left, top, right, bottom = (round(edge) for edge in turned.area)
    assert sorted(turned.array[top:bottom, left:right, 0].ravel()) == sorted(picture[2:5, 3:5, 0].ravel())
    assert turned.in_picture(turned.area) == pytest.approx(area)
    assert turned.points_in_picture(turned.area.reshape(2, 2)).shape == (2, 2)


def test_a_box_outside_of_the_picture_has_no_surroundings() -> None:
    assert Surroundings.of(_numbered(9, 8), np.array([20.0, 2.0, 22.0, 4.0]), margin=0.5) is None


def test_surroundings_end_at_the_edge_of_the_picture() -> None:
    part = Surroundings.of(_numbered(9, 8), np.array([-2.0, -1.0, 4.0, 5.0]), margin=1)
    assert part is not None
    assert part.array.shape == (8, 9, 3) and part.area.tolist() == [-2, -1, 4, 5]
