"""Pairs of clusters that must never be merged (cannot-link constraints)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ApartPairs"]

Rows = NDArray[np.intp]


class ApartPairs:
    """The pairs of rows that must stay apart; rows are merged and renumbered like those of `ClusterSums`.

    A constraint of a cluster also holds for every cluster that it is merged into: as if the distance of one pair
    of faces were larger than the sum of all other distances, so that no average can compensate for it.
    """

    def __init__(self, pairs: Rows, count: int) -> None:
        """Take (M, 2) pairs of rows from 0 to count - 1."""
        self._count = count
        self._keys = self._sorted(pairs[:, 0], pairs[:, 1])

    def _sorted(self, first: Rows, second: Rows) -> NDArray[np.int64]:
        low, high = np.minimum(first, second), np.maximum(first, second)
        return np.unique(low.astype(np.int64) * self._count + high)

    def mask(self, a: Rows, b: Rows) -> NDArray[np.bool_]:
        """(R,) which pairs of rows are apart."""
        if len(self._keys) == 0:
            return np.zeros(len(a), dtype=bool)
        wanted = np.minimum(a, b).astype(np.int64) * self._count + np.maximum(a, b)
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.asarray(self._keys[place] == wanted)

    def renumber(self, number: Rows, count: int) -> None:
        """Give rows new numbers, from 0 to count - 1; several may get the same one, and rows with -1 are dropped."""
        first, second = (number[part] for part in np.divmod(self._keys, self._count))
        is_kept = (first >= 0) & (second >= 0)
        self._count = count
        self._keys = self._sorted(first[is_kept], second[is_kept])
