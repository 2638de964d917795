"""Boxes that dlib's detectors find, and how much they overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["FoundBox", "intersection_over_union"]


class FoundBox(NamedTuple):
    """A found face: (x1, y1, x2, y2) float64 edges in pixels of the picture, and dlib's score, above 0 for a face."""

    area: NDArray[np.float64]
    score: float


def intersection_over_union(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The overlap of two boxes with (x1, y1, x2, y2) edges, in [0, 1]."""
    sides = np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0, None)
    shared = float(np.prod(sides))
    return shared / float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]) - shared)
