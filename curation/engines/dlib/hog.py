"""dlib's older face detector: histograms of oriented gradients (HOG), frontal faces only."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.engines.dlib.boxes import FoundBox, without_duplicates
from curation.errors import FaceAnalysisError

__all__ = ["HogDetector"]

# Two boxes show the same face if they overlap by this much of their union, or of the smaller one.
_DUPLICATE_IOU = 0.4
_DUPLICATE_INSIDE = 0.75


class HogDetector:
    """dlib's `get_frontal_face_detector`, whose weights are part of dlib."""

    def __init__(self) -> None:
        """Load the detector; imports dlib."""
        # It keeps the picture in itself while it runs, without Python's lock: threads would mix their pictures.
        self._of_thread = threading.local()
        self._detector()

    def detect(self, picture: NDArray[np.uint8], *, min_score: float = 0.0) -> list[FoundBox]:
        """Find faces of 80 pixels and more in one picture.

        Args:
            picture: (H, W, 3) uint8 RGB of any size; may be a view.
            min_score: Faces have a larger score, which is the distance from the detector's decision plane.

        Returns:
            The best one first; the boxes may extend beyond the picture.

        Raises:
            FaceAnalysisError: If dlib fails.
        """
        try:
            rectangles, scores, _ = self._detector().run(np.ascontiguousarray(picture), 0, min_score)
        except RuntimeError as error:
            raise FaceAnalysisError(f"dlib's face detector failed: {error}") from error
        areas = [
            np.array([box.left(), box.top(), box.right() + 1, box.bottom() + 1], dtype=np.float64) for box in rectangles
        ]
        found = (FoundBox(area, score) for area, score in zip(areas, map(float, scores), strict=True))
        return without_duplicates(found, max_iou=_DUPLICATE_IOU, max_inside=_DUPLICATE_INSIDE)

    def _detector(self) -> Any:
        """This thread's detector."""
        found = getattr(self._of_thread, "detector", None)
        if found is None:
            import dlib

            found = self._of_thread.detector = dlib.get_frontal_face_detector()
        return found
