"""What merged with what, as `linkage` leaves it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MergeHistory"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class MergeHistory:
    """Which clusters merged, in such an order that parts come before what they are parts of.

    Attributes:
        same: (N,) for each face the first of those that started as one cluster with it: its copies, or faces that are
            known to be of its person; mostly itself.
        low: (M,) first face of the one cluster of each merge.
        high: (M,) first face of the other one, above `low`; the merged cluster is called after `low`.
        distance: (M,) their average distance, penalties counted, right but for the rounding of float64.
    """

    same: Rows
    low: Rows
    high: Rows
    distance: NDArray[np.float64]

    def labels(self) -> NDArray[np.int64]:
        """(N,) the clusters after all merges, from 0 to K - 1, numbered by the first face of each."""
        into = np.arange(len(self.same))
        into[self.high] = self.low
        while not np.array_equal(into[into], into):
            into = into[into]
        return _by_first_face(into[self.same])


def _by_first_face(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    return np.asarray(order[inverse], dtype=np.int64)
