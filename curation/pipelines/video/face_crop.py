"""A face cut from a picture of a film with what is around it, so that the picture itself can be given back."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FiveLandmarks
from curation.domain.faces.geometry import clipped_box
from curation.engines.base import PhotoPixels, Pixels

__all__ = ["FaceCrop", "face_crop"]

_REACH = 2.2
"""Side of the crop per longer side of the box: chips show 1.7, readers of attributes up to 1.95."""


class FaceCrop:
    """A part of a picture; implements `curation.engines.base.PhotoPixels` as if the part were a photo of its own.

    Attributes:
        array: (H, W, 3) uint8 RGB, of its own memory.
        scale: Pixels of `array` per pixel of the full-size picture, in (0, 1].
        left: Of the part, in pixels of the upright full-size picture.
        top: Likewise.
        width: Likewise.
        height: Likewise.
    """

    __slots__ = ("array", "height", "left", "scale", "top", "width")

    def __init__(self, array: NDArray[np.uint8], scale: float, part: Box) -> None:
        """Take a part of a picture, in pixels of the upright full-size picture."""
        self.array = array
        self.scale = scale
        self.left, self.top, self.width, self.height = part

    def full(self) -> Pixels:
        """All that there is of it."""
        return Pixels(self.array, self.scale)

    def detailed(self, scale: float) -> Pixels:
        """All that there is of it."""
        return self.full()

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """The part at most this large; `averaged` has no effect."""
        height, width = self.array.shape[:2]
        factor = long_side_px / max(width, height)
        if factor >= 1:
            return self.full()
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        small = np.asarray(cv2.resize(self.array, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        return Pixels(small, self.scale * factor)

    def box_within(self, box: Box) -> Box:
        """A box of the picture, in pixels of the part, clipped to it."""
        x, y = box.x - self.left, box.y - self.top
        inside = clipped_box(x, y, x + box.w, y + box.h, self.width, self.height)
        return inside or Box(0, 0, self.width, self.height)

    def points_within(self, landmarks: FiveLandmarks) -> FiveLandmarks:
        """Landmarks of the picture, in pixels of the part."""
        return FiveLandmarks.from_array(landmarks.as_array() - (self.left, self.top))


def face_crop(picture: PhotoPixels, pixels: Pixels, box: Box, *, scale: float) -> FaceCrop:
    """Cut a face from a picture.

    Args:
        picture: Of the film; only its size is asked for.
        pixels: The picture, decoded.
        box: Of the face, in pixels of the upright full-size picture.
        scale: At which the face shows all details that are needed; a much finer crop is reduced.
    """
    reach = _REACH * max(box.w, box.h) / 2
    x, y = box.x + box.w / 2, box.y + box.h / 2
    part = clipped_box(x - reach, y - reach, x + reach, y + reach, picture.width, picture.height) or box
    height, width = pixels.array.shape[:2]
    left, top = math.floor(part.x * pixels.scale), math.floor(part.y * pixels.scale)
    right = min(width, math.ceil((part.x + part.w) * pixels.scale))
    bottom = min(height, math.ceil((part.y + part.h) * pixels.scale))
    array = pixels.array[top : max(bottom, top + 1), left : max(right, left + 1)]
    exact = Box(
        round(left / pixels.scale),
        round(top / pixels.scale),
        max(1, round(array.shape[1] / pixels.scale)),
        max(1, round(array.shape[0] / pixels.scale)),
    )
    factor = scale / pixels.scale
    if factor < 0.8:
        size = (max(1, round(array.shape[1] * factor)), max(1, round(array.shape[0] * factor)))
        small = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        return FaceCrop(small, pixels.scale * size[0] / array.shape[1], exact)
    return FaceCrop(array.copy(), pixels.scale, exact)
