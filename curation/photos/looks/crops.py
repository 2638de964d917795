"""Cropping faces from photos for measuring: never turned, never enlarged, so that sharpness does not change."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.geometry import clipped_box
from curation.engines.base import Pixels
from curation.photos.files.lazy_photo import halved

__all__ = ["Crop", "square_crop"]


class Crop(NamedTuple):
    """A part of a photo.

    Attributes:
        array: (h, w, 3) uint8 RGB.
        centre: The requested point in pixels of `array`, x and y; may be outside.
    """

    array: NDArray[np.uint8]
    centre: tuple[float, float]


def square_crop(
    pixels: Pixels,
    centre: NDArray[np.floating],
    half_px: float,
    *,
    max_scale: float,
    halved_to: float = math.inf,
) -> Crop | None:
    """The square around a point, reduced by averaging areas (no aliasing, no other interpolation).

    Args:
        pixels: The photo.
        centre: (2,) x and y in pixels of the full-size photo.
        half_px: Half the side, in pixels of the full-size photo.
        max_scale: At most so many pixels of the result per pixel of the full-size photo; never more
            than the photo's own scale and 1.
        halved_to: The square is first halved as long as its scale is not below this. It then looks like a photo
            decoded at a half, a quarter or an eighth, so results do not depend on the size that was decoded.

    Returns:
        The square, clipped to the photo; None if less than 4 x 4 pixels remain.
    """
    if not math.isfinite(half_px):
        return None
    x, y = (np.asarray(centre, dtype=np.float64) + 0.5) * pixels.scale
    half = half_px * pixels.scale
    height, width = pixels.array.shape[:2]
    box = clipped_box(x - half, y - half, x + half, y + half, width, height)
    if box is None:
        return None
    crop = pixels.array[box.y : box.y + box.h, box.x : box.x + box.w]
    reduction = min(1.0, max_scale / pixels.scale)
    w, h = round(box.w * reduction), round(box.h * reduction)
    if min(w, h) < 4:
        return None
    crop = np.ascontiguousarray(crop)
    scale = pixels.scale
    while scale * 0.5 >= halved_to and min(crop.shape[:2]) >= 2:
        crop = halved(crop)
        scale *= 0.5
    if (crop.shape[1], crop.shape[0]) != (w, h):
        crop = np.asarray(cv2.resize(crop, (w, h), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return Crop(crop, ((x - box.x) * w / box.w, (y - box.y) * h / box.h))
