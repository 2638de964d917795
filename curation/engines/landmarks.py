"""The 68 landmarks of a face, found by dlib's shape predictor on an upright crop of the full-size photo.

dlib is imported when a predictor is built, not with this module.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import FiveLandmarks
from curation.domain.faces.geometry import (
    apply_transform,
    five_of_68,
    head_pose,
    inverse_transform,
    projected_head,
    similarity_transform,
)
from curation.engines.alignment import aligned_face
from curation.engines.base import Pixels
from curation.errors import WeightsBrokenError, WeightsMissingError

if TYPE_CHECKING:
    import dlib

__all__ = ["LandmarkPredictor", "Landmarks68", "packaged_predictor_path"]

_BOX_PX = 220  # the predictor compares single pixels a few hundredths of the box apart
_MARGIN_PX = 70  # the jaw and its surroundings extend beyond the box
_CROP_PX = _BOX_PX + 2 * _MARGIN_PX

# The predictor was trained on the boxes of dlib's HOG detector, so it starts from such a box. Centre and side of that
# box, in distances of the eyes and relative to the point between them: medians over 1,770 upright faces
# in three sets of photos. The detector has separate filters for turned heads, whose boxes are higher.
_FRONTAL_CENTRE, _TURNED_CENTRE = np.array([0.065, 0.63]), np.array([0.0, 0.38])
_FRONTAL_SIDE, _TURNED_SIDE = 2.37, 2.47
_FRONTAL_YAW_DEG, _TURNED_YAW_DEG = 10.0, 20.0  # between these angles the box is interpolated

# Several start boxes around it (shift to the right, downwards, growth, in pixels of the crop): the median of the
# results is better than each of them, and their spread shows whether there is a face. HOG's boxes vary as much.
_STARTS_PX = ((0, 0, 0), (9, 7, 12), (-9, 4, 0), (5, -9, -10), (-4, 2, 16))

_PACKAGE = "face_recognition_models"
_PACKAGED_FILE = "models/shape_predictor_68_face_landmarks.dat"


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks68:
    """The 68 points of the iBUG scheme (Sagonas et al. 2013).

    Attributes:
        points: (68, 2) float64, x and y in pixels of the upright full-size photo.
        disagreement: Mean distance between the five points that follow from the 68 and those of the
            engine, divided by the distance of the eyes (of a frontal head of this size); low for a good fit.
        instability: Mean distance of the inner points found from several start boxes to their median,
            divided by the same length; low if there is a face.
    """

    points: NDArray[np.float64]
    disagreement: float
    instability: float


def packaged_predictor_path() -> Path:
    """The file in the package face_recognition_models.

    Importing that package fails with newer setuptools, so it is only located.

    Raises:
        WeightsMissingError: If the package is not installed, or the file is not in it.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder) / _PACKAGED_FILE
        if path.is_file():
            return path
    raise WeightsMissingError(
        f"dlib's 68-point predictor was not found: install the package {_PACKAGE}, or set scoring.dlib_model_path "
        "in config.yaml to a copy of shape_predictor_68_face_landmarks.dat"
    )


class LandmarkPredictor:
    """Finds the 68 landmarks of faces of which an engine found five; built once in each worker."""

    def __init__(self, path: Path | None = None) -> None:
        """Load the predictor.

        Args:
            path: dlib's shape predictor with 68 points; None uses the packaged one.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a predictor.
        """
        if path is None:
            path = packaged_predictor_path()
        if not path.is_file():
            raise WeightsMissingError(
                f"dlib's 68-point predictor is not at {path}: correct scoring.dlib_model_path in config.yaml, "
                "or set it to null to use the packaged file"
            )
        import dlib

        self._rectangle = dlib.rectangle
        advice = "replace it by shape_predictor_68_face_landmarks.dat, or set scoring.dlib_model_path to null"
        try:
            self._predictor = dlib.shape_predictor(str(path))
            points = self._run(np.zeros((_CROP_PX, _CROP_PX, 3), dtype=np.uint8), 0, 0, 0)
        except Exception as error:  # dlib raises RuntimeError, or other exceptions for other kinds of files
            raise WeightsBrokenError(f"{path} is not a predictor that dlib can read; {advice}") from error
        if len(points) != 68:
            raise WeightsBrokenError(f"{path} predicts {len(points)} points instead of 68; {advice}")

    def predict(self, pixels: Pixels, landmarks: FiveLandmarks) -> Landmarks68 | None:
        """Find the 68 landmarks of a face.

        The face is turned upright and resized to the size that the predictor needs, which then starts
        from a box as in its training, so the result depends neither on roll nor on size.

        Args:
            pixels: The photo, preferably at full size.
            landmarks: Of the face, in pixels of the full-size photo.

        Returns:
            The landmarks; None if the five cannot be a face (all in one spot, not finite).
        """
        five = (landmarks.as_array() + 0.5) * pixels.scale - 0.5
        template, eye_distance_px = _template(five)
        try:
            to_crop = similarity_transform(five, template)
            crop = aligned_face(pixels.array, five, template=template, size_px=_CROP_PX)
        except ValueError:
            return None
        found = np.stack([self._run(crop, *start) for start in _STARTS_PX])
        points = np.median(found, axis=0)
        in_pixels = apply_transform(inverse_transform(to_crop), points)
        inner = slice(17, 68)  # the jaw line is uncertain on every face
        return Landmarks68(
            points=(in_pixels + 0.5) / pixels.scale - 0.5,
            disagreement=_mean_distance(five_of_68(points), apply_transform(to_crop, five)) / eye_distance_px,
            instability=_mean_distance(found[:, inner], points[inner]) / eye_distance_px,
        )

    def shape_in(self, array: NDArray[np.uint8], box: dlib.rectangle) -> dlib.full_object_detection:
        """Dlib's own result for one start box, without turning the face upright.

        Args:
            array: (H, W, 3) uint8 RGB, contiguous.
            box: The start box in pixels of `array`.
        """
        return self._predictor(array, box)

    def _run(self, crop: NDArray[np.uint8], dx: int, dy: int, growth: int) -> NDArray[np.float64]:
        left, top = _MARGIN_PX + dx - growth // 2, _MARGIN_PX + dy - growth // 2
        box = self._rectangle(left, top, left + _BOX_PX + growth - 1, top + _BOX_PX + growth - 1)
        shape = self.shape_in(crop, box)
        return np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)


def _template(five: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The positions of the five points of a head in this pose in the crop, and a frontal head's eye distance there."""
    pose = head_pose(five)
    turned = (abs(pose.yaw_deg) - _FRONTAL_YAW_DEG) / (_TURNED_YAW_DEG - _FRONTAL_YAW_DEG)
    turned = min(1.0, max(0.0, turned))
    eye_distance_px = _BOX_PX / (_FRONTAL_SIDE + turned * (_TURNED_SIDE - _FRONTAL_SIDE))
    centre = _FRONTAL_CENTRE + turned * (_TURNED_CENTRE - _FRONTAL_CENTRE)
    return (projected_head(pose) - centre) * eye_distance_px + _CROP_PX / 2, eye_distance_px


def _mean_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(first - second, axis=-1).mean())
