"""Linear light as sRGB: highlights are rolled off, and what sRGB cannot show is brought into it."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["light_to_srgb", "peak_of", "rolled_off"]

_KNEE = 0.7
_ENCODED = 4096
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)  # of linear sRGB
# So few pixels may be brighter than what becomes white: reflections of a lamp, and noise.
_PEAK_PERCENTILE = 99.9


def peak_of(brightest: NDArray[np.float32]) -> float:
    """What becomes white, at least diffuse white.

    Args:
        brightest: The brightest of the channels of some of a picture's pixels; 1 is diffuse white.
    """
    return max(1.0, float(np.percentile(brightest, _PEAK_PERCENTILE))) if brightest.size else 1.0


def rolled_off(light: NDArray[np.float32], peak: float) -> NDArray[np.float32]:
    """The factor for a pixel by its brightest channel: 1 below the knee, and so that `peak` becomes 1."""
    reach = (peak - _KNEE) / (1 - _KNEE)
    over = np.maximum((light - _KNEE) / (1 - _KNEE), 0)
    # Reinhard's curve (2002, equation 4) from the knee on: it starts there with slope 1 and reaches 1 at the peak.
    rolled = over * (1 + over / reach**2) / (1 + over)
    toned = np.where(light > _KNEE, _KNEE + (1 - _KNEE) * np.minimum(rolled, 1), light)
    return np.asarray(toned / np.maximum(light, 1e-9), dtype=np.float32)


def light_to_srgb(light: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Encode light.

    Args:
        light: (H, W, 3), 1 is white.
        matrix: From its primaries to those of sRGB, (3, 3).

    Returns:
        (H, W, 3) uint8 sRGB.
    """
    colours = cv2.transform(light, matrix)
    lowest, highest = colours.min(axis=2), colours.max(axis=2)
    outside = (lowest < 0) | (highest > 1)
    if outside.any():
        colours[outside] = _in_gamut(colours[outside], lowest[outside], highest[outside])
    # The square root spends the steps of the table as the eye does.
    indices = np.sqrt(np.clip(colours, 0, 1)) * np.float32(_ENCODED - 1) + np.float32(0.5)
    return _srgb_codes()[indices.astype(np.uint16)]


def _in_gamut(
    colours: NDArray[np.float32], lowest: NDArray[np.float32], highest: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Colours (N, 3) with as much grey of the same luminance as brings all three channels into [0, 1]."""
    grey = np.clip(colours @ _LUMINANCE, 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        dark = np.where(lowest < 0, grey / (grey - lowest), 1)
        bright = np.where(highest > 1, (1 - grey) / (highest - grey), 1)
    kept = np.clip(np.nan_to_num(np.minimum(dark, bright)), 0, 1)
    return np.asarray(grey[:, np.newaxis] + (colours - grey[:, np.newaxis]) * kept[:, np.newaxis], dtype=np.float32)


@lru_cache(maxsize=1)
def _srgb_codes() -> NDArray[np.uint8]:
    light = np.linspace(0, 1, _ENCODED) ** 2
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (encoded * 255 + 0.5).astype(np.uint8)
