"""A second opinion on how a face lies: dlib's predictor of five points, which starts from either detector's box."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.errors import WeightsBrokenError, WeightsMissingError

__all__ = ["FivePoints", "points_of", "rectangle_of"]

# Its points among the 68 of the iBUG scheme: the corners of both eyes, and the base of the nose.
_AMONG_68 = [45, 42, 36, 39, 33]


class FivePoints:
    """dlib's `shape_predictor_5_face_landmarks`: less exact than the 68 points, but lost on fewer faces."""

    def __init__(self, weights: WeightsFile) -> None:
        """Load the predictor; imports dlib.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a predictor.
        """
        import dlib

        if not weights.path.is_file():
            raise WeightsMissingError(f"{weights.path} is missing; reinstall the requirements")
        try:
            self._predictor = dlib.shape_predictor(str(weights.path))
            found = len(self._predictor(np.zeros((32, 32, 3), dtype=np.uint8), dlib.rectangle(4, 4, 27, 27)).parts())
        except Exception as error:  # dlib raises RuntimeError, or other exceptions for other kinds of files
            raise WeightsBrokenError(f"{weights.path} is not a predictor that dlib can read") from error
        if found != len(_AMONG_68):
            raise WeightsBrokenError(f"{weights.path} predicts {found} points instead of {len(_AMONG_68)}")

    def predict(self, picture: NDArray[np.uint8], area: NDArray[np.float64]) -> NDArray[np.float64]:
        """The (5, 2) points of a face.

        Args:
            picture: (H, W, 3) uint8 RGB, contiguous.
            area: The face's box, found by either detector, in pixels of the picture.
        """
        return points_of(self._predictor(picture, rectangle_of(area)))

    @staticmethod
    def disagreement(five: NDArray[np.float64], points: NDArray[np.float64], area: NDArray[np.float64]) -> float:
        """Mean distance between the five points and the same ones among 68, in sides of the face's box."""
        apart = np.linalg.norm(five - points[_AMONG_68], axis=1).mean()
        return float(apart / max(1.0, area[2] - area[0]))


def points_of(shape: Any) -> NDArray[np.float64]:
    """The (N, 2) points of a `dlib.full_object_detection`."""
    return np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)


def rectangle_of(area: NDArray[np.float64]) -> Any:
    """A `dlib.rectangle` with these edges (x1, y1, x2, y2)."""
    import dlib

    left, top, right, bottom = (round(float(edge)) for edge in area)
    return dlib.rectangle(left, top, right - 1, bottom - 1)
