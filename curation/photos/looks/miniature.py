"""The miniature of a photo, used to find near-duplicates without opening the photos again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.measuring.measures import MINIATURE_PX

__all__ = ["miniature"]


def miniature(picture: NDArray[np.uint8]) -> bytes:
    """A photo reduced to 16 x 16 pixels, whatever its aspect ratio.

    Args:
        picture: (H, W, 3) uint8 RGB, upright.

    Returns:
        `MINIATURE_BYTES` bytes: 16 rows of 16 pixels of CIELAB as OpenCV scales it to 8 bits (L, a, b).
    """
    size = (MINIATURE_PX, MINIATURE_PX)
    # Reduced first and then converted, so that 256 pixels are converted and not a million.
    small = cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2LAB).tobytes()
