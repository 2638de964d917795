"""The 68 landmarks of faces that dlib's detectors found, as the descriptor needs them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import FiveLandmarks
from curation.domain.faces.geometry import five_of_68
from curation.engines.base import Pixels
from curation.engines.dlib.boxes import FoundBox, intersection_over_union
from curation.engines.dlib.hog import HogDetector
from curation.engines.dlib.surroundings import Surroundings
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
# Of 25 heads on their side, HOG found all with a larger score once they were turned upright.
_HOG_MIN_SCORE_TURNED = 0.0
_HOG_MIN_IOU_TURNED = 0.25  # MMOD's boxes of heads that lie are less exact
# HOG takes some heads that are upside down for faces, with scores of at most 0.7 (upright ones had 1.6 and more).
_SURELY_UPRIGHT_SCORE = 0.8
_MMOD_SURE_SCORE = 0.8  # MMOD gives 0.5 to the few heads upside down that it finds, about 1 to others
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
        is_sure: Whether HOG sees a face there, and that it is not upside down.
    """

    shape: Any
    landmarks: FiveLandmarks
    is_sure: bool = True


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
        self._hog = hog
        self._predictor = LandmarkPredictor(predictor_path)

    def in_hog_box(self, pixels: Pixels, area: NDArray[np.float64], score: float) -> FaceShape:
        """The landmarks of a face that HOG found, which may be upside down.

        Args:
            pixels: The photo, contiguous.
            area: The box, in pixels of `pixels.array`.
            score: HOG's.
        """
        surroundings = Surroundings.of(pixels.array, area, margin=_HOG_SURROUNDINGS)
        lying = None if surroundings is None else self._lying(surroundings, (2,), score)
        return self._fitted(pixels, area, None) if lying is None else self._fitted(pixels, lying[1], lying[0])

    def in_mmod_box(self, pixels: Pixels, area: NDArray[np.float64], score: float) -> FaceShape | None:
        """The landmarks of a face that MMOD found, which may lie on its side; None if there is no face.

        Args:
            pixels: The photo, contiguous.
            area: The box, in pixels of `pixels.array`.
            score: MMOD's.
        """
        surroundings = Surroundings.of(pixels.array, area, margin=_HOG_SURROUNDINGS)
        if surroundings is None:
            return None
        start = self._hog_box(surroundings, min_score=_HOG_MIN_SCORE)
        # MMOD finds heads that lie on either side as well as upright ones.
        if start is None or start.score < 0:
            lying = self._lying(surroundings, (1, 3), None if start is None else start.score)
            if lying is not None:
                return self._fitted(pixels, lying[1], lying[0])
        if start is not None:
            is_sure = start.score >= _SURELY_UPRIGHT_SCORE or score >= _MMOD_SURE_SCORE
            return self._fitted(pixels, surroundings.in_picture(start.area), None)._replace(is_sure=is_sure)
        # HOG does not find heads that are turned far. For these, several start boxes on the upright face give better
        # landmarks than a single one.
        first = _points_of(self._predictor.shape_in(pixels.array, _rectangle_of(_estimated_hog_box(area))))
        better = self._predictor.predict(pixels, _five_of(first, pixels.scale))
        if better is None:
            return None
        points = (better.points + 0.5) * pixels.scale - 0.5
        return FaceShape(_shape_of(points), _five_of(points, pixels.scale), is_sure=False)

    def is_stable(self, pixels: Pixels, landmarks: FiveLandmarks) -> bool:
        """Whether a doubtful detection is a face: its landmarks hardly depend on where the predictor starts."""
        found = self._predictor.predict(pixels, landmarks)
        return found is not None and found.instability <= _MAX_INSTABILITY

    def _hog_box(
        self, surroundings: Surroundings, *, min_score: float, min_iou: float = _HOG_MIN_IOU
    ) -> FoundBox | None:
        """The box that HOG finds where MMOD found one, in pixels of the surroundings; None if it finds none."""
        scale = _HOG_SIDE_PX / float(surroundings.area[2] - surroundings.area[0])
        height, width = surroundings.array.shape[:2]
        size = (round(width * scale), round(height * scale))
        if min(size) < 1:
            return None
        part = cv2.resize(surroundings.array, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        for found in self._hog.detect(np.asarray(part, dtype=np.uint8), min_score=min_score):
            box = np.asarray(found.area / scale, dtype=np.float64)
            if intersection_over_union(box, surroundings.area) > min_iou:
                return FoundBox(box, found.score)
        return None

    def _lying(
        self, surroundings: Surroundings, turns: Sequence[int], upright_score: float | None
    ) -> tuple[Surroundings, NDArray[np.float64]] | None:
        """The surroundings turned so that HOG sees a face better than upright, and its box in them; None otherwise.

        Args:
            surroundings: Of the face that was found.
            turns: The quarters of a circle to try.
            upright_score: HOG's score of the face as it is; None if HOG does not see it.
        """
        best_score = _HOG_MIN_SCORE_TURNED if upright_score is None else max(upright_score, _HOG_MIN_SCORE_TURNED)
        best = None
        if best_score < _SURELY_UPRIGHT_SCORE:
            for turned in (surroundings.turned(each) for each in turns):
                found = self._hog_box(turned, min_score=best_score, min_iou=_HOG_MIN_IOU_TURNED)
                if found is not None:
                    best, best_score = (turned, found.area), found.score
        return best

    def _fitted(self, pixels: Pixels, start: NDArray[np.float64], turned: Surroundings | None) -> FaceShape:
        """The landmarks of a face in the photo, or in turned surroundings.

        Args:
            pixels: The photo.
            start: HOG's box, in pixels of the photo's array or of the surroundings.
            turned: The surroundings, if the face was turned upright.
        """
        picture = pixels.array if turned is None else turned.array
        points = _points_of(self._predictor.shape_in(picture, _rectangle_of(start)))
        if turned is not None:
            points = turned.points_in_picture(points)
        return FaceShape(_shape_of(points), _five_of(points, pixels.scale))


def _points_of(shape: Any) -> NDArray[np.float64]:
    return np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)


def _rectangle_of(area: NDArray[np.float64]) -> Any:
    import dlib

    left, top, right, bottom = (round(float(edge)) for edge in area)
    return dlib.rectangle(left, top, right - 1, bottom - 1)


def _shape_of(points: NDArray[np.float64]) -> Any:
    """A `dlib.full_object_detection` with these points, whose box does not matter."""
    import dlib

    places = [dlib.point(round(x), round(y)) for x, y in points.tolist()]
    return dlib.full_object_detection(dlib.rectangle(0, 0, 1, 1), dlib.points(places))


def _five_of(points: NDArray[np.float64], scale: float) -> FiveLandmarks:
    """The five landmarks in pixels of the full-size photo, from 68 points in a picture at that scale."""
    return FiveLandmarks.from_array((five_of_68(points) + 0.5) / scale - 0.5)


def _estimated_hog_box(area: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where HOG's box of a face would probably be, given MMOD's."""
    middle, side = (area[:2] + area[2:]) / 2, area[2:] - area[:2]
    middle, half = middle + _HOG_SHIFT * side, _HOG_GROWTH * side / 2
    return np.concatenate([middle - half, middle + half])
