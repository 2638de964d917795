"""How stored pictures of a film become upright ones with square pixels: display matrix and pixel aspect ratio.

The display matrix (ISO/IEC 14496-12, 8.5.2) has nine 32-bit numbers of fixed point; a stored point (x, y) is shown at
(a x + c y, b x + d y). A telephone that was held upright turns by 90 degrees, a front camera may mirror besides.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["Display", "turn_of_matrix"]

_ONE = 1 << 16
# Outside of this, the number in the file is an error, not a kind of film.
_ASPECTS = (Fraction(1, 4), Fraction(4))


@dataclass(frozen=True, slots=True)
class Display:
    """From stored to shown pictures.

    Attributes:
        turned_deg: By how much the stored picture is turned clockwise, after it was mirrored: 0, 90, 180 or 270.
        is_mirrored: Whether left and right of the stored picture are swapped.
        pixel_aspect: Width of a stored pixel over its height.
    """

    turned_deg: int = 0
    is_mirrored: bool = False
    pixel_aspect: Fraction = Fraction(1)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture of a stored one, in square pixels."""
        width = self.squared_width(width)
        return (height, width) if self.turned_deg in (90, 270) else (width, height)

    def squared_width(self, width: int) -> int:
        """Width of a stored picture once its pixels are square."""
        low, high = _ASPECTS
        return max(1, round(width * self.pixel_aspect)) if low <= self.pixel_aspect <= high else width

    def upright(self, stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, ...) a stored picture as it is shown; a contiguous copy unless nothing is to be done."""
        if self.is_mirrored:
            stored = stored[:, ::-1]
        if self.turned_deg:
            stored = np.rot90(stored, -(self.turned_deg // 90))
        return np.ascontiguousarray(stored)


def turn_of_matrix(matrix: bytes) -> tuple[int, bool]:
    """Clockwise turn in degrees and whether the picture is mirrored before, of a display matrix.

    Args:
        matrix: Nine native 32-bit numbers, as FFmpeg hands them on.

    Returns:
        The nearest multiple of 90 degrees; (0, False) for a matrix that is too short or that shows nothing.
    """
    if len(matrix) < 36:
        return 0, False
    a, b, _, c, d = (value / _ONE for value in struct.unpack("=5i", matrix[:20]))
    if a * d - b * c == 0:
        return 0, False
    is_mirrored = a * d - b * c < 0
    if is_mirrored:
        a, b = -a, -b
    turns = round(np.degrees(np.arctan2(b, a)) / 90) % 4
    return int(turns) * 90, is_mirrored
