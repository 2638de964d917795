"""Which tiles a photo has: levels of half the size each, cut into squares."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.faces.face import Box

__all__ = ["TILE_PX", "TileGrid", "TileLevel"]

TILE_PX = 512
"""The side of a tile in pixels of its level; those at the right and lower edge are smaller."""
_SCREEN_PX = 2048  # the picture in screen size shows as much as a level of this size
_MOST_LEVELS = 12


@dataclass(frozen=True, slots=True)
class TileLevel:
    """One size of a photo.

    Attributes:
        level: 0 is the full size; each further level has half the size.
        width: Of the photo at this level, in pixels.
        height: Of the photo at this level, in pixels.
    """

    level: int
    width: int
    height: int

    @property
    def columns(self) -> int:
        """How many tiles lie beside each other."""
        return -(-self.width // TILE_PX)

    @property
    def rows(self) -> int:
        """How many tiles lie above each other."""
        return -(-self.height // TILE_PX)

    def tile(self, column: int, row: int) -> Box | None:
        """The place of a tile in pixels of this level; None if there is no such tile."""
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return None
        x, y = column * TILE_PX, row * TILE_PX
        return Box(x, y, min(TILE_PX, self.width - x), min(TILE_PX, self.height - y))


@dataclass(frozen=True, slots=True)
class TileGrid:
    """The levels of a photo, down to the size of the picture for the screen.

    Attributes:
        width: Of the upright full-size photo in pixels.
        height: Of the upright full-size photo in pixels.
        finest: The first level that exists: 0, or more for a JPEG that is only decoded at a part of its size.
    """

    width: int
    height: int
    finest: int = 0

    def levels(self) -> tuple[TileLevel, ...]:
        """All levels, the finest first; there is always one."""
        found = [self._level(self.finest)]
        while max(found[-1].width, found[-1].height) > 2 * _SCREEN_PX and len(found) < _MOST_LEVELS:
            found.append(self._level(found[-1].level + 1))
        return tuple(found)

    def level(self, number: int) -> TileLevel | None:
        """One level; None if there is no such level."""
        return next((level for level in self.levels() if level.level == number), None)

    def _level(self, number: int) -> TileLevel:
        divisor = 2**number
        return TileLevel(number, -(-self.width // divisor), -(-self.height // divisor))
