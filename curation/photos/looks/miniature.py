"""The miniature of a photo, by which near-duplicates are found without opening the photos again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.judging.measures import MINIATURE_PX

__all__ = ["miniature"]


def miniature(picture: NDArray[np.uint8]) -> bytes:
    """A photo in 16 x 16 pixels, whatever its shape.

    Args:
        picture: (H, W, 3) uint8 RGB, upright.

    Returns:
        `MINIATURE_BYTES` bytes: 16 rows of 16 pixels of CIELAB as OpenCV scales it to 8 bits (L, a, b).
    """
    size = (MINIATURE_PX, MINIATURE_PX)
    # By areas in linear steps: first reduced, then converted, so that 256 pixels are converted and not a million.
    small = cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2LAB).tobytes()
