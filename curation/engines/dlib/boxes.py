"""Boxes that dlib's detectors find, and how much they overlap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["FoundBox", "intersection_over_union", "without_duplicates"]


class FoundBox(NamedTuple):
    """A found face: (x1, y1, x2, y2) float64 edges in pixels of the picture, and dlib's score, above 0 for a face."""

    area: NDArray[np.float64]
    score: float


def intersection_over_union(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The overlap of two boxes with (x1, y1, x2, y2) edges, in [0, 1]."""
    sides = np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0, None)
    shared = float(np.prod(sides))
    return shared / float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]) - shared)


def without_duplicates(found: Iterable[FoundBox], *, max_iou: float, max_inside: float) -> list[FoundBox]:
    """One box for each face (non-maximum suppression), the best one first.

    Args:
        found: The boxes, in any order.
        max_iou: Of two boxes with a larger intersection over union, the one with the lower score is dropped.
        max_inside: Likewise where a larger part of the smaller box is inside the other one.
    """
    ranked = sorted(found, key=lambda box: (-box.score, *box.area))
    areas = np.array([box.area for box in ranked], dtype=np.float64).reshape(-1, 4)
    kept: list[int] = []
    for index, area in enumerate(areas):
        others = areas[kept]
        sides = np.minimum(area[2:], others[:, 2:]) - np.maximum(area[:2], others[:, :2])
        shared = np.prod(np.clip(sides, 0, None), axis=1)
        own, theirs = np.prod(area[2:] - area[:2]), np.prod(others[:, 2:] - others[:, :2], axis=1)
        inside = shared > max_inside * np.minimum(own, theirs)
        if not (inside | (shared > max_iou * (own + theirs - shared))).any():
            kept.append(index)
    return [ranked[index] for index in kept]
