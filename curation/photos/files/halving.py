"""Halving a picture, which is far cheaper than resizing it by any other factor."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["halved"]


def halved(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture at half its size, each pixel the mean of four; many times faster than a resize by another factor.

    Args:
        array: (H, W, 3) uint8, H and W at least 2; the last row or column of an odd size is dropped.
    """
    height, width = array.shape[0] // 2, array.shape[1] // 2
    small = cv2.resize(array[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
