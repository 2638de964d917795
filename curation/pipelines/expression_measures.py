"""Measuring the eyes and smiles of the faces in a photo: landmarks first, then the networks for all faces at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from curation.domain.faces.face import Box, FiveLandmarks
from curation.domain.faces.geometry import HeadPose, head_pose, head_size_px
from curation.domain.judging.calibration import MIN_EXPRESSION_EYES_PX, eye_measure, landmark_fit, smile_measure
from curation.domain.judging.measures import Measure, Reason
from curation.engines.base import Pixels
from curation.engines.expressions.networks import Answer, FaceExpression, packaged_expressions
from curation.engines.landmarks import LandmarkPredictor, Landmarks68

__all__ = ["MIN_MEASURED_FACE_PX", "ExpressionMeasures", "expression_measures"]

MIN_MEASURED_FACE_PX = 16
"""Smaller faces are never measured, whatever the settings say."""

_MIN_FIT = 0.5
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
    fitting = [points.points for points, fit in zip(found, fits, strict=True) if points is not None and fit >= _MIN_FIT]
    # Workers without any face never load the networks.
    read = iter(packaged_expressions().read(pixels, fitting) if fitting else ())
    return [
        _measures(pixels, five, points, fit, next(read) if points is not None and fit >= _MIN_FIT else None)
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
    return _known(fit, pose, seen)


def _known(fit: float, pose: HeadPose, seen: FaceExpression) -> ExpressionMeasures:
    mouth = seen.mouth
    return ExpressionMeasures(
        fit,
        right_eye=_eye(seen.right_eye, -pose.yaw_deg),
        left_eye=_eye(seen.left_eye, pose.yaw_deg),
        smile=Measure.unknown(Reason.COVERED) if mouth is None else smile_measure(mouth.yes, mouth.hidden),
    )


def _eye(seen: Answer | None, away_deg: float) -> Measure:
    return Measure.unknown(Reason.COVERED) if seen is None else eye_measure(seen.yes, seen.hidden, away_deg)


def _unknown(fit: float, reason: Reason) -> ExpressionMeasures:
    unknown = Measure.unknown(reason)
    return ExpressionMeasures(fit, unknown, unknown, unknown)
