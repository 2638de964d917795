"""A photo seen turned by quarters of a circle, and its faces turned back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import FiveLandmarks
from curation.domain.faces.geometry import clipped_box
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.batching import FoundFace
from curation.engines.dlib.surroundings import turned_points

__all__ = ["TurnedPhoto"]


class TurnedPhoto:
    """A photo turned anticlockwise; implements `curation.engines.base.PhotoPixels`."""

    def __init__(self, photo: PhotoPixels, turns: int) -> None:
        """Take a photo and the number of quarters of a circle; nothing is decoded yet."""
        self._photo = photo
        self._turns = turns % 4
        sides = (photo.width, photo.height)
        self._width, self._height = sides[::-1] if self._turns % 2 else sides

    @property
    def width(self) -> int:
        """Pixels, after turning."""
        return self._width

    @property
    def height(self) -> int:
        """Pixels, after turning."""
        return self._height

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """As in `PhotoPixels`."""
        return self._turned(self._photo.reduced(long_side_px, averaged=averaged))

    def detailed(self, scale: float) -> Pixels:
        """As in `PhotoPixels`."""
        return self._turned(self._photo.detailed(scale))

    def full(self) -> Pixels:
        """As in `PhotoPixels`."""
        return self._turned(self._photo.full())

    def turned_back(self, face: FoundFace) -> FoundFace:
        """A face of this photo in pixels of the photo before it was turned; the chip stays upright."""
        box = face.box
        corners = np.array([[box.x, box.y], [box.x + box.w, box.y + box.h]], dtype=np.float64)
        corners = self._points_back(corners - 0.5) + 0.5
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        before = clipped_box(left, top, right, bottom, self._photo.width, self._photo.height)
        assert before is not None
        five = FiveLandmarks.from_array(self._points_back(face.landmarks.as_array()))
        return face._replace(box=before, landmarks=five)

    def _turned(self, pixels: Pixels) -> Pixels:
        return pixels._replace(array=np.ascontiguousarray(np.rot90(pixels.array, self._turns)))

    def _points_back(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return turned_points(points, -self._turns, self._width, self._height)
