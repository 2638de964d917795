"""Which tiles a photo has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.photos.tiles.grid import TILE_PX, TileGrid


@pytest.mark.parametrize(
    ("size", "finest", "expected"),
    [
        ((800, 600), 0, [(0, 800, 600)]),
        ((6000, 4000), 0, [(0, 6000, 4000), (1, 3000, 2000)]),
        ((20_001, 3001), 0, [(0, 20_001, 3001), (1, 10_001, 1501), (2, 5001, 751), (3, 2501, 376)]),
        ((6000, 4000), 1, [(1, 3000, 2000)]),
    ],
)
def test_levels(size: tuple[int, int], finest: int, expected: list[tuple[int, int, int]]) -> None:
    assert [(one.level, one.width, one.height) for one in TileGrid(*size, finest).levels()] == expected


def test_a_level_that_is_not_there() -> None:
    assert TileGrid(800, 600).level(1) is None
    assert TileGrid(6000, 4000, finest=1).level(0) is None


@given(width=st.integers(1, 9000), height=st.integers(1, 9000))
def test_the_tiles_of_a_level_cover_it_once(width: int, height: int) -> None:
    for level in TileGrid(width, height).levels():
        area = 0
        for row in range(level.rows):
            for column in range(level.columns):
                place = level.tile(column, row)
                assert place is not None
                assert 0 < place.w <= TILE_PX
                assert 0 < place.h <= TILE_PX
                assert place.x == column * TILE_PX
                assert place.y == row * TILE_PX
                area += place.w * place.h
        assert area == level.width * level.height
        assert level.tile(level.columns, 0) is None
        assert level.tile(0, -1) is None
