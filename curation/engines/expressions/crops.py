"""The grey crops of eyes and mouths that are the inputs of the expression networks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.alignment import aligned_face
from curation.engines.base import Pixels

__all__ = [
    "CORNERS",
    "EYE_CROP_PX",
    "EYE_TEMPLATE_PX",
    "MOUTH_ANCHORS",
    "MOUTH_CROP_PX",
    "MOUTH_EYES_PX",
    "MOUTH_TEMPLATE_PX",
    "MOUTH_TOP",
    "eye_crop",
    "mouth_crop",
    "standardised",
]

EYE_CROP_PX = 48
"""Side of an eye's crop."""
_EYE_WIDTH_PX = 26.0
_EYE_MIDDLE_PX = (EYE_CROP_PX - 1) / 2

EYE_TEMPLATE_PX: NDArray[np.float64] = np.array(
    [[_EYE_MIDDLE_PX - _EYE_WIDTH_PX / 2, _EYE_MIDDLE_PX], [_EYE_MIDDLE_PX + _EYE_WIDTH_PX / 2, _EYE_MIDDLE_PX]]
)
"""The positions of the corners of an eye in its crop, in pixels, the one on the left of the picture first."""

CORNERS = ((36, 39), (42, 45))
"""The corners of the right and the left eye among the 68 landmarks."""

MOUTH_CROP_PX = 56
"""Side of a mouth's crop."""

MOUTH_ANCHORS = (36, 39, 42, 45, 27, 28, 29, 30, 33)
"""The landmarks that position the mouth's crop: corners of the eyes and the nose, which a smile hardly moves."""

MOUTH_EYES_PX = 36.0
"""Distance of a frontal head's eyes at the scale of a mouth's crop, in pixels."""
MOUTH_TOP = 0.32
"""From the line of the eyes down to the upper edge of a mouth's crop, in distances of the eyes."""

# The anchors of a mean upright face, in distances of the eyes, with the origin between them: medians over the frontal
# faces of the training photos.
_MEAN_ANCHORS = np.array(
    [[-0.69, 0.0], [-0.30, 0.02], [0.30, 0.02], [0.69, 0.0], [0, -0.04], [0, 0.15], [0, 0.35], [0, 0.54], [0, 0.74]]
)
MOUTH_TEMPLATE_PX: NDArray[np.float64] = (_MEAN_ANCHORS - [0, MOUTH_TOP]) * MOUTH_EYES_PX + [(MOUTH_CROP_PX - 1) / 2, 0]
"""The positions of the anchors in the mouth's crop, (9, 2) in pixels; some are above it."""

_MIN_SPREAD = 4.0  # in grey levels; prevents flat crops from being amplified to noise


def eye_crop(pixels: Pixels, points: NDArray[np.floating], side: int) -> NDArray[np.uint8]:
    """Crop an eye, turned upright, with its corners at `EYE_TEMPLATE_PX`.

    Args:
        pixels: The photo.
        points: (68, 2) landmarks in pixels of the upright full-size photo.
        side: 0 for the person's right eye, 1 for the left one, whose crop is mirrored so that all eyes look alike.

    Returns:
        (48, 48) uint8 grey.

    Raises:
        ValueError: If the corners coincide or are not finite.
    """
    crop = _crop(pixels, points[list(CORNERS[side])], EYE_TEMPLATE_PX, EYE_CROP_PX)
    return np.ascontiguousarray(crop[:, ::-1]) if side else crop


def mouth_crop(pixels: Pixels, points: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Crop the face from the nose to the chin, turned upright, with `MOUTH_ANCHORS` near `MOUTH_TEMPLATE_PX`.

    Args:
        pixels: The photo.
        points: (68, 2) landmarks in pixels of the upright full-size photo.

    Returns:
        (56, 56) uint8 grey.

    Raises:
        ValueError: If the landmarks coincide or are not finite.
    """
    return _crop(pixels, points[list(MOUTH_ANCHORS)], MOUTH_TEMPLATE_PX, MOUTH_CROP_PX)


def standardised(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crops as the networks need them: each with mean 0 and standard deviation 1, independent of light and contrast.

    Args:
        crops: (N, h, w) uint8.

    Returns:
        (N, 1, h, w) float32.
    """
    grey = crops.astype(np.float32)
    mean = grey.mean(axis=(1, 2), keepdims=True)
    spread = grey.std(axis=(1, 2), keepdims=True)
    return np.asarray(((grey - mean) / (spread + _MIN_SPREAD))[:, None], dtype=np.float32)


def _crop(
    pixels: Pixels, points: NDArray[np.floating], template: NDArray[np.float64], size_px: int
) -> NDArray[np.uint8]:
    chip = aligned_face(pixels.array, (points + 0.5) * pixels.scale - 0.5, template=template, size_px=size_px)
    return np.asarray(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
