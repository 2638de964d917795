"""What an eye looks like, beside the shape of its outline.

A closed eye is a dark line below the line between its corners, with lit skin above it; an open eye is
dark in the middle at the height of the corners, brighter to both sides, and the iris has upright edges.
The 68 landmarks alone often draw an open outline around a closed eye.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.calibration import EyeCues

__all__ = ["EYE_CROP_PX", "EYE_TEMPLATE_PX", "eye_cues", "is_shaded"]

EYE_CROP_PX = 40
"""Side of the upright crop that the cues are taken from."""

_EYE_WIDTH_PX = 20  # that of an eye on a face of about 110 px: larger eyes are reduced to it, so all are alike
EYE_TEMPLATE_PX: NDArray[np.float64] = np.array(
    [[EYE_CROP_PX / 2 - _EYE_WIDTH_PX / 2, EYE_CROP_PX / 2], [EYE_CROP_PX / 2 + _EYE_WIDTH_PX / 2, EYE_CROP_PX / 2]]
)
"""Where the two corners of the eye lie in it, the left one in the picture first."""

_Y, _X = (np.mgrid[:EYE_CROP_PX, :EYE_CROP_PX] - EYE_CROP_PX / 2 + 0.5) / _EYE_WIDTH_PX
_AROUND = (_X / 0.6) ** 2 + (_Y / 0.45) ** 2 < 1
_OPENING = (_X / 0.5) ** 2 + (_Y / 0.28) ** 2 < 1


def _patch(left: float, right: float, top: float, bottom: float) -> NDArray[np.bool_]:
    return np.asarray((left <= _X) & (right >= _X) & (top <= _Y) & (bottom >= _Y))


# In eye widths from the middle between the corners, y downwards.
_ABOVE, _BELOW = _patch(-0.22, 0.22, -0.20, -0.02), _patch(-0.22, 0.22, 0.02, 0.16)
_MIDDLE, _RIGHT, _LEFT = (
    _patch(-0.14, 0.14, -0.16, 0.10),
    _patch(-0.42, -0.20, -0.12, 0.12),
    _patch(0.20, 0.42, -0.12, 0.12),
)
_MIN_SPREAD = 0.15  # of the square root of grey levels; keeps flat crops from being stretched into noise


# Dark lenses: the lids and the skin around the eye are far darker than the cheek, and hold no bright spot.
_RIM = ((_X / 0.62) ** 2 + (_Y / 0.42) ** 2 < 1) & ((_X / 0.5) ** 2 + (_Y / 0.22) ** 2 > 1) & (_Y < 0.35)
_UNDER_EYE, _CHEEK = _patch(-0.35, 0.35, 0.20, 0.36), _patch(-0.6, 0.6, 0.72, 1.0)
_DARK_UNDER_EYE, _DARK_RIM = 0.10, 0.24  # of the cheek's light; without sunglasses 1 face in 100 is below


def is_shaded(crop: NDArray[np.uint8]) -> bool:
    """Whether an eye lies behind a dark lens or in a shadow as deep.

    Args:
        crop: As for `eye_cues`.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    light = grey**2.2 + 0.002  # near enough to sRGB's curve; the offset is one grey level's worth of noise
    cheek = float(np.median(light[_CHEEK]))
    return bool(np.median(light[_UNDER_EYE]) < _DARK_UNDER_EYE * cheek and light[_RIM].max() < _DARK_RIM * cheek)


def eye_cues(crop: NDArray[np.uint8]) -> EyeCues:
    """Measure an eye's look.

    Args:
        crop: (40, 40, 3) uint8 RGB, upright, the corners of the eye at `EYE_TEMPLATE_PX`.

    Returns:
        The cues; brightness is in standard deviations of the eye's surroundings, so light and skin
        colour drop out.
    """
    # The square root makes noise alike in dark and bright parts.
    grey = np.sqrt(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32) + 1)
    around = grey[_AROUND]
    level = (grey - around.mean()) / (around.std() + _MIN_SPREAD)
    upright = float(np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0))[_OPENING].mean())
    lying = float(np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1))[_OPENING].mean())
    darkness = np.maximum(-level, 0) * _AROUND
    return EyeCues(
        above=float(level[_ABOVE].mean()),
        below=float(level[_BELOW].mean()),
        upright_edges=upright / (upright + lying + 0.05),
        middle=float(level[_MIDDLE].mean() - (level[_RIGHT].mean() + level[_LEFT].mean()) / 2),
        dark_height=float((darkness * _Y).sum() / (darkness.sum() + 1e-3)),
    )
