"""CIELAB as sRGB, for any white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.photos.colours.cicp import SRGB_PRIMARIES
from curation.photos.colours.light import light_to_srgb
from curation.photos.colours.matrices import adapted, to_pcs

__all__ = ["lab_to_srgb"]

_D50 = (0.34567, 0.35850)
_BAND_PIXELS = 1_000_000


def lab_to_srgb(lab: NDArray[np.float32], white: tuple[float, float] | None) -> NDArray[np.uint8]:
    """Convert a picture.

    Args:
        lab: (H, W, 3), L from 0 to 100.
        white: Its chromaticity; None for D50, which TIFF, ICC and Photoshop mean.

    Returns:
        (H, W, 3) uint8 sRGB.
    """
    x, y = white or _D50
    if y <= 0:
        x, y = _D50
    xyz_white = np.array([x / y, 1.0, (1 - x - y) / y])
    matrix = np.linalg.inv(to_pcs(SRGB_PRIMARIES)) @ adapted(xyz_white) @ np.diag(xyz_white)
    height, width = lab.shape[:2]
    out = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, _BAND_PIXELS // max(1, width))
    for top in range(0, height, rows):
        band = lab[top : top + rows]
        lightness = (band[:, :, 0] + 16) / 116
        roots = np.stack((lightness + band[:, :, 1] / 500, lightness, lightness - band[:, :, 2] / 200), axis=2)
        light = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * np.float32(3 * (6 / 29) ** 2))
        out[top : top + rows] = light_to_srgb(light.astype(np.float32), matrix.astype(np.float32))
    return out
