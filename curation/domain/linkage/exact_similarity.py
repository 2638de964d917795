"""Similarities of clusters, compared without rounding errors.

Float64 decides where its error bound allows it, integers where it does not: every float32 is an integer multiple of
2**-150, so sums and products of embeddings are exact in Python's integers (the filter of Shewchuk 1997, "Adaptive
precision floating-point arithmetic and fast robust geometric predicates"). So neither the number of threads nor
the order in which a library adds numbers can change a decision, and true ties are recognised.
"""

from __future__ import annotations

from fractions import Fraction
from operator import mul

import numpy as np
from numpy.typing import NDArray

from curation.domain.linkage.apart_pairs import ApartPairs

__all__ = ["ClusterSums"]

Rows = NDArray[np.intp]

_ROUNDING = 2.0**-53  # of one operation on float64
_LEVEL_BITS = 25  # so that |x| <= 4 and 2**35 addends stay within int64
_LEVELS = 6  # 150 bits hold the smallest float32, 2**-149
_CHUNK_PAIRS = 2048  # gathered at once: two blocks of 8 MB at 512 dimensions
_CROWD = 30  # one product within a matrix product is so many times cheaper than by itself
_NEVER = Fraction(-(2**60))  # below the similarity of any two clusters
_EXACT_CACHED = 500  # integer sums in the cache, some 20 kB each


