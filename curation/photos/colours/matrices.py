"""From the light of one set of primaries to that of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.photos.colours.cicp import SRGB_PRIMARIES, Primaries

__all__ = ["adapted", "to_pcs", "to_srgb_light"]

_D50 = np.array([0.9642, 1.0, 0.8249])  # white of ICC's connection space, as its profiles round it
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_pcs(primaries: Primaries) -> NDArray[np.float64]:
    """The 3 x 3 matrix from linear RGB (columns) to XYZ with the white D50, adapted by Bradford's method.

    Raises:
        ValueError: If the primaries span no space.
    """
    if min(y for _, y in primaries) <= 0:
        raise ValueError("a chromaticity has no light")
    xyz = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries], dtype=np.float64)
    colours, white = xyz[:3].T, xyz[3]
    if abs(np.linalg.det(colours)) < 1e-6:
        raise ValueError("the primaries lie on a line")
    matrix = colours * np.linalg.solve(colours, white)
    return np.asarray(adapted(white) @ matrix)


def adapted(white: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 3 x 3 matrix from XYZ seen under `white` (XYZ) to XYZ seen under D50."""
    cones = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    return np.asarray(np.linalg.inv(_BRADFORD) @ cones @ _BRADFORD)


def to_srgb_light(primaries: Primaries) -> NDArray[np.float64]:
    """The 3 x 3 matrix from linear RGB of `primaries` to linear sRGB; white stays white."""
    return np.asarray(np.linalg.solve(to_pcs(SRGB_PRIMARIES), to_pcs(primaries)))
