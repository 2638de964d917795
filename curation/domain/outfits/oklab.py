"""Colours as people see them: sRGB to OKLab and to lightness, chroma and hue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["lightness_chroma_hue", "oklab"]

# Björn Ottosson, "A perceptual color space for image processing", 2020: linear sRGB to cone responses, and the cube
# roots of these to lightness and the two colour axes.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _linear_table() -> NDArray[np.float64]:
    """Linear light of the 256 values of sRGB (IEC 61966-2-1)."""
    values = np.arange(256) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


_LINEAR = _linear_table()


def oklab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """OKLab coordinates of colours.

    Args:
        pixels: (..., 3) uint8 sRGB.

    Returns:
        (..., 3) float32: lightness in [0, 1], a (red against green) and b (yellow against blue) in about [-0.4, 0.4].
    """
    if pixels.shape[-1:] != (3,) or pixels.dtype != np.uint8:
        raise ValueError(f"colours are (..., 3) uint8, not {pixels.shape} {pixels.dtype}")
    cones = np.cbrt(_LINEAR[pixels] @ _TO_CONES.T)
    return np.asarray(cones @ _TO_LAB.T, dtype=np.float32)


def lightness_chroma_hue(lab: NDArray[np.floating]) -> NDArray[np.float32]:
    """Polar coordinates of OKLab colours.

    Args:
        lab: (..., 3) as from `oklab`.

    Returns:
        (..., 3) float32: lightness, chroma (0 is grey, the strongest colours of sRGB have 0.2 to 0.32) and hue in
        degrees in [0, 360): pure red 29, yellow 110, green 142, blue 264, magenta 328.
    """
    out = np.empty(lab.shape, dtype=np.float32)
    out[..., 0] = lab[..., 0]
    out[..., 1] = np.hypot(lab[..., 1], lab[..., 2])
    out[..., 2] = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    return out
