from __future__ import annotations

import math

import numpy as np
import pytest

from curation.engines.base import Pixels
from curation.engines.bodies.squares import Head, Pyramid, Square, points_in_photo, square_between


def _gradient() -> np.ndarray:
    rows, columns = np.mgrid[0:120, 0:160]
    return np.stack((columns, rows, np.zeros_like(rows)), axis=2).astype(np.uint8)


@pytest.mark.parametrize("angle", [0.0, 0.3, -2.0, math.pi])
@pytest.mark.parametrize("side", [40.0, 90.0])
def test_a_cut_shows_what_its_points_say(angle: float, side: float) -> None:
    """The red of the picture is x, its green y: the pixel of a cut tells where it is from."""
    square = Square(80.0, 60.0, side, angle)
    cut = Pyramid(Pixels(_gradient(), 1.0)).cut(square, 32)
    for row, column in ((16, 16), (14, 20), (18, 10)):
        ((x, y),) = points_in_photo(np.array([[column + 0.5, row + 0.5]]), square, 32)
        # The middle of the pixel with the value 0 is at 0.5.
        assert cut[row, column, 0] == pytest.approx(x - 0.5, abs=1.5)
        assert cut[row, column, 1] == pytest.approx(y - 0.5, abs=1.5)


def test_a_reduced_photo_gives_the_same_place() -> None:
    large = _gradient().repeat(2, axis=0).repeat(2, axis=1)
    square = Square(160.0, 120.0, 100.0, 0.4)
    whole = Pyramid(Pixels(large, 1.0)).cut(square, 32)
    reduced = Pyramid(Pixels(_gradient(), 0.5)).cut(square, 32)
    assert np.abs(whole.astype(int) - reduced).max() <= 2


def test_outside_of_the_photo_it_is_black() -> None:
    photo = Pyramid(Pixels(np.full((50, 50, 3), 200, dtype=np.uint8), 1.0))
    assert not photo.cut(Square(-500.0, -500.0, 50.0), 16).any()
    assert photo.cut(Square(25.0, 25.0, 20.0), 16).min() == 200


def test_the_up_of_a_square_points_to_the_head() -> None:
    square = square_between(np.array([100.0, 100.0]), np.array([140.0, 100.0]))
    assert square.side == pytest.approx(100) and square.angle == pytest.approx(math.pi / 2)
    ((x, y),) = points_in_photo(np.array([[16.0, 0.0]]), square, 32)
    assert (x, y) == (pytest.approx(150), pytest.approx(100))


def test_heads_of_others_are_painted_over_and_the_own_stays() -> None:
    photo = Pyramid(Pixels(np.full((100, 100, 3), 200, dtype=np.uint8), 1.0))
    square = Square(50.0, 50.0, 100.0)
    cut = photo.cut(square, 100, hidden=[Head(30, 50, 10, 15), Head(70, 50, 25, 25)], own=Head(50, 50, 10, 10))
    assert (cut[50, 30] == 110).all() and (cut[50, 80] == 110).all()
    assert (cut[50, 52] == 200).all() and (cut[5, 5] == 200).all()
    far = photo.cut(square, 100, hidden=[Head(1e9, -1e9, 1e8, 5)])
    assert (far == 200).all()
