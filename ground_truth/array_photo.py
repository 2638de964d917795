"""A decoded photo that an engine can analyse."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.base import Pixels

__all__ = ["ArrayPhoto"]


class ArrayPhoto:
    """An upright photo that is already decoded; implements `curation.engines.base.PhotoPixels`."""

    def __init__(self, array: NDArray[np.uint8]) -> None:
        """Take an (H, W, 3) uint8 RGB array, which is not copied."""
        if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
            raise ValueError(f"a photo is (H, W, 3) uint8, not {array.shape} {array.dtype}")
        self.array = array

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.array.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.array.shape[0])

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """The photo with its long side at most `long_side_px`; `averaged` has no effect."""
        long_side = max(self.width, self.height)
        if long_side <= long_side_px:
            return Pixels(self.array, 1.0)
        scale = long_side_px / long_side
        size = (max(1, round(self.width * scale)), max(1, round(self.height * scale)))
        small = np.asarray(cv2.resize(self.array, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        return Pixels(small, scale)

    def detailed(self, scale: float) -> Pixels:
        """The photo in full."""
        return Pixels(self.array, 1.0)

    def full(self) -> Pixels:
        """The photo in full."""
        return Pixels(self.array, 1.0)
