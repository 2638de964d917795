import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.engines.base import Pixels
from curation.engines.bodies.base import BodyMask
from curation.engines.bodies.clothes.window import window_of


def test_a_window_is_the_body_with_a_margin_inside_the_photo() -> None:
    window = window_of(Box(100, 50, 100, 300), 220, 1000, grid_px=100)
    assert window.area == Box(76, 26, 144, 348)
    assert (window.width, window.height) == (41, 100)
    assert window_of(Box(0, 0, 8, 8), 8, 8, grid_px=100).area == Box(0, 0, 8, 8)
    assert window_of(Box(0, 0, 1, 1), 1, 1, grid_px=100).width == 1


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.1])
def test_a_picture_of_a_window_is_never_empty(scale: float) -> None:
    pixels = Pixels(np.zeros((round(400 * scale), round(300 * scale), 3), dtype=np.uint8), scale)
    window = window_of(Box(298, 398, 2, 2), 300, 400, grid_px=50)
    assert min(window.picture(pixels).shape[:2]) >= 1


@pytest.mark.parametrize("mask_size", [(40, 30), (400, 300), (123, 77)])
def test_masks_come_back_from_the_grid(mask_size: tuple[int, int]) -> None:
    window = window_of(Box(60, 80, 120, 200), 300, 400, grid_px=96)
    y, x = (np.indices(mask_size) + 0.5) / np.array(mask_size).reshape(2, 1, 1)
    values = ((np.abs(x - 0.4) < 0.15) & (np.abs(y - 0.45) < 0.2)).astype(np.float32)
    mask = BodyMask(values, Box(0, 0, 300, 400), mask_size[0] / 400)
    there = window.mask_on_grid(mask)
    assert there.shape == (window.height, window.width)
    back = window.grid_on_mask(there, mask)
    assert back.shape == mask_size
    assert np.abs(back - values).mean() < 0.03


def test_outside_of_a_mask_there_is_nothing() -> None:
    window = window_of(Box(100, 100, 100, 100), 300, 300, grid_px=60)
    mask = BodyMask(np.ones((50, 50), dtype=np.float32), Box(100, 100, 50, 100), 0.5)
    grid = window.mask_on_grid(mask)
    assert grid[30, 10:25].min() > 0.99
    assert grid[30, 35:].max() == 0
