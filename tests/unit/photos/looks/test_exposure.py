from __future__ import annotations

import numpy as np

from curation.photos.looks.exposure import light_levels


def test_levels() -> None:
    picture = np.full((10, 10, 3), 128, dtype=np.uint8)
    picture[:2], picture[2:5] = 255, 0
    levels = light_levels(picture)
    assert levels is not None
    assert (levels.bright, levels.blown, levels.blocked) == (255, 0.2, 0.3)


def test_a_blown_channel_is_blown_though_the_luminance_is_not() -> None:
    picture = np.zeros((10, 10, 3), dtype=np.uint8)
    picture[..., 0] = 255
    levels = light_levels(picture)
    assert levels is not None
    assert levels.blown == 1.0
    assert levels.bright < 100


def test_only_the_mask_counts() -> None:
    picture = np.zeros((10, 10, 3), dtype=np.uint8)
    picture[5:] = 200
    mask = np.zeros((10, 10), dtype=bool)
    assert light_levels(picture, mask) is None
    mask[6:] = True
    levels = light_levels(picture, mask)
    assert levels is not None
    assert (levels.bright, levels.blocked) == (200, 0)
