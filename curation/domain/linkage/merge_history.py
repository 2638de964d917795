"""The merges of a linkage, in order: a dendrogram as `linkage` returns it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MergeHistory"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class MergeHistory:
    """The merges of clusters; the merges of a part come before the merge of the whole.

    Attributes:
        same: (N,) for each face the first of those that started as one cluster with it: its copies, or faces that are
            known to be the same person; usually itself.
        low: (M,) first face of one cluster of each merge.
        high: (M,) first face of the other one, above `low`; `low` is the first face of the merged cluster.
        distance: (M,) their average distance including penalties, exact up to the rounding of float64.
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
