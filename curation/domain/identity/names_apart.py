"""Different names are different people: faces that were shown under two names must not end in one group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from math import isqrt

import numpy as np
from numpy.typing import NDArray

__all__ = ["names_together"]

_STRAY_PART = 0.2
"""Up to this part of the faces that were shown under a name may be in another group: one wrong face among those that
were shown must not keep two people apart from whom they are."""
_MOST_PAIRS = 1_000_000  # of one group; with many names in it, fewer faces stand for each


def names_together(
    groups: NDArray[np.integer], shown: Mapping[str, NDArray[np.intp]]
) -> tuple[NDArray[np.intp], tuple[tuple[str, str], ...]]:
    """Pairs of faces that must be kept apart because one group holds people with different names.

    Args:
        groups: (N,) -1 for none.
        shown: For each name the rows of faces that were shown when it was given.

    Returns:
        (M, 2) rows of faces, the lower one first, in ascending order; empty if no group holds two names. And the pairs
        of names that were together.
    """
    times = np.zeros(len(groups), dtype=np.int64)
    for rows in shown.values():
        times[rows] += 1
    in_group: dict[int, list[tuple[str, NDArray[np.intp]]]] = defaultdict(list)
    for name, of_name in sorted(shown.items()):
        rows = of_name[times[of_name] == 1]  # a face that was shown under two names says nothing
        of_rows = groups[rows]
        for group in np.unique(of_rows[of_rows >= 0]).tolist():
            here = rows[of_rows == group]
            if len(here) > _STRAY_PART * len(rows):
                in_group[int(group)].append((name, here))
    pairs = [np.zeros((0, 2), dtype=np.intp)]
    names: set[tuple[str, str]] = set()
    for together in in_group.values():
        count = len(together) * (len(together) - 1) // 2
        most = max(2, isqrt(_MOST_PAIRS // max(1, count)))
        for (one, first), (other, second) in combinations(together, 2):
            grid = np.stack(np.meshgrid(_some(first, most), _some(second, most), indexing="ij"), axis=-1).reshape(-1, 2)
            pairs.append(np.sort(grid[grid[:, 0] != grid[:, 1]], axis=1))
            names.add((one, other))
    return np.unique(np.concatenate(pairs), axis=0), tuple(sorted(names))


def _some(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """At most so many of the rows, spread evenly."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).round().astype(np.intp)]
