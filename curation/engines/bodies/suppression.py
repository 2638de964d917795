"""Dropping boxes that other boxes already cover."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.engines.areas import overlap

__all__ = ["MIN_SIDE_PX", "kept_boxes"]

MIN_SIDE_PX = 1.0
"""Smaller boxes say nothing; boxes without an area do not even overlap themselves."""


def kept_boxes(edges: NDArray[np.float64], scores: NDArray[np.float64], max_overlap: float) -> list[int]:
    """Greedy non-maximum suppression: a box is dropped if it overlaps a better one too much.

    Each step removes the box it looks at, so it ends after N steps whatever the numbers are.

    Args:
        edges: (N, 4) x1, y1, x2, y2; boxes with a side below `MIN_SIDE_PX` or an edge that is not finite are dropped.
        scores: (N,) higher is better; ties go to the first.
        max_overlap: The highest intersection over union of two kept boxes.

    Returns:
        Numbers of the kept boxes, best first.
    """
    usable = np.isfinite(edges).all(axis=1) & np.isfinite(scores)
    with np.errstate(invalid="ignore"):
        usable &= (edges[:, 2] - edges[:, 0] >= MIN_SIDE_PX) & (edges[:, 3] - edges[:, 1] >= MIN_SIDE_PX)
    candidates = np.flatnonzero(usable)
    left = candidates[np.argsort(-scores[candidates], kind="stable")]
    kept: list[int] = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        left = left[overlap(edges[best][None], edges[left])[0] <= max_overlap]
    return kept
