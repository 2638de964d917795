"""How much areas of faces overlap; areas are (N, 4) float64 edges x1, y1, x2, y2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["inside_share", "overlap"]


def overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) intersection over union of each area of the first with each of the second, in [0, 1]."""
    shared = _shared(first, second)
    union = _sizes(first)[:, None] + _sizes(second)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), dtype=np.float64)


def inside_share(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) how much of each area of the first is inside of each of the second, in [0, 1]."""
    return np.asarray(_shared(first, second) / np.maximum(_sizes(first), 1e-9)[:, None], dtype=np.float64)


def _shared(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.asarray(np.prod(np.clip(high - low, 0, None), axis=2), dtype=np.float64)


def _sizes(areas: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.prod(np.clip(areas[:, 2:] - areas[:, :2], 0, None), axis=1), dtype=np.float64)
