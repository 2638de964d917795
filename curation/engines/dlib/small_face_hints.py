"""Where faces may be that are too small for dlib's detectors: fast guesses of OpenCV's cascade.

dlib's detectors find faces of 80 px and more, so they may find none in a large group photo at its working size, and
nothing would trigger a second look. The cascade (Viola and Jones, "Rapid object detection using a boosted cascade of
simple features", CVPR 2001; Lienhart's training, part of OpenCV) finds faces of 20 px and more. It finds about half of
them, which is too few to rely on but enough to know where to look.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.errors import FaceAnalysisError, WeightsMissingError

__all__ = ["SmallFaceHints"]

_CASCADE_FILE = "haarcascade_frontalface_alt2.xml"
_MIN_FACE_PX = 20  # the size of the cascade's training images
_MAX_FACE_PX = 72  # the detectors find larger ones themselves
_PYRAMID_STEP = 1.25
# How many overlapping detections of the cascade make a guess. 4 removes two thirds of the false guesses, and none of
# 41 counted photos had two.
_MIN_NEIGHBOURS = 4


class SmallFaceHints:
    """Guesses where small frontal faces are."""

    def __init__(self) -> None:
        """Load the cascade, which comes with OpenCV.

        Raises:
            WeightsMissingError: If the file is missing.
        """
        path = Path(cv2.__file__).parent / "data" / _CASCADE_FILE
        self._cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
        if self._cascade is None or self._cascade.empty():
            raise WeightsMissingError(f"{path} of OpenCV is missing; reinstall the requirements")

    def areas(self, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(N, 4) edges x1, y1, x2, y2 of possible faces of 20 to 72 px in an (H, W, 3) uint8 RGB picture.

        Raises:
            FaceAnalysisError: If OpenCV fails.
        """
        assert self._cascade is not None
        try:
            grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
            boxes = self._cascade.detectMultiScale(
                grey,
                scaleFactor=_PYRAMID_STEP,
                minNeighbors=_MIN_NEIGHBOURS,
                minSize=(_MIN_FACE_PX, _MIN_FACE_PX),
                maxSize=(_MAX_FACE_PX, _MAX_FACE_PX),
            )
        except cv2.error as error:
            raise FaceAnalysisError(f"OpenCV's cascade failed: {error}") from error
        areas = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        areas[:, 2:] += areas[:, :2]
        return np.asarray(areas[np.lexsort(areas.T[::-1])], dtype=np.float64)
