"""The exposure of a face or a photo, from its brightest and its clipped parts."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.measuring.calibration import LightLevels

__all__ = ["light_levels"]

_BRIGHT_PERCENTILE = 97
_BLOWN_LEVEL = 253  # of the brightest channel, where the colour is lost, in JPEGs as well
_BLOCKED_LEVEL = 10  # of the luminance


def light_levels(picture: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> LightLevels | None:
    """Measure the exposure of a picture.

    Args:
        picture: (H, W, 3) uint8 RGB.
        mask: (H, W), the pixels that are measured; None measures all.

    Returns:
        The levels; None if no pixel is measured.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    strongest = picture.max(axis=2)
    if mask is not None:
        grey, strongest = grey[mask], strongest[mask]
    if grey.size == 0:
        return None
    return LightLevels(
        bright=float(np.percentile(grey, _BRIGHT_PERCENTILE)),
        blown=float((strongest >= _BLOWN_LEVEL).mean()),
        blocked=float((grey <= _BLOCKED_LEVEL).mean()),
    )
