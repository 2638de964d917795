"""Chips: small pictures of faces, which the user sees while labelling."""

from __future__ import annotations

import cv2
import numpy as np
import simplejpeg

from curation.domain.faces.face import Box
from curation.engines.base import Pixels
from curation.photos.files.lazy_photo import halved

__all__ = ["face_chip_jpeg"]

_CONTEXT = 1.7  # side of the chip per longer side of the box: shows hair and chin, little of the neighbours
_MIN_LONG_SIDE_PX = 96  # tiny faces are enlarged to this size so that they can be recognised
_JPEG_QUALITY = 88


def face_chip_jpeg(pixels: Pixels, box: Box, *, long_side_px: int) -> bytes:
    """Crop a face with some of its surroundings from a photo.

    Args:
        pixels: The photo, at any scale.
        box: The face, in pixels of the upright full-size photo.
        long_side_px: Maximum of the chip's longer side. Chips below 96 pixels are enlarged to that size
            (or to `long_side_px` if it is less), others never.

    Returns:
        A JPEG (sRGB), square unless cut off at the edge of the photo; the same bytes for the same input.
    """
    height, width = pixels.array.shape[:2]
    side = _CONTEXT * max(box.w, box.h) * pixels.scale
    centre_x = (box.x + box.w / 2) * pixels.scale
    centre_y = (box.y + box.h / 2) * pixels.scale
    left, right = _clipped(centre_x - side / 2, centre_x + side / 2, width)
    top, bottom = _clipped(centre_y - side / 2, centre_y + side / 2, height)
    chip = np.ascontiguousarray(pixels.array[top:bottom, left:right])
    long_side = max(chip.shape[:2])
    wanted = min(long_side_px, max(long_side, _MIN_LONG_SIDE_PX))
    while long_side >= 2 * wanted and min(chip.shape[:2]) >= 2:
        chip = halved(chip)
        long_side = max(chip.shape[:2])
    if wanted != long_side:
        size = (
            max(1, round(chip.shape[1] * wanted / long_side)),
            max(1, round(chip.shape[0] * wanted / long_side)),
        )
        method = cv2.INTER_AREA if wanted < long_side else cv2.INTER_CUBIC
        chip = cv2.resize(chip, size, interpolation=method).astype(np.uint8, copy=False)
    jpeg: bytes = simplejpeg.encode_jpeg(chip, quality=_JPEG_QUALITY, colorspace="RGB", colorsubsampling="420")
    return jpeg


def _clipped(low: float, high: float, size: int) -> tuple[int, int]:
    """The interval rounded to whole pixels and clipped to [0, size); at least one pixel."""
    first = min(max(0, round(low)), size - 1)
    return first, max(first + 1, min(size, round(high)))
