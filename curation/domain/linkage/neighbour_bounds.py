"""Upper bounds of the similarities between clusters that are merged step by step.

Average linkage is reducible, so the bounds of a merged cluster follow from those of its parts, without any vector; see
docs/clustering.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.linkage.neighbour_search import Neighbours

__all__ = ["NeighbourBounds"]

Rows = NDArray[np.intp]

_ROUND_UP = 1 + 2.0**-22  # makes up for rounding to float32


class NeighbourBounds:
    """For each cluster (a row) some of its nearest neighbours, and bounds of the similarities to all others.

    Attributes:
        near: (C, W) rows of known neighbours, -1 where there are fewer. After merges they are those of the time when
            the cluster was last refreshed, see `refresh`.
        bound: (C, W) upper bounds of their similarities, -inf where there are fewer.
        known: (C, W) whether a bound is the similarity itself, computed since the last change.
        others: (C,) upper bound of the similarity to all other clusters.
    """

    def __init__(self, count: int, width: int, floor: np.float32) -> None:
        """Start without any knowledge.

        Args:
            count: Number of clusters.
            width: Number of neighbours of each.
            floor: Clusters with a similarity up to it are never merged, so no such neighbour is needed.
        """
        self.near = np.full((count, width), -1, dtype=np.int32)
        self.bound = np.full((count, width), -np.inf, dtype=np.float32)
        self.known = np.zeros((count, width), dtype=bool)
        self.others = np.full(count, np.inf, dtype=np.float32)
        self._floor = floor
        self._changed_at = np.zeros(count, dtype=np.int64)
        self._seen_at = np.zeros(count, dtype=np.int64)
        self._round = 0
        self._into: Rows = np.arange(count)

    @property
    def width(self) -> int:
        """Number of neighbours of each cluster."""
        return self.near.shape[1]

    def set_found(self, rows: Rows, found: Neighbours) -> None:
        """Replace what is known about clusters by the result of a search among all."""
        self.near[rows] = found.index
        self.bound[rows] = found.similarity
        self.others[rows] = found.bound
        self.known[rows] = True
        self._seen_at[rows] = self._round

    def refresh(self, rows: Rows, is_alive: NDArray[np.bool_]) -> None:
        """Update the known neighbours of clusters after merges.

        Args:
            rows: The clusters to update.
            is_alive: (C,) which clusters may still be merged; others are no longer neighbours.
        """
        near = self.near[rows]
        is_there = near >= 0
        now = np.where(is_there, self._into[near], -1)
        is_there &= is_alive[now] & (now != rows[:, None])
        is_changed = is_there & (self._changed_at[now] > self._seen_at[rows][:, None])
        self._seen_at[rows] = self._round
        touched = np.flatnonzero((is_changed | (is_there != (near >= 0))).any(axis=1))
        if len(touched) == 0:
            return
        rows, now, is_there, is_changed = rows[touched], now[touched], is_there[touched], is_changed[touched]
        bound = np.where(is_changed, np.maximum(self.bound[rows], self.others[rows][:, None]), self.bound[rows])
        bound = np.where(is_there, bound, -np.inf)
        known = self.known[rows] & ~is_changed
        # Of neighbours that are one cluster now, the one with the largest bound is kept.
        order = np.argsort(-bound, axis=1, kind="stable")
        order = np.take_along_axis(order, np.argsort(np.take_along_axis(now, order, 1), axis=1, kind="stable"), 1)
        now, is_there = np.take_along_axis(now, order, 1), np.take_along_axis(is_there, order, 1)
        bound, known = np.take_along_axis(bound, order, 1), np.take_along_axis(known, order, 1)
        is_there[:, 1:] &= now[:, 1:] != now[:, :-1]
        self.near[rows] = np.where(is_there, now, -1)
        self.bound[rows] = np.where(is_there, bound, -np.inf)
        self.known[rows] = known | ~is_there

    def merge(self, low: Rows, high: Rows, size: NDArray[np.int64]) -> None:
        """Merge clusters `high` into `low`, pair by pair; their bounds follow from those of the parts.

        Args:
            low: (M,) rows of the merged clusters, refreshed.
            high: (M,) rows of the clusters that become a part of them, refreshed.
            size: (C,) number of faces of each cluster before the merge.
        """
        sizes = size[[low, high]].astype(np.float64)
        share = (sizes / sizes.sum(axis=0))[:, :, None]  # (2, M, 1)
        others = self.others[[low, high]].astype(np.float64)[:, :, None]
        width = self.near.shape[1]
        near = np.concatenate([self.near[low], self.near[high]], axis=1)
        # A neighbour of one part counts as one of the others for the other part until it is found there, too.
        bound = np.concatenate(
            [
                share[0] * self.bound[low] + share[1] * others[1],
                share[1] * self.bound[high] + share[0] * others[0],
            ],
            axis=1,
        )
        order = np.argsort(near, axis=1, kind="stable")
        near, bound = np.take_along_axis(near, order, 1), np.take_along_axis(bound, order, 1)
        is_both = (near[:, 1:] == near[:, :-1]) & (near[:, 1:] >= 0)
        both = bound[:, 1:] + bound[:, :-1] - (share * others).sum(axis=0)
        bound[:, :-1] = np.where(is_both, both, bound[:, :-1])
        bound[:, 1:] = np.where(is_both, -np.inf, bound[:, 1:])
        bound = _rounded_up(np.where((near < 0) | (bound <= self._floor), -np.inf, bound))
        order = np.argpartition(-bound, width - 1, axis=1)
        left_out = np.take_along_axis(bound, order[:, width:], 1).max(axis=1)
        order = order[:, :width]
        bound = np.take_along_axis(bound, order, 1)
        self.bound[low] = bound
        self.near[low] = np.where(np.isneginf(bound), -1, np.take_along_axis(near, order, 1))
        self.known[low] = np.isneginf(bound)
        self.others[low] = np.maximum(_rounded_up((share * others).sum(axis=0)[:, 0]), left_out)
        self._round += 1
        self._into[high] = low
        self._into = self._into[self._into]
        self._changed_at[low] = self._round

    def keep(self, rows: Rows) -> None:
        """Drop all clusters except `rows` (in ascending order), and renumber these."""
        number = np.full(len(self._into), -1)
        number[rows] = np.arange(len(rows))
        near = self.near[rows]
        near = np.where(near >= 0, number[self._into[near]], -1)
        self.bound = np.where(near >= 0, self.bound[rows], -np.inf).astype(np.float32)
        self.near = near.astype(np.int32)
        self.known = self.known[rows] | (near < 0)
        self.others = self.others[rows]
        self._changed_at, self._seen_at = self._changed_at[rows], self._seen_at[rows]
        self._into = np.arange(len(rows))


def _rounded_up(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """To float32, rounded up."""
    return np.asarray(np.where(values > 0, values * _ROUND_UP, values / _ROUND_UP), dtype=np.float32)
