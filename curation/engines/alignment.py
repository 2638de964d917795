"""Aligning faces to the template of an embedding network."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FiveLandmarks
from curation.domain.faces.geometry import (
    apply_transform,
    head_pose,
    head_size_px,
    inverse_transform,
    similarity_transform,
    transform_scale,
)
from curation.engines.base import PhotoPixels
from curation.errors import FaceAnalysisError

__all__ = [
    "ARCFACE_SIZE_PX",
    "ARCFACE_TEMPLATE",
    "DETAIL_PX",
    "aligned_face",
    "detail_scale",
    "known_face",
    "landmarks_plausible",
]

ARCFACE_SIZE_PX = 112
"""Sides of the square input of ArcFace-type networks."""

ARCFACE_TEMPLATE: NDArray[np.float64] = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""The positions of the five landmarks in that square, in pixels, in the order of `FiveLandmarks`.

Source: the mean face of the ArcFace project (Deng et al., "ArcFace", CVPR 2019; insightface).
"""

DETAIL_PX = 64.0
"""Distance of the eyes at which a face shows all the details that the clustering stage uses.

In the embedders' inputs the eyes are 35 px (ArcFace) and 45 px (dlib) apart, sharpness is measured at 48 px, and in a
chip of 256 px they are 65 px apart.
"""

# Bilinear sampling reads 2 x 2 pixels, so it skips pixels if the picture is reduced much further than
# this; a larger face is first reduced by averaging areas, so that this reduction remains.
_REMAINING_REDUCTION = 0.75

# Landmarks farther from the box than its longer side, or all within a tenth of that side, are not a face.
_MAX_OUTSIDE_BOX = 1.0
_MIN_SPREAD = 0.1


def aligned_face(
    array: NDArray[np.uint8],
    points: NDArray[np.floating],
    *,
    template: NDArray[np.floating] = ARCFACE_TEMPLATE,
    size_px: int = ARCFACE_SIZE_PX,
) -> NDArray[np.uint8]:
    """Crop a face, turned upright and resized to match a template, without aliasing.

    Args:
        array: (H, W, 3) uint8 photo.
        points: (5, 2) landmarks in pixels of `array`.
        template: (5, 2) positions of the landmarks in pixels of the result.
        size_px: Sides of the result.

    Returns:
        (size_px, size_px, 3) uint8 in the colour order of `array`; black outside of the photo.

    Raises:
        ValueError: If the landmarks coincide or are not finite.
    """
    matrix = similarity_transform(points, template)
    scale = transform_scale(matrix)
    if scale >= _REMAINING_REDUCTION:
        return _warped(array, matrix, size_px)
    corners = np.array([[0, 0], [size_px, 0], [0, size_px], [size_px, size_px]], dtype=np.float64)
    in_photo = apply_transform(inverse_transform(matrix), corners)
    height, width = array.shape[:2]
    margin = 2 / scale
    left, top = (max(0, math.floor(low - margin)) for low in in_photo.min(axis=0))
    right, bottom = (
        min(limit, math.ceil(high + margin)) for high, limit in zip(in_photo.max(axis=0), (width, height), strict=True)
    )
    if right - left < 1 or bottom - top < 1:
        return np.zeros((size_px, size_px, 3), dtype=np.uint8)
    reduction = scale / _REMAINING_REDUCTION
    reduced_size = (max(1, round((right - left) * reduction)), max(1, round((bottom - top) * reduction)))
    reduced = cv2.resize(array[top:bottom, left:right], reduced_size, interpolation=cv2.INTER_AREA)
    factors = (reduced_size[0] / (right - left), reduced_size[1] / (bottom - top))
    # Pixel centres are at whole numbers, so a reduction by f moves x to (x + 0.5) * f - 0.5.
    moved = (points - (left, top) + 0.5) * factors - 0.5
    return _warped(np.asarray(reduced, dtype=np.uint8), similarity_transform(moved, template), size_px)


def known_face(
    photo: PhotoPixels, landmarks: FiveLandmarks, *, template: NDArray[np.floating], size_px: int
) -> NDArray[np.uint8]:
    """The chip of a face whose landmarks are known, cut from its photo as `aligned_face` does.

    Args:
        photo: The photo that the face was found on.
        landmarks: In pixels of the upright full-size photo.
        template: (5, 2) positions of the landmarks in pixels of the chip.
        size_px: Sides of the chip.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded.
        FaceAnalysisError: If the landmarks coincide or are not finite.
    """
    array, scale = photo.detailed(detail_scale([landmarks]))
    try:
        # Pixel centres are at whole numbers.
        points = (landmarks.as_array() + 0.5) * scale - 0.5
        return aligned_face(array, points, template=template, size_px=size_px)
    except ValueError as error:
        raise FaceAnalysisError(f"these landmarks are no face: {error}") from error


def detail_scale(faces: Iterable[FiveLandmarks], *, eye_distance_px: float = DETAIL_PX) -> float:
    """The smallest scale of a photo at which all faces still show enough detail.

    Args:
        faces: Landmarks in pixels of the upright full-size photo.
        eye_distance_px: Distance of the eyes of a frontal head that shows enough detail.

    Returns:
        Pixels per pixel of the full-size photo, in (0, 1]; implausible landmarks are ignored.
    """
    scale = 1e-3
    for landmarks in faces:
        five = landmarks.as_array()
        try:
            size_px = head_size_px(five, head_pose(five))
        except ValueError:
            continue
        scale = max(scale, eye_distance_px / size_px)
    return min(1.0, scale)


def landmarks_plausible(box: Box, landmarks: FiveLandmarks) -> bool:
    """Whether five points can belong to the face in a box: finite, near the box, and not all in one spot."""
    points = landmarks.as_array()
    if not np.isfinite(points).all():
        return False
    side = max(box.w, box.h)
    low = np.array([box.x, box.y]) - _MAX_OUTSIDE_BOX * side
    high = np.array([box.x + box.w, box.y + box.h]) + _MAX_OUTSIDE_BOX * side
    if (points < low).any() or (points > high).any():
        return False
    try:
        similarity_transform(points, ARCFACE_TEMPLATE)
    except ValueError:
        return False
    return float(np.ptp(points, axis=0).max()) >= _MIN_SPREAD * side


def _warped(array: NDArray[np.uint8], matrix: NDArray[np.float64], size_px: int) -> NDArray[np.uint8]:
    chip = cv2.warpAffine(
        np.ascontiguousarray(array),
        matrix,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0),
    )
    return np.asarray(chip, dtype=np.uint8)
