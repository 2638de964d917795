"""Measuring the eyes and smiles of the faces in a photo: landmarks first, then the networks for all faces at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FiveLandmarks
from curation.domain.faces.geometry import HeadPose, head_pose, head_size_px
from curation.domain.measuring.calibration import (
    LOOKING_DOWN_FROM,
    MIN_EXPRESSION_EYES_PX,
    eye_measure,
    landmark_fit,
    smile_measure,
)
from curation.domain.measuring.looking_down import looking_down_odds
from curation.domain.measuring.measures import Measure, Reason, joined_eyes
from curation.engines.base import Pixels
from curation.engines.expressions.networks import FaceExpression, packaged_expressions
from curation.engines.landmarks import LandmarkPredictor, Landmarks68

__all__ = ["MIN_LANDMARK_FIT", "MIN_MEASURED_FACE_PX", "ExpressionMeasures", "expression_measures"]

MIN_MEASURED_FACE_PX = 16
"""Smaller faces are never measured, whatever the settings say."""

MIN_LANDMARK_FIT = 0.5
"""68 points of which `landmark_fit` is lower are not used."""

_CLOSED_BELOW = 0.5
_PROFILE_DEG = 35.0


class ExpressionMeasures(NamedTuple):
    """The fit of the landmarks, and the measures of eyes and smile; the fields are those of `FaceMeasures`."""

    fit: float
    right_eye: Measure
    left_eye: Measure
    smile: Measure


def expression_measures(
    pixels: Pixels, faces: Sequence[tuple[Box, FiveLandmarks]], predictor: LandmarkPredictor
) -> list[ExpressionMeasures]:
    """Measure eyes and smiles.

    Args:
        pixels: The photo.
        faces: Box and landmarks of each face, in pixels of the upright full-size photo.
        predictor: Of the 68 landmarks.

    Returns:
        One for each face, in the given order.
    """
    found = [
        None if min(box.w, box.h) < MIN_MEASURED_FACE_PX else predictor.predict(pixels, landmarks)
        for box, landmarks in faces
    ]
    fits = [0.0 if points is None else landmark_fit(points.disagreement, points.instability) for points in found]
    fitting = [
        points.points for points, fit in zip(found, fits, strict=True) if points is not None and fit >= MIN_LANDMARK_FIT
    ]
    # Workers without any face never load the networks.
    read = iter(packaged_expressions().read(pixels, fitting) if fitting else ())
    return [
        _measures(pixels, five, points, fit, next(read) if points is not None and fit >= MIN_LANDMARK_FIT else None)
        for (_, five), points, fit in zip(faces, found, fits, strict=True)
    ]


def _measures(
    pixels: Pixels, landmarks: FiveLandmarks, points: Landmarks68 | None, fit: float, seen: FaceExpression | None
) -> ExpressionMeasures:
    if points is None:
        return _unknown(fit, Reason.TINY)
    five = landmarks.as_array()
    pose = head_pose(five)
    if head_size_px(five, pose) * pixels.scale < MIN_EXPRESSION_EYES_PX:
        return _unknown(fit, Reason.TINY)
    if seen is None:
        # The predictor also fails on profiles; only if the face looks at the camera, something must cover it.
        return _unknown(fit, Reason.TURNED if abs(pose.yaw_deg) > _PROFILE_DEG else Reason.COVERED)
    return _known(fit, pose, seen, points.points)


def _known(fit: float, pose: HeadPose, seen: FaceExpression, points: NDArray[np.float64]) -> ExpressionMeasures:
    mouth = seen.mouth
    right, left = _eyes(pose, seen)
    if _seem_closed(right, left) and _looks_down(seen, points):
        right, left = (
            eye if eye.value is None else Measure.unknown(Reason.LOOKING_DOWN, eye.raw) for eye in (right, left)
        )
    return ExpressionMeasures(
        fit,
        right_eye=right,
        left_eye=left,
        smile=Measure.unknown(Reason.COVERED) if mouth is None else smile_measure(mouth.yes, mouth.hidden),
    )


def _eyes(pose: HeadPose, seen: FaceExpression) -> tuple[Measure, Measure]:
    # Glasses cover both eyes: where one of them mirrors something, the other tells.
    hidden = [eye.hidden for eye in (seen.right_eye, seen.left_eye) if eye is not None]
    of_both = sum(hidden) / len(hidden) if hidden else 0.0
    right, left = (
        Measure.unknown(Reason.COVERED) if eye is None else eye_measure(eye.yes, max(eye.hidden, of_both), away_deg)
        for eye, away_deg in ((seen.right_eye, -pose.yaw_deg), (seen.left_eye, pose.yaw_deg))
    )
    return right, left


def _seem_closed(right: Measure, left: Measure) -> bool:
    value = joined_eyes(right, left).value
    return value is not None and value < _CLOSED_BELOW


def _looks_down(seen: FaceExpression, points: NDArray[np.float64]) -> bool:
    odds = [eye.yes for eye in (seen.right_eye, seen.left_eye) if eye is not None]
    try:
        return looking_down_odds(points, sum(odds) / len(odds)) > LOOKING_DOWN_FROM
    except ValueError:  # the eyes coincide
        return False


def _unknown(fit: float, reason: Reason) -> ExpressionMeasures:
    unknown = Measure.unknown(reason)
    return ExpressionMeasures(fit, unknown, unknown, unknown)
