"""Measuring a photo and its faces from pixels only, without labels, rules or thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, DetectedFace, FaceQuality, FiveLandmarks
from curation.domain.faces.geometry import HeadPose, head_pose, head_size_px, share_outside
from curation.domain.judging.calibration import (
    FINE_EYE_DISTANCE_PX,
    FOCUS_EYE_DISTANCE_PX,
    exposure_measure,
    face_focus_measure,
    face_quality_score,
    photo_focus_measure,
)
from curation.domain.judging.measures import FaceMeasures, Measure, PhotoMeasures, Reason
from curation.engines.alignment import DETAIL_PX, detail_scale
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.landmarks import LandmarkPredictor
from curation.photos.looks.artefacts import artefacts
from curation.photos.looks.crops import square_crop
from curation.photos.looks.exposure import light_levels
from curation.photos.looks.focus import fine_detail
from curation.photos.looks.miniature import miniature
from curation.pipelines.expression_measures import ExpressionMeasures, expression_measures

__all__ = ["face_focus", "face_quality", "measure_photo"]

_FACE_REACH = 1.15  # half the side of the square that focus is measured on, in distances of the eyes
_EXPOSURE_EYE_DISTANCE_PX = 24.0
_OVAL_HALF_WIDTH, _OVAL_HALF_HEIGHT = 0.9, 1.1  # of the face, in distances of the eyes
_PHOTO_LONG_SIDE_PX = 1024
_TILES = 8  # along the longer side of the photo
_SHARP_TILES = 0.25  # the share of the tiles, the sharpest ones, that the focus of the photo is measured on


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
        The measures, faces in the given order.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded.
    """
    measured: tuple[FaceMeasures, ...] = ()
    if faces:
        pixels = photo.detailed(_needed_scale(photo, faces))
        expressions = expression_measures(pixels, faces, predictor)
        measured = tuple(
            _measure_face(pixels, box, five, expression, (photo.width, photo.height))
            for (box, five), expression in zip(faces, expressions, strict=True)
        )
    small = photo.reduced(_PHOTO_LONG_SIDE_PX).array
    return PhotoMeasures(
        width=photo.width,
        height=photo.height,
        faces=measured,
        focus=photo_focus_measure(_sharpest_tiles(small)),
        exposure=exposure_measure(light_levels(small[::4, ::4])),
        capture_time=capture_time,
        miniature=miniature(small),
        artefacts=artefacts(
            small, [box for box, _ in faces], scale=max(small.shape[:2]) / max(photo.width, photo.height)
        ),
    )


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
    sharpness = (_focus(crop).value if crop is not None else None) or 0.0
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
    return FaceMeasures(
        size_px=min(box.w, box.h),
        yaw_deg=round(pose.yaw_deg, 1),
        pitch_deg=round(pose.pitch_deg, 1),
        roll_deg=round(pose.roll_deg, 1),
        fit=round(expression.fit, 3),
        right_eye=expression.right_eye,
        left_eye=expression.left_eye,
        smile=expression.smile,
        focus=Measure.unknown(Reason.CUT_OFF) if crop is None else _focus(crop),
        exposure=Measure.unknown(Reason.CUT_OFF) if crop is None else _exposure(crop),
        cut_off=round(share_outside(five, pose, photo_size), 2),
    )


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
    fine = None if coarse is face else fine_detail(face.array, face.oval)
    return face_focus_measure(fine_detail(coarse.array, coarse.oval), fine, face.native_eye_distance_px)


def _exposure(face: _FaceCrop) -> Measure:
    small = face.reduced(_EXPOSURE_EYE_DISTANCE_PX)
    return exposure_measure(light_levels(small.array, small.oval))


def _sharpest_tiles(picture: NDArray[np.uint8]) -> float | None:
    """The average fine detail of the sharpest tiles of a photo."""
    height, width = picture.shape[:2]
    side = max(48, math.ceil(max(height, width) / _TILES))
    details = [
        detail
        for top in range(0, max(1, height - side // 2), side)
        for left in range(0, max(1, width - side // 2), side)
        if (detail := fine_detail(picture[top : top + side, left : left + side])) is not None
    ]
    if not details:
        return None
    best = sorted(details, reverse=True)[: max(1, round(_SHARP_TILES * len(details)))]
    return sum(best) / len(best)
