"""The part of a photo around a face, turned by quarters of a circle."""

from __future__ import annotations

import math
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Surroundings", "turned_points"]


class Surroundings(NamedTuple):
    """A part of a picture with a face in it.

    Attributes:
        array: (H, W, 3) uint8, turned; contiguous unless `turns` is 0.
        area: The face's box in pixels of `array`: (x1, y1, x2, y2) float64 edges.
        left: Column of the picture where the part begins.
        top: Row of the picture where the part begins.
        turns: How many quarters of a circle it was turned anticlockwise.
    """

    array: NDArray[np.uint8]
    area: NDArray[np.float64]
    left: int
    top: int
    turns: int = 0

    @classmethod
    def of(cls, picture: NDArray[np.uint8], area: NDArray[np.float64], *, margin: float) -> Self | None:
        """Cut out a face; None if the box is outside of the picture.

        Args:
            picture: (H, W, 3) uint8.
            area: The face's box in pixels of the picture, maybe partly outside of it.
            margin: How much around the box to keep, in its sides.
        """
        side = float(area[2] - area[0])
        height, width = picture.shape[:2]
        left, top = (max(0, math.floor(edge - margin * side)) for edge in area[:2])
        right, bottom = (
            min(limit, math.ceil(edge + margin * side)) for edge, limit in zip(area[2:], (width, height), strict=True)
        )
        if right - left < 1 or bottom - top < 1:
            return None
        return cls(picture[top:bottom, left:right], area - np.array([left, top, left, top]), left, top)

    def turned(self, turns: int) -> Self:
        """Turned further by quarters of a circle, anticlockwise."""
        height, width = self.array.shape[:2]
        # Edges are places between pixels, whose centres are at whole numbers.
        corners = turned_points(self.area.reshape(2, 2) - 0.5, turns, width, height) + 0.5
        return self._replace(
            array=np.ascontiguousarray(np.rot90(self.array, turns)),
            area=np.concatenate([corners.min(axis=0), corners.max(axis=0)]),
            turns=(self.turns + turns) % 4,
        )

    def points_in_picture(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) points of this part in pixels of the picture."""
        height, width = self.array.shape[:2]
        shift = np.array([self.left, self.top], dtype=np.float64)
        return np.asarray(turned_points(points, -self.turns, width, height) + shift, dtype=np.float64)

    def in_picture(self, area: NDArray[np.float64]) -> NDArray[np.float64]:
        """A box of this part in pixels of the picture."""
        corners = self.points_in_picture(area.reshape(2, 2) - 0.5) + 0.5
        return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def turned_points(points: NDArray[np.float64], turns: int, width: int, height: int) -> NDArray[np.float64]:
    """Where points of a picture are after `numpy.rot90`.

    Args:
        points: (N, 2) x and y, whole numbers at the centres of pixels.
        turns: Quarters of a circle anticlockwise.
        width: Of the picture before, in pixels.
        height: Of the picture before, in pixels.
    """
    for _ in range(turns % 4):
        points = np.column_stack([points[:, 1], width - 1 - points[:, 0]])
        width, height = height, width
    return np.asarray(points, dtype=np.float64)
