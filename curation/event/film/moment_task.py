"""Measuring one picture of a clip in a worker, as photos are measured."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from curation.domain.faces.face import Box, FiveLandmarks
from curation.domain.measuring.measures import PhotoMeasures
from curation.engines.base import Pixels
from curation.errors import ClipUnreadableError
from curation.pipelines.measuring import measure_photo
from curation.pipelines.per_photo import worker_originals, worker_predictor

__all__ = ["MomentTask", "StillPhoto", "measure_moment_worker"]


@dataclass(frozen=True, slots=True)
class MomentTask:
    """A picture of a clip to be measured.

    Attributes:
        image_path: Path of the clip relative to the input folder, for messages.
        path: To open it.
        time: Of the picture.
        faces: Box and landmarks of each face, in pixels of the upright picture.
    """

    image_path: str
    path: Path
    time: Fraction
    faces: tuple[tuple[Box, FiveLandmarks], ...]


class StillPhoto:
    """A picture of a clip that is decoded already; implements `PhotoPixels`."""

    def __init__(self, pixels: Pixels) -> None:
        """Take the picture; it is not copied."""
        self._pixels = pixels

    @property
    def width(self) -> int:
        """Of the full-size picture, in pixels."""
        width: int = self._pixels.array.shape[1]
        return round(width / self._pixels.scale)

    @property
    def height(self) -> int:
        """Likewise."""
        height: int = self._pixels.array.shape[0]
        return round(height / self._pixels.scale)

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """See `PhotoPixels.reduced`."""
        array, scale = self._pixels
        long_side = max(array.shape[:2])
        if long_side <= long_side_px:
            return self._pixels
        part = long_side_px / long_side
        size = (max(1, round(array.shape[1] * part)), max(1, round(array.shape[0] * part)))
        small = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        return Pixels(small, scale * part)

    def detailed(self, scale: float) -> Pixels:
        """The picture in full."""
        return self._pixels

    def full(self) -> Pixels:
        """The picture in full."""
        return self._pixels


def measure_moment_worker(task: MomentTask) -> PhotoMeasures:
    """Measure one picture of a clip and its faces: eyes, smile, focus, exposure.

    Raises:
        PhotoError: If the clip cannot be decoded there, or is not the one that was looked at.
        WeightsError: If the landmark predictor cannot be loaded.
    """
    from curation.video.stills import still

    with worker_originals().at_hand(task.path) as path:
        photo = StillPhoto(still(path, task.time))
    for box, _ in task.faces:
        if box.x + box.w > photo.width or box.y + box.h > photo.height:
            raise ClipUnreadableError(
                f"a face at {list(box)} lies outside the picture of {photo.width} x {photo.height} pixels: the clip "
                "was changed; look at the clips again"
            )
    return measure_photo(photo, task.faces, worker_predictor())
