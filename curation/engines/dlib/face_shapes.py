"""The 68 landmarks of faces that dlib's detectors found, as the descriptor needs them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import FiveLandmarks
from curation.domain.faces.geometry import five_of_68
from curation.engines.base import Pixels
from curation.engines.dlib.boxes import intersection_over_union
from curation.engines.dlib.hog import HogDetector
from curation.engines.landmarks import LandmarkPredictor

__all__ = ["FaceShape", "FaceShapes"]

# The descriptor was trained on faces whose landmarks were predicted from HOG's boxes, which depend on how a head is
# turned. So HOG examines the surroundings of each face that MMOD found: at this size, with this much around it (in
# sides of the box), with a threshold below its own. On an album (163 faces that both find) B-cubed F was 0.93 with
# HOG's boxes, found in either way, and 0.86 to 0.89 with any fixed position relative to MMOD's.
_HOG_SIDE_PX = 130.0
_HOG_SURROUNDINGS = 0.7
_HOG_MIN_SCORE = -0.5
_HOG_MIN_IOU = 0.35
# Where HOG's boxes lie relative to MMOD's: growth, shift to the right and downwards in sides of MMOD's box; medians of
# 677 faces that both found.
_HOG_GROWTH = 1.09
_HOG_SHIFT = np.array([0.055, 0.08])
# On badges and emblems, which HOG takes for faces, landmarks vary when the predictor starts from slightly different
# boxes: the instability was 0.074 to 0.113 on 7 pictures of badges, at most 0.065 on 27 faces of groups and portraits
# with scores as low.
_MAX_INSTABILITY = 0.07


class FaceShape(NamedTuple):
    """The landmarks of one face.

    Attributes:
        shape: A `dlib.full_object_detection` with the 68 points, in pixels of the picture.
        landmarks: The five landmarks that follow from them, in pixels of the full-size photo.
    """

    shape: Any
    landmarks: FiveLandmarks


class FaceShapes:
    """Finds the landmarks of faces, given the box of one of the detectors."""

    def __init__(self, predictor_path: Path, hog: HogDetector) -> None:
        """Load the predictor; imports dlib.

        Args:
            predictor_path: dlib's shape predictor with 68 points.
            hog: Finds the boxes that the predictor was trained on.

        Raises:
            WeightsMissingError: If the predictor's file is missing.
            WeightsBrokenError: If it is not such a predictor.
        """
        import dlib

        self._dlib = dlib
        self._hog = hog
        self._predictor = LandmarkPredictor(predictor_path)

    def in_hog_box(self, pixels: Pixels, area: NDArray[np.float64]) -> FaceShape:
        """The landmarks of a face that HOG found.

        Args:
            pixels: The photo, contiguous.
            area: The box, in pixels of `pixels.array`.
        """
        shape = self._predictor.shape_in(pixels.array, self._rectangle(area))
        return FaceShape(shape, _five_of(_points_of(shape), pixels.scale))

    def in_mmod_box(self, pixels: Pixels, area: NDArray[np.float64]) -> FaceShape | None:
        """The landmarks of a face that MMOD found; None if there is no face.

        Args:
            pixels: The photo, contiguous.
            area: The box, in pixels of `pixels.array`.
        """
        start = self._hog_box(pixels.array, area)
        if start is not None:
            return self.in_hog_box(pixels, start)
        # HOG does not find heads that are turned far. For these, several start boxes on the upright face give better
        # landmarks than a single one.
        first = self.in_hog_box(pixels, _estimated_hog_box(area))
        better = self._predictor.predict(pixels, first.landmarks)
        if better is None:
            return None
        points = (better.points + 0.5) * pixels.scale - 0.5
        return FaceShape(self._shape_of(points, first.shape.rect), _five_of(points, pixels.scale))

    def is_stable(self, pixels: Pixels, landmarks: FiveLandmarks) -> bool:
        """Whether a doubtful detection is a face: its landmarks hardly depend on where the predictor starts."""
        found = self._predictor.predict(pixels, landmarks)
        return found is not None and found.instability <= _MAX_INSTABILITY

    def _hog_box(self, picture: NDArray[np.uint8], area: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The box that HOG finds where MMOD found one, in pixels of the picture; None if it finds none."""
        side = float(area[2] - area[0])
        height, width = picture.shape[:2]
        left, top = (max(0, math.floor(edge - _HOG_SURROUNDINGS * side)) for edge in area[:2])
        right, bottom = (
            min(limit, math.ceil(edge + _HOG_SURROUNDINGS * side))
            for edge, limit in zip(area[2:], (width, height), strict=True)
        )
        scale = _HOG_SIDE_PX / side
        size = (round((right - left) * scale), round((bottom - top) * scale))
        if right - left < 1 or bottom - top < 1 or min(size) < 1:
            return None
        part = cv2.resize(
            picture[top:bottom, left:right], size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        for found in self._hog.detect(np.asarray(part, dtype=np.uint8), min_score=_HOG_MIN_SCORE):
            box = np.asarray(found.area / scale + np.array([left, top, left, top]), dtype=np.float64)
            if intersection_over_union(box, area) > _HOG_MIN_IOU:
                return box
        return None

    def _rectangle(self, area: NDArray[np.float64]) -> Any:
        left, top, right, bottom = (round(float(edge)) for edge in area)
        return self._dlib.rectangle(left, top, right - 1, bottom - 1)

    def _shape_of(self, points: NDArray[np.float64], rectangle: Any) -> Any:
        places = [self._dlib.point(round(x), round(y)) for x, y in points.tolist()]
        return self._dlib.full_object_detection(rectangle, self._dlib.points(places))


def _points_of(shape: Any) -> NDArray[np.float64]:
    return np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)


def _five_of(points: NDArray[np.float64], scale: float) -> FiveLandmarks:
    """The five landmarks in pixels of the full-size photo, from 68 points in a picture at that scale."""
    return FiveLandmarks.from_array((five_of_68(points) + 0.5) / scale - 0.5)


def _estimated_hog_box(area: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where HOG's box of a face would probably be, given MMOD's."""
    middle, side = (area[:2] + area[2:]) / 2, area[2:] - area[:2]
    middle, half = middle + _HOG_SHIFT * side, _HOG_GROWTH * side / 2
    return np.concatenate([middle - half, middle + half])
