"""Turned squares around people, and cutting them out of a photo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.base import Pixels

__all__ = ["Head", "Pyramid", "Square", "points_in_photo", "square_between"]

# Bilinear sampling reads 2 x 2 pixels, so a picture that is reduced more is first halved by averaging.
_MAX_REDUCTION = 1.7
_MIN_LEVEL_PX = 32
_MAX_DRAWN_PX = 10_000  # farther away nothing is drawn, and OpenCV's integers would overflow

_SIDE_OF_CIRCLE = 2.5
"""Side of a person's square as a multiple of the distance from the hips to the edge of the circle around the body.

Source: MediaPipe's pose graphs: a box of twice that distance, enlarged by 1.25.
"""


_HIDDEN = (110, 110, 110)  # the colour of what is painted over, a middling grey


class Head(NamedTuple):
    """An upright ellipse around somebody's head, in pixels of the upright full-size photo.

    Attributes:
        x: Of its middle.
        y: Likewise.
        half_width: Half of its width.
        half_height: Half of its height.
    """

    x: float
    y: float
    half_width: float
    half_height: float


class Square(NamedTuple):
    """A turned square.

    Attributes:
        x: Of its middle, in pixels of the upright full-size photo.
        y: Likewise.
        side: In the same pixels.
        angle: By which it is turned clockwise, in radians; its own "up" points to the person's head.
    """

    x: float
    y: float
    side: float
    angle: float = 0.0


def square_between(hips: NDArray[np.floating], rim: NDArray[np.floating]) -> Square:
    """The square of a person with the middle of the hips and a point of the circle around the body, above the head.

    Args:
        hips: (2,) x, y.
        rim: (2,) x, y.
    """
    dx, dy = float(rim[0] - hips[0]), float(rim[1] - hips[1])
    return Square(float(hips[0]), float(hips[1]), _SIDE_OF_CIRCLE * math.hypot(dx, dy), math.atan2(dx, -dy))


class Pyramid:
    """A photo and its halves, quarters ..., made when they are asked for."""

    def __init__(self, pixels: Pixels) -> None:
        """Keep the pixels; nothing is computed yet."""
        self._levels = [pixels]

    @property
    def pixels(self) -> Pixels:
        """The photo at its largest scale."""
        return self._levels[0]

    def cut(
        self, square: Square, side_px: int, *, hidden: Sequence[Head] = (), own: Head | None = None
    ) -> NDArray[np.uint8]:
        """Cut out a square, turned upright.

        Args:
            square: In pixels of the full-size photo; may lie outside.
            side_px: Sides of the result.
            hidden: Heads that are painted over, so that a network that follows one person does not follow these.
            own: A head that stays visible where the others reach into it.

        Returns:
            (side_px, side_px, 3) uint8 RGB, black outside of the photo.
        """
        array, scale = self.level(side_px / max(square.side, 1e-6))
        # From pixels of the result to those of the level; the middle of the first pixel is at (0, 0).
        step = square.side * scale / side_px
        cos, sin = math.cos(square.angle) * step, math.sin(square.angle) * step
        half = (side_px - 1) / 2
        x, y = square.x * scale - 0.5, square.y * scale - 0.5
        matrix = np.array([[cos, -sin, x - half * (cos - sin)], [sin, cos, y - half * (sin + cos)]])
        cut = cv2.warpAffine(
            array,
            matrix,
            (side_px, side_px),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(0, 0, 0),
        )
        return _painted(np.asarray(cut, dtype=np.uint8), square, hidden, own) if hidden else np.asarray(cut, np.uint8)

    def level(self, wanted: float) -> Pixels:
        """The smallest level that can be brought to a scale by bilinear sampling, or almost so.

        Args:
            wanted: Pixels wanted per pixel of the full-size photo.
        """
        place = 0
        while self._levels[place].scale > _MAX_REDUCTION * wanted:
            if place + 1 == len(self._levels):
                array, scale = self._levels[place]
                if min(array.shape[:2]) < _MIN_LEVEL_PX:
                    break
                height, width = array.shape[:2]
                # An odd last row or column is dropped, so that the scale is exactly a half.
                halved = cv2.resize(
                    array[: height // 2 * 2, : width // 2 * 2], (width // 2, height // 2), interpolation=cv2.INTER_AREA
                )
                self._levels.append(Pixels(np.asarray(halved, dtype=np.uint8), scale / 2))
            place += 1
        return self._levels[place]


def _painted(cut: NDArray[np.uint8], square: Square, hidden: Sequence[Head], own: Head | None) -> NDArray[np.uint8]:
    painted = cut.copy()
    for head in hidden:
        _ellipse(painted, head, square, _HIDDEN)
    if own is not None:
        mask = np.zeros(cut.shape[:2], dtype=np.uint8)
        _ellipse(mask, own, square, (1,))
        painted[mask > 0] = cut[mask > 0]
    return painted


def _ellipse(array: NDArray[np.uint8], head: Head, square: Square, colour: Sequence[int]) -> None:
    ratio = len(array) / square.side
    dx, dy = (head.x - square.x) * ratio, (head.y - square.y) * ratio
    cos, sin = math.cos(square.angle), math.sin(square.angle)
    middle = round(dx * cos + dy * sin + len(array) / 2), round(dy * cos - dx * sin + len(array) / 2)
    axes = max(1, round(head.half_width * ratio)), max(1, round(head.half_height * ratio))
    if max(abs(middle[0]), abs(middle[1]), *axes) < _MAX_DRAWN_PX:
        cv2.ellipse(array, middle, axes, math.degrees(-square.angle), 0, 360, tuple(colour), cv2.FILLED)


def points_in_photo(points: NDArray[np.floating], square: Square, side_px: int) -> NDArray[np.float64]:
    """Bring points of a cut-out square back to the photo.

    Args:
        points: (N, 2) x, y in pixels of the cut-out, whose left upper corner is (0, 0).
        square: That was cut out.
        side_px: Sides of the cut-out.

    Returns:
        (N, 2) in pixels of the full-size photo.
    """
    centred = (np.asarray(points, dtype=np.float64) / side_px - 0.5) * square.side
    cos, sin = math.cos(square.angle), math.sin(square.angle)
    return np.column_stack(
        (square.x + centred[:, 0] * cos - centred[:, 1] * sin, square.y + centred[:, 0] * sin + centred[:, 1] * cos)
    )
