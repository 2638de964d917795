"""What a photo looks like, small enough to be kept, so that it is recognised after it was edited or converted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PhotoLook"]


@dataclass(frozen=True, slots=True, eq=False)
class PhotoLook:
    """A photo by its looks.

    Attributes:
        image_path: Path relative to the input folder; a hint only.
        width: Of the upright full-size photo in pixels.
        height: Of the upright full-size photo in pixels.
        capture_time: From EXIF, ISO 8601 in local time, with a fraction of a second if the camera gave one; None if
            unknown.
        miniature: 16 x 16 pixels, see `curation.photos.looks.miniature`; None if unknown.
        boxes: (F, 4) float64, the faces' boxes x, y, w, h in pixels of the upright full-size photo.
        landmarks: (F, 5, 2) float64, in pixels of the upright full-size photo.
        vectors: (F, D) float32 of unit length, the faces' embeddings; D is 0 if they cannot be compared with those of
            other photos. Rows of zeros are faces whose vector is not known.
    """

    image_path: str
    width: int
    height: int
    capture_time: str | None
    miniature: bytes | None
    boxes: NDArray[np.float64]
    landmarks: NDArray[np.float64]
    vectors: NDArray[np.float32]
