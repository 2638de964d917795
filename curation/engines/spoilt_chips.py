"""Chips spoilt on purpose, as a wrong alignment would: they show where an embedder puts faces that it cannot read."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["SPOILT_WAYS", "spoilt_chips"]

SPOILT_WAYS = ("upside down", "on its side", "a piece", "two heads", "film negative")
"""What is done to a chip, in the order of `spoilt_chips`."""

# A piece of a large face: the part of the chip around an eye and half of the nose, in parts of its sides.
_PIECE_MIDDLE = (0.40, 0.52)
_PIECE_SIDE = 0.42
_TWO_HEADS_SIDE = 0.75  # of each, in sides of the chip


def spoilt_chips(chip: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """A chip spoilt in each of `SPOILT_WAYS`.

    Args:
        chip: (S, S, 3) uint8, an aligned face.

    Returns:
        As many chips of the same size.
    """
    side = chip.shape[0]
    left, top = (round((middle - _PIECE_SIDE / 2) * side) for middle in _PIECE_MIDDLE)
    wide = round(_PIECE_SIDE * side)
    part = np.ascontiguousarray(chip[top : top + wide, left : left + wide])
    piece = cv2.resize(part, (side, side), interpolation=cv2.INTER_LINEAR)
    small, half = round(_TWO_HEADS_SIDE * side), side // 2
    head = cv2.resize(np.ascontiguousarray(chip), (small, small), interpolation=cv2.INTER_AREA)
    two_heads = np.zeros_like(chip)
    row, cut = (side - small) // 2, (small - half) // 2
    two_heads[row : row + small, :half] = head[:, cut : cut + half]
    two_heads[row : row + small, half:] = head[:, cut : cut + side - half]
    return [
        np.ascontiguousarray(chip[::-1, ::-1]),
        np.ascontiguousarray(np.rot90(chip)),
        np.asarray(piece, dtype=np.uint8),
        two_heads,
        np.asarray(255 - chip, dtype=np.uint8),
    ]
