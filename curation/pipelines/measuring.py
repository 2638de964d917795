"""Measuring a photo and its faces from pixels only, without labels, rules or thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, DetectedFace, FaceQuality, FiveLandmarks
from curation.domain.faces.geometry import HeadPose, head_pose, head_size_px, share_outside
from curation.domain.measuring.calibration import (
    FINE_EYE_DISTANCE_PX,
    FOCUS_EYE_DISTANCE_PX,
    exposure_measure,
    face_focus_measure,
    face_quality_score,
    photo_focus_measure,
)
from curation.domain.measuring.measures import FaceMeasures, Measure, PhotoMeasures, Reason
from curation.engines.alignment import DETAIL_PX, detail_scale
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.landmarks import LandmarkPredictor
from curation.photos.looks.artefacts import artefacts
from curation.photos.looks.crops import square_crop
from curation.photos.looks.exposure import light_levels
from curation.photos.looks.focus import fine_detail, sharpest_detail, unsmeared_detail
from curation.photos.looks.miniature import miniature
from curation.pipelines.expression_measures import ExpressionMeasures, expression_measures

__all__ = ["MAX_MEASURED_FACES", "face_focus", "face_quality", "largest_faces", "measure_photo"]

MAX_MEASURED_FACES = 400
"""Of a photo with more faces only the largest are measured: a crowd in a stadium takes bounded time, and the result
does not depend on how fast the machine is. A school or a wedding party in one photo has fewer."""

_FACE_REACH = 1.15  # half the side of the square that focus is measured on, in distances of the eyes
_EXPOSURE_EYE_DISTANCE_PX = 24.0
_OVAL_HALF_WIDTH, _OVAL_HALF_HEIGHT = 0.9, 1.1  # of the face, in distances of the eyes
_PHOTO_LONG_SIDE_PX = 1024


def measure_photo(
    photo: PhotoPixels,
    faces: Sequence[tuple[Box, FiveLandmarks]],
    predictor: LandmarkPredictor,
    *,
    capture_time: datetime | None = None,
) -> PhotoMeasures:
    """Measure a photo and its faces.

    Args:
        photo: The photo; decoded once, at the smallest size that is enough for its faces.
        faces: Box and landmarks of each face, in pixels of the upright full-size photo.
        predictor: Of the 68 landmarks.
        capture_time: Of the photo, stored with the measures.

    Returns:
        The measures, faces in the given order; beyond the `MAX_MEASURED_FACES` largest faces they are "not measured".

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded.
    """
    size = (photo.width, photo.height)
    measured = {number: _unmeasured_face(*face, size) for number, face in enumerate(faces)}
    largest = largest_faces(faces)
    if largest:
        judged = [faces[number] for number in largest]
        pixels = photo.detailed(_needed_scale(photo, judged))
        expressions = expression_measures(pixels, judged, predictor)
        for number, (box, five), expression in zip(largest, judged, expressions, strict=True):
            measured[number] = _measure_face(pixels, box, five, expression, size)
    small = photo.reduced(_PHOTO_LONG_SIDE_PX).array
    return PhotoMeasures(
        width=photo.width,
        height=photo.height,
        faces=tuple(measured.values()),
        focus=photo_focus_measure(sharpest_detail(small), with_people=bool(faces)),
        exposure=exposure_measure(light_levels(small[::4, ::4])),
        capture_time=capture_time,
        miniature=miniature(small),
        artefacts=artefacts(
            small, [box for box, _ in faces], scale=max(small.shape[:2]) / max(photo.width, photo.height)
        ),
    )


def largest_faces(faces: Sequence[tuple[Box, FiveLandmarks]]) -> list[int]:
    """The numbers of the `MAX_MEASURED_FACES` largest faces, in ascending order; smaller ones are not measured."""
    by_size = sorted(range(len(faces)), key=lambda number: (-min(faces[number][0].w, faces[number][0].h), number))
    return sorted(by_size[:MAX_MEASURED_FACES])


def _needed_scale(photo: PhotoPixels, faces: Sequence[tuple[Box, FiveLandmarks]]) -> float:
    """The scale at which each face is large enough for the focus measure, and the photo for its reduced picture."""
    whole = min(1.0, _PHOTO_LONG_SIDE_PX / max(photo.width, photo.height))
    return max(whole, detail_scale((five for _, five in faces), eye_distance_px=FINE_EYE_DISTANCE_PX))


def face_quality(pixels: Pixels, face: DetectedFace) -> FaceQuality:
    """How well a face can be recognised.

    Sharpness is measured with the eyes at most `FOCUS_EYE_DISTANCE_PX` apart, and on halved pixels if the face is
    large, so it hardly depends on the size at which the photo was decoded.

    Args:
        pixels: The photo, at a scale of `alignment.detail_scale` or more.
        face: As detected on it.

    Returns:
        The quality; if the landmarks cannot be those of a face, sharpness is 0 and yaw 90 degrees.
    """
    five = face.landmarks.as_array()
    pose = head_pose(five)
    size_px = min(face.box.w, face.box.h)
    crop = _face_crop(pixels, five, pose, finest_px=FOCUS_EYE_DISTANCE_PX, halved_to_px=DETAIL_PX)
    sharpness = 0.0 if crop is None else _sharpness(crop)
    return FaceQuality(
        size_px=size_px,
        sharpness=sharpness,
        yaw_deg=round(pose.yaw_deg, 1),
        score=face_quality_score(size_px, sharpness, pose.yaw_deg, face.confidence),
    )


def face_focus(pixels: Pixels, landmarks: FiveLandmarks) -> Measure:
    """How sharp a face is.

    Args:
        pixels: The photo.
        landmarks: Of the face, in pixels of the upright full-size photo.
    """
    five = landmarks.as_array()
    crop = _face_crop(pixels, five, head_pose(five))
    return Measure.unknown(Reason.CUT_OFF) if crop is None else _focus(crop)


def _measure_face(
    pixels: Pixels, box: Box, landmarks: FiveLandmarks, expression: ExpressionMeasures, photo_size: tuple[int, int]
) -> FaceMeasures:
    five = landmarks.as_array()
    pose = head_pose(five)
    crop = _face_crop(pixels, five, pose)
    cut_off = Measure.unknown(Reason.CUT_OFF)
    return _face_measures(
        box,
        pose,
        expression,
        cut_off if crop is None else _focus(crop),
        cut_off if crop is None else _exposure(crop),
        share_outside(five, pose, photo_size),
    )


def _face_measures(
    box: Box, pose: HeadPose, expression: ExpressionMeasures, focus: Measure, exposure: Measure, outside: float
) -> FaceMeasures:
    return FaceMeasures(
        size_px=min(box.w, box.h),
        yaw_deg=round(pose.yaw_deg, 1),
        pitch_deg=round(pose.pitch_deg, 1),
        roll_deg=round(pose.roll_deg, 1),
        fit=round(expression.fit, 3),
        right_eye=expression.right_eye,
        left_eye=expression.left_eye,
        smile=expression.smile,
        focus=focus,
        exposure=exposure,
        cut_off=round(outside, 2),
        centre=(box.x + box.w / 2, box.y + box.h / 2),
    )


def _unmeasured_face(box: Box, landmarks: FiveLandmarks, photo_size: tuple[int, int]) -> FaceMeasures:
    five = landmarks.as_array()
    pose = head_pose(five)
    unknown = Measure.unknown(Reason.NOT_MEASURED)
    nothing = ExpressionMeasures(0.0, unknown, unknown, unknown)
    return _face_measures(box, pose, nothing, unknown, unknown, share_outside(five, pose, photo_size))


@dataclass(frozen=True, slots=True, eq=False)
class _FaceCrop:
    """The picture of a face, at most as large as the fine focus measure needs.

    Attributes:
        array: (h, w, 3) uint8 RGB.
        centre: (x, y) of the face, in pixels of `array`.
        eye_distance_px: Of the frontal head, in pixels of `array`.
        native_eye_distance_px: The same in pixels of the decoded photo.
    """

    array: NDArray[np.uint8]
    centre: tuple[float, float]
    eye_distance_px: float
    native_eye_distance_px: float

    @property
    def oval(self) -> NDArray[np.bool_]:
        """(h, w) mask of the face from the forehead to the chin, without the background beside it."""
        y, x = np.ogrid[: self.array.shape[0], : self.array.shape[1]]
        dx = (x + 0.5 - self.centre[0]) / (_OVAL_HALF_WIDTH * self.eye_distance_px)
        dy = (y + 0.5 - self.centre[1]) / (_OVAL_HALF_HEIGHT * self.eye_distance_px)
        return np.asarray(dx * dx + dy * dy < 1)

    def reduced(self, eye_distance_px: float) -> _FaceCrop:
        """The face, made smaller if its eyes are farther apart than this."""
        scale = eye_distance_px / self.eye_distance_px
        height, width = (max(1, round(side * scale)) for side in self.array.shape[:2])
        if scale >= 1 or (height, width) == self.array.shape[:2]:
            return self
        array = np.asarray(cv2.resize(self.array, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        centre = (self.centre[0] * scale, self.centre[1] * scale)
        return _FaceCrop(array, centre, eye_distance_px, self.native_eye_distance_px)


def _face_crop(
    pixels: Pixels,
    five: NDArray[np.float64],
    pose: HeadPose,
    *,
    finest_px: float = FINE_EYE_DISTANCE_PX,
    halved_to_px: float = FINE_EYE_DISTANCE_PX,
) -> _FaceCrop | None:
    """None if the points cannot be a face, or nothing of it is in the photo; see `square_crop` for the halving."""
    try:
        eye_distance_px = head_size_px(five, pose)
    except ValueError:
        return None
    scale = min(finest_px / eye_distance_px, pixels.scale)
    crop = square_crop(
        pixels,
        five.mean(axis=0),
        _FACE_REACH * eye_distance_px,
        max_scale=scale,
        halved_to=halved_to_px / eye_distance_px,
    )
    if crop is None:
        return None
    return _FaceCrop(crop.array, crop.centre, eye_distance_px * scale, eye_distance_px * pixels.scale)


def _focus(face: _FaceCrop) -> Measure:
    coarse = face.reduced(FOCUS_EYE_DISTANCE_PX)
    fine = None if coarse is face else unsmeared_detail(face.array, face.oval)
    return face_focus_measure(unsmeared_detail(coarse.array, coarse.oval), fine, face.native_eye_distance_px)


def _sharpness(face: _FaceCrop) -> float:
    """How much fine detail there is to recognise a face by; a smear that leaves some of it does no harm."""
    coarse = face.reduced(FOCUS_EYE_DISTANCE_PX)
    fine = None if coarse is face else fine_detail(face.array, face.oval)
    measure = face_focus_measure(fine_detail(coarse.array, coarse.oval), fine, face.native_eye_distance_px)
    return measure.value or 0.0


def _exposure(face: _FaceCrop) -> Measure:
    small = face.reduced(_EXPOSURE_EYE_DISTANCE_PX)
    return exposure_measure(light_levels(small.array, small.oval))
