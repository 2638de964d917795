from __future__ import annotations

import pytest

from curation.engines.dlib.pyramid import pyramid_layout


@pytest.mark.parametrize("size", [(600, 800), (800, 600), (100, 2000), (2000, 100), (5, 5), (1, 1)])
def test_levels_lie_apart_and_inside(size: tuple[int, int]) -> None:
    levels = pyramid_layout(*size)
    assert (levels[0].height, levels[0].width) == size and (levels[0].top, levels[0].left) == (11, 11)
    for index, level in enumerate(levels):
        assert level.left >= 11 and level.left + level.width <= 11 + size[1]
        for other in levels[:index]:
            beside = level.left >= other.left + other.width or other.left >= level.left + level.width
            below = level.top >= other.top + other.height or other.top >= level.top + level.height
            assert beside or below
