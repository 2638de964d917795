"""A face at a place that a person pointed out, where the engine by itself saw none or was not sure of one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, DetectedFace, FiveLandmarks, Point
from curation.domain.faces.geometry import box_iou
from curation.engines.base import FaceEngine, PhotoPixels, Pixels
from curation.errors import PhotoUnreadableError

__all__ = ["MIN_BOX_PX", "PicturePart", "face_at", "landmarks_of_box"]

MIN_BOX_PX = 8
"""A box with a shorter side shows nobody."""

_SURROUNDINGS = 2.4  # side of what the detector sees, in longer sides of the box
_FACE_PX = 160.0  # longer side of the box in what the detector sees: large enough for every detector
_MAX_ENLARGEMENT = 4.0
_SAME_FACE_IOU = 0.25  # people draw boxes around heads, detectors around faces
# Where the five points lie in the boxes of upright faces, as parts of their sides: medians of 186 faces of an event.
_LANDMARKS = ((0.28, 0.39), (0.73, 0.39), (0.50, 0.585), (0.31, 0.74), (0.69, 0.74))


class PicturePart:
    """A part of a photo as a photo of its own; implements `curation.engines.base.PhotoPixels`.

    Attributes:
        width: Pixels.
        height: Pixels.
    """

    def __init__(self, array: NDArray[np.uint8]) -> None:
        """Take an (H, W, 3) uint8 RGB array."""
        self._array = array
        self.height, self.width = int(array.shape[0]), int(array.shape[1])

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """See `PhotoPixels.reduced`."""
        scale = long_side_px / max(self.width, self.height)
        if scale >= 1:
            return Pixels(self._array, 1.0)
        size = (max(1, round(self.width * scale)), max(1, round(self.height * scale)))
        return Pixels(np.asarray(cv2.resize(self._array, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), scale)

    def detailed(self, scale: float) -> Pixels:
        """See `PhotoPixels.detailed`."""
        return Pixels(self._array, 1.0)

    def full(self) -> Pixels:
        """See `PhotoPixels.full`."""
        return Pixels(self._array, 1.0)


def face_at(photo: PhotoPixels, box: Box, engine: FaceEngine) -> DetectedFace:
    """The face at a place of a photo.

    The engine looks at the surroundings of the box, enlarged if they are small. If it finds a face there, however
    unsure, that gives the landmarks; else they are taken to lie in the box as in an upright face, and the confidence
    is 0.

    Args:
        photo: The photo.
        box: The place, in pixels of the upright full-size photo; it is the box of the face, whatever the engine finds.
        engine: One that also tells faces it is hardly sure of, see `curation.engines.building`.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded, or the box does not lie in it or is too small.
        FaceAnalysisError: If the networks fail.
    """
    if not (box.x >= 0 and box.y >= 0 and box.x + box.w <= photo.width and box.y + box.h <= photo.height):
        raise PhotoUnreadableError(
            f"the box {list(box)} does not lie in the photo of {photo.width} x {photo.height} pixels: draw it anew"
        )
    if min(box.w, box.h) < MIN_BOX_PX:
        raise PhotoUnreadableError(f"the box {list(box)} is too small to show a face: draw it around the whole face")
    part, left, top, scale = _surroundings(photo, box)
    seen = Box(
        *(round(value) for value in ((box.x - left) * scale, (box.y - top) * scale, box.w * scale, box.h * scale))
    )
    found = _best(engine.analyse(part), seen)
    if found is None:
        landmarks = landmarks_of_box(box)
        return DetectedFace(box, landmarks, 0.0, engine.embed_changed(photo, landmarks, _unchanged)[0])
    # Pixel centres are at whole numbers.
    points = (found.landmarks.as_array() + 0.5) / scale - 0.5 + (left, top)
    return DetectedFace(box, FiveLandmarks.from_array(points), found.confidence, found.embedding)


def landmarks_of_box(box: Box) -> FiveLandmarks:
    """Where the five points of an upright face with this box lie, in its pixels."""
    return FiveLandmarks(*(Point(round(box.x + x * box.w, 2), round(box.y + y * box.h, 2)) for x, y in _LANDMARKS))


def _surroundings(photo: PhotoPixels, box: Box) -> tuple[PicturePart, int, int, float]:
    """What is around a box: a picture, its left and top in the photo, and its pixels per pixel of the photo."""
    long_side = max(box.w, box.h)
    half = _SURROUNDINGS * long_side / 2
    x, y = box.x + box.w / 2, box.y + box.h / 2
    left, top = max(0, math.floor(x - half)), max(0, math.floor(y - half))
    right, bottom = min(photo.width, math.ceil(x + half)), min(photo.height, math.ceil(y + half))
    scale = min(_MAX_ENLARGEMENT, _FACE_PX / long_side)
    pixels = photo.detailed(min(1.0, scale))
    height, width = pixels.array.shape[:2]
    columns = slice(
        round(left * pixels.scale), max(round(left * pixels.scale) + 1, min(width, round(right * pixels.scale)))
    )
    rows = slice(
        round(top * pixels.scale), max(round(top * pixels.scale) + 1, min(height, round(bottom * pixels.scale)))
    )
    cut = np.ascontiguousarray(pixels.array[rows, columns])
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    method = cv2.INTER_AREA if size[0] < cut.shape[1] else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(cut, size, interpolation=method), dtype=np.uint8)
    return PicturePart(resized), left, top, scale


def _best(faces: Sequence[DetectedFace], box: Box) -> DetectedFace | None:
    """The face that was meant with a box: the one that overlaps most with it; None if none does enough."""
    meant = [face for face in faces if box_iou(face.box, box) >= _SAME_FACE_IOU]
    return max(meant, key=lambda face: (box_iou(face.box, box), face.confidence), default=None)


def _unchanged(chip: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [chip]