class ClusterSums:
    """Sizes and sums of clusters, with similarities between them.

    A cluster is a row; `merge` merges one into another, `keep` renumbers. The similarity of two clusters is the mean
    of the inner products of their faces, minus the penalty for each pair of faces of one photo; it is -inf for
    clusters that must stay apart.
    """

    def __init__(
        self,
        embeddings: NDArray[np.float32],
        owner: Rows,
        photos: NDArray[np.intp] | None,
        penalty: float,
        apart: ApartPairs | None = None,
    ) -> None:
        """Start with groups of faces.

        Args:
            embeddings: (N, D).
            owner: (N,) row of each face; rows are in the order of their first faces.
            photos: (N,) photo of each face, if there is a penalty.
            penalty: For two faces of one photo, from 0.
            apart: Pairs of rows that must stay apart; it is updated with every merge.
        """
        self._embeddings = embeddings
        self._owner = owner
        self._photos = photos
        self._penalty = penalty
        self._exact_penalty = Fraction(penalty)
        self._apart = apart
        first, size = np.unique(owner, return_index=True, return_counts=True)[1:]
        self.size: NDArray[np.int64] = size.astype(np.int64)
        self._first: Rows = first
        # Sums of clusters of several faces; most of the memory is never touched.
        self._pool = np.empty((len(embeddings) // 2 + 1, embeddings.shape[1]))
        self._pool_used = 0
        self._pool_free: list[int] = []
        self._place = np.full(len(size), -1, dtype=np.intp)
        unequal = self._unequal_rows(first, size)
        for row in np.flatnonzero(size > 1):
            if row in unequal:
                self._pool[self._pool_used] = embeddings[owner == row].sum(axis=0, dtype=np.float64)
            else:
                self._pool[self._pool_used] = embeddings[first[row]].astype(np.float64) * size[row]
            self._place[row] = self._pool_used
            self._pool_used += 1
        largest = float(np.sqrt(max((np.einsum("ij,ij->i", embeddings, embeddings)).max(), 0.0)))
        self._scale = (largest * 1.001) ** 2 + penalty
        self._exact: dict[int, list[int]] = {}
        self._counts: tuple[NDArray[np.int64], NDArray[np.float64], Rows] | None = None

    def _unequal_rows(self, first: Rows, size: NDArray[np.intp]) -> frozenset[int]:
        """Rows of groups whose faces are not all equal."""
        faces = np.flatnonzero(size[self._owner] > 1)
        out: set[int] = set()
        for start in range(0, len(faces), _CHUNK_PAIRS):
            part = faces[start : start + _CHUNK_PAIRS]
            owner = self._owner[part]
            differs = (self._embeddings[part] != self._embeddings[first[owner]]).any(axis=1)
            out.update(owner[differs].tolist())
        return frozenset(out)

    def sums(self, rows: Rows) -> NDArray[np.float64]:
        """(R, D) sums of the clusters' embeddings."""
        out = np.empty((len(rows), self._embeddings.shape[1]))
        place = self._place[rows]
        single = place < 0
        out[single] = self._embeddings[self._first[rows[single]]]
        out[~single] = self._pool[place[~single]]
        return out

    def means(self, rows: Rows) -> NDArray[np.float32]:
        """(R, D) means, rounded to float32."""
        return np.asarray(self.sums(rows) / self.size[rows, None], dtype=np.float32)

    def merge(self, low: Rows, high: Rows) -> None:
        """Merge clusters `high` into `low`, pair by pair."""
        for start in range(0, len(low), _CHUNK_PAIRS):
            a, b = low[start : start + _CHUNK_PAIRS], high[start : start + _CHUNK_PAIRS]
            total = self.sums(a) + self.sums(b)
            for i, (row, other) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
                places = [int(p) for p in (self._place[row], self._place[other]) if p >= 0]
                if not places and self._pool_free:
                    places = [self._pool_free.pop()]
                elif not places:
                    places = [self._pool_used]
                    self._pool_used += 1
                self._pool_free += places[1:]
                self._place[row], self._place[other] = places[0], -1
                self._pool[places[0]] = total[i]
        self.size[low] += self.size[high]
        into = np.arange(len(self.size))
        into[high] = low
        self._owner = np.where(self._owner >= 0, into[self._owner], -1)
        if self._apart is not None:
            self._apart.renumber(into, len(into))
        for row in [*low.tolist(), *high.tolist()]:
            self._exact.pop(row, None)
        self._counts = None

    def keep(self, rows: Rows) -> None:
        """Drop all clusters except `rows` (in ascending order), and renumber these."""
        gone = np.ones(len(self.size), dtype=bool)
        gone[rows] = False
        self._pool_free += [int(place) for place in self._place[gone] if place >= 0]
        number = np.full(len(self.size), -1)
        number[rows] = np.arange(len(rows))
        self._owner = np.where(self._owner >= 0, number[self._owner], -1)
        if self._apart is not None:
            self._apart.renumber(number, len(rows))
        self.size, self._first, self._place = self.size[rows], self._first[rows], self._place[rows]
        self._exact = {}
        self._counts = None

    def similarity(self, a: Rows, b: Rows) -> NDArray[np.float64]:
        """(R,) similarities of pairs of clusters, the same on every machine; `margin` bounds their error."""
        out = np.empty(len(a))
        for start in range(0, len(a), _CHUNK_PAIRS):
            part = slice(start, start + _CHUNK_PAIRS)
            # Not a BLAS routine: numpy's own sum adds in a fixed order, whatever else is computed with it.
            out[part] = (self.sums(a[part]) * self.sums(b[part])).sum(axis=1)
        return out / (self.size[a] * self.size[b]) - self.penalties(a, b)

    def _similarity_in_crowd(self, a: Rows, b: Rows) -> NDArray[np.float64]:
        """Like `similarity`, but faster where many pairs share few clusters; the last digits may differ."""
        out = np.empty(len(a))
        for start in range(0, len(a), _CHUNK_PAIRS):
            part = slice(start, start + _CHUNK_PAIRS)
            left, of_left = np.unique(a[part], return_inverse=True)
            right, of_right = np.unique(b[part], return_inverse=True)
            if len(left) * len(right) <= _CROWD * len(of_left):
                out[part] = (self.sums(left) @ self.sums(right).T)[of_left, of_right]
            else:
                out[part] = np.einsum("ij,ij->i", self.sums(a[part]), self.sums(b[part]))
        return out / (self.size[a] * self.size[b]) - self.penalties(a, b)

    def margin(self, a: Rows, b: Rows) -> NDArray[np.float64]:
        """(R,) bounds of the error of a similarity (Higham 2002, Accuracy and Stability, sections 3.1 and 4.2)."""
        operations = self._embeddings.shape[1] + self.size[a] + self.size[b] + 16
        return np.asarray(1.01 * _ROUNDING * self._scale * operations)

    def penalties(self, a: Rows, b: Rows) -> NDArray[np.float64]:
        """(R,) how much pairs of faces of one photo reduce a similarity; inf for clusters that must stay apart."""
        out = np.zeros(len(a))
        if self._photos is not None:
            out = self._penalty * self._same_photo(a, b) / (self.size[a] * self.size[b])
        if self._apart is not None:
            out[self._apart.mask(a, b)] = np.inf
        return out

    def nearest(self, rows: Rows, others: Rows) -> Rows:
        """For each cluster the most similar of those it is paired with; the first of equal ones.

        Args:
            rows: (P,) one cluster of each pair, in ascending order.
            others: (P,) the other one, in ascending order for each of `rows`.

        Returns:
            (R,) one for each of the R different clusters in `rows`.
        """
        similarity, margin = self._similarity_in_crowd(rows, others), self.margin(rows, others)
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(rows)]))
        close = np.flatnonzero(similarity + margin >= np.maximum.reduceat(similarity - margin, starts)[group])
        count = np.bincount(group[close], minlength=len(starts))
        first = np.searchsorted(group[close], np.arange(len(starts)))
        out = others[close[first]]
        for i in np.flatnonzero(count > 1):
            row = int(rows[starts[i]])
            # max() returns the first of equal ones.
            out[i] = max(
                others[close[first[i] : first[i] + count[i]]].tolist(), key=lambda x: self._exact_similarity(row, x)
            )
        return out

    def are_above(self, a: Rows, b: Rows, distance_threshold: float) -> NDArray[np.bool_]:
        """(R,) whether pairs of clusters are nearer than the threshold."""
        gap = self.similarity(a, b) - (1.0 - distance_threshold)
        out = gap > 0
        for i in np.flatnonzero(np.abs(gap) <= self.margin(a, b) + 4 * _ROUNDING):
            out[i] = self._exact_similarity(int(a[i]), int(b[i])) > 1 - Fraction(distance_threshold)
        return out

    def _exact_similarity(self, a: int, b: int) -> Fraction:
        if self._apart is not None and self._apart.mask(np.array([a]), np.array([b]))[0]:
            return _NEVER
        total = Fraction(sum(map(mul, self._exact_sum(a), self._exact_sum(b))), 1 << (2 * _LEVELS * _LEVEL_BITS))
        if self._photos is not None:
            total -= self._exact_penalty * int(self._same_photo(np.array([a]), np.array([b]))[0])
        return total / int(self.size[a] * self.size[b])

    def _exact_sum(self, row: int) -> list[int]:
        """The sum of a cluster's embeddings in units of 2**-150."""
        if row not in self._exact:
            if len(self._exact) >= _EXACT_CACHED:
                self._exact.clear()
            rest = self._embeddings[self._owner == row].astype(np.float64)
            out = [0] * rest.shape[1]
            for _ in range(_LEVELS):
                rest *= 2.0**_LEVEL_BITS
                whole = np.rint(rest)
                rest -= whole
                level = whole.astype(np.int64).sum(axis=0).tolist()
                out = [(value << _LEVEL_BITS) + part for value, part in zip(out, level, strict=True)]
            self._exact[row] = out
        return self._exact[row]

    def _same_photo(self, a: Rows, b: Rows) -> NDArray[np.float64]:
        """(R,) how many pairs of faces, one of each cluster, are on one photo."""
        assert self._photos is not None
        if self._counts is None:
            held = np.flatnonzero(self._owner >= 0)
            key = self._owner[held].astype(np.int64) * (int(self._photos.max()) + 1) + self._photos[held]
            keys, counts = np.unique(key, return_counts=True)
            starts = np.searchsorted(keys, np.arange(len(self.size) + 1) * (int(self._photos.max()) + 1))
            self._counts = keys, counts.astype(np.float64), starts
        keys, counts, starts = self._counts
        photos = int(self._photos.max()) + 1
        lengths = starts[1:] - starts[:-1]
        smaller = np.where(lengths[a] <= lengths[b], a, b)
        larger = a + b - smaller
        # All photos of the smaller clusters, one after the other, each looked up in the larger one.
        of = np.repeat(np.arange(len(a)), lengths[smaller])
        within = np.arange(len(of)) - np.repeat(np.cumsum(lengths[smaller]) - lengths[smaller], lengths[smaller])
        at = starts[smaller[of]] + within
        wanted = keys[at] % photos + larger[of] * photos
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        both = np.where(keys[found] == wanted, counts[at] * counts[found], 0.0)
        return np.asarray(np.bincount(of, weights=both, minlength=len(a)), dtype=np.float64)
