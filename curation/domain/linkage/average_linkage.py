"""Grouping faces by person: average linkage on cosine distance, cut at a threshold, exact at any size.

For unit vectors the average distance of two clusters A and B is 1 - (S_A · S_B) / (|A| |B|), with S the sum
of a cluster's vectors: the inner product of their means, so no distance matrix is needed. Average linkage is
reducible: a merged cluster is never nearer to another one than the nearest of its parts was. Therefore
all pairs of reciprocal nearest neighbours can be merged in one round, which gives the dendrogram of the usual
algorithm (Murtagh 1983, "A survey of recent advances in hierarchical clustering algorithms"), and an upper
bound of a similarity stays one. docs/clustering.md describes the algorithm, its memory and its run time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from curation.domain.linkage.apart_pairs import ApartPairs
from curation.domain.linkage.exact_similarity import ClusterSums
from curation.domain.linkage.merge_history import MergeHistory
from curation.domain.linkage.neighbour_bounds import NeighbourBounds
from curation.domain.linkage.neighbour_search import most_similar, pair_similarities, rounding_bound, search_threads
from curation.domain.linkage.starting_clusters import StartingConstraints, starting_clusters

__all__ = ["average_linkage", "merge_history"]

Rows = NDArray[np.intp]

_CANDIDATES = 16  # neighbours that are known of each cluster
_LONGEST = 1.01  # of a vector that passes as a unit vector
_DENSE = 0.8  # share of rows in use below which they are packed
_PACK_ROWS = 4096  # moved at once
_CROWDED_ROWS = 64  # of similarities to all, held at once: 26 MB for 100,000 faces
# The search among all clusters is postponed until fewer pairs can be merged than this share of the clusters that wait
# for it: the later, the fewer clusters are left. Between 0.02 and 0.5 the value hardly matters (measured).
_LAZINESS = 0.05


def average_linkage(
    embeddings: NDArray[np.float32],
    distance_threshold: float,
    *,
    photo_of: NDArray[np.integer] | None = None,
    same_photo_penalty: float = 0.0,
    together: NDArray[np.integer] | None = None,
    apart: NDArray[np.integer] | None = None,
    threads: int = 1,
) -> NDArray[np.int64]:
    """Group faces by average linkage on cosine distance, cut at a threshold.

    For arguments and errors see `merge_history`.

    Returns:
        (N,) labels from 0 to K - 1, numbered by the first face of each cluster.
    """
    history = merge_history(
        embeddings,
        distance_threshold,
        photo_of=photo_of,
        same_photo_penalty=same_photo_penalty,
        together=together,
        apart=apart,
        threads=threads,
    )
    return history.labels()


def merge_history(
    embeddings: NDArray[np.float32],
    distance_threshold: float,
    *,
    photo_of: NDArray[np.integer] | None = None,
    same_photo_penalty: float = 0.0,
    together: NDArray[np.integer] | None = None,
    apart: NDArray[np.integer] | None = None,
    threads: int = 1,
) -> MergeHistory:
    """Merge faces by average linkage on cosine distance, as long as there is a distance below a threshold.

    The two clusters with the smallest average distance are merged until no distance is below the threshold. Of
    equal distances, the pair whose first cluster has the lowest face comes first, then the pair whose second has.
    All this is exact for the given numbers: no rounding decides.

    Args:
        embeddings: (N, D) of unit length or shorter, N from 0.
        distance_threshold: Clusters whose average distance is below it are one.
        photo_of: (N,) photo of each face, as any integers; needed for the penalty only.
        same_photo_penalty: Added to the distance of any two faces of one photo, from 0: they are hardly
            ever one person. The average of a pair of clusters counts it for each such pair of faces.
        together: (N,) the same number, from 0, for faces that are known to be one person: they start as one cluster.
            -1 for all others.
        apart: (M, 2) pairs of faces that are known to be different people: clusters with such a pair never merge.
        threads: Number of CPU threads. The result does not depend on it.

    Raises:
        ValueError: If an embedding is longer than a unit vector or not finite, the penalty is negative or given
            without photos, or faces would have to be both together and apart.
    """
    if not 0 <= same_photo_penalty < np.inf:
        raise ValueError("the penalty for faces of one photo cannot be negative")
    photos = None
    if same_photo_penalty > 0:
        if photo_of is None or len(photo_of) != len(embeddings):
            raise ValueError("a penalty for faces of one photo needs the photo of each face")
        photos = np.unique(photo_of, return_inverse=True)[1].astype(np.intp)
    if len(embeddings) < 2:
        nothing = np.zeros(0, dtype=np.intp)
        return MergeHistory(np.arange(len(embeddings)), nothing, nothing, np.zeros(0))
    vectors = np.ascontiguousarray(embeddings, dtype=np.float32)
    longest = float(np.sqrt(np.einsum("ij,ij->i", vectors, vectors).max()))
    if not longest <= _LONGEST:
        raise ValueError("embeddings are to be numbers, and of unit length")
    known, same = starting_clusters(vectors, together, apart)
    with search_threads(threads) as pool:
        while True:
            merging = _Merging(vectors, same, known, photos, same_photo_penalty, distance_threshold, pool, threads)
            alone = merging.unsafe_copies()
            if len(alone) == 0:
                break
            is_alone = np.isin(same, alone)
            same = np.where(is_alone, np.arange(len(same)), same)
        low, high, distance = merging.run()
    return MergeHistory(same, low, high, distance)


class _Merging:
    """Clusters that may still be merged, one row each, in the order of their first faces.

    `_neighbours` has upper bounds of the similarities to their neighbours; all of them hold up to `_error`, the
    rounding error of float32.
    """

    def __init__(
        self,
        vectors: NDArray[np.float32],
        same: Rows,
        known: StartingConstraints,
        photos: Rows | None,
        penalty: float,
        threshold: float,
        pool: ThreadPoolExecutor,
        threads: int,
    ) -> None:
        faces, owner = np.unique(same, return_inverse=True)
        count = len(faces)
        self._threshold = threshold
        self._pool, self._threads = pool, threads
        self._error = rounding_bound(vectors.shape[1], _LONGEST)
        # No clusters below it can be merged, whatever the rounding.
        self._floor = np.float32(1.0 - threshold - 3 * self._error)
        owner = owner.astype(np.intp)
        apart = ApartPairs(owner[known.apart], count) if len(known.apart) > 0 else None
        self._sums = ClusterSums(vectors, owner, photos, penalty, apart)
        self._has_penalty = photos is not None or apart is not None
        is_group = known.group[faces] >= 0
        self._copies = self._groups_of_copies(same, photos, is_group)
        self._means = vectors[faces]
        self._means[is_group] = self._sums.means(np.flatnonzero(is_group))
        self._merges: list[tuple[Rows, Rows, NDArray[np.float64]]] = []
        self._faces: Rows = faces
        self._neighbours = NeighbourBounds(count, min(_CANDIDATES, max(1, count - 1)), self._floor)
        self._nearest: Rows = np.full(count, -1)  # -1 if it has to be found
        self._is_blocked = np.ones(count, dtype=bool)  # too little is known of its neighbours
        self._is_alive = np.ones(count, dtype=bool)

    def _groups_of_copies(
        self, same: Rows, photos: Rows | None, is_group: NDArray[np.bool_]
    ) -> tuple[Rows, NDArray[np.bool_]]:
        """Rows of several equal faces without constraints, and which of them have two faces on one photo."""
        rows = np.flatnonzero((self._sums.size > 1) & ~is_group)
        if photos is None:
            return rows, np.zeros(len(rows), dtype=bool)
        pairs = np.unique(np.stack([same, photos]), axis=1)[0]
        distinct = np.bincount(pairs, minlength=len(same))[np.unique(same)]
        return rows, distinct[rows] < self._sums.size[rows]

    def unsafe_copies(self) -> Rows:
        """First faces of groups of equal faces that must not start as one cluster.

        They may if each is nearer to its copies than to any other face: then the usual algorithm merges them first.
        """
        best = self._search(np.arange(len(self._means)))
        rows, is_torn = self._copies
        itself = np.einsum("ij,ij->i", self._means[rows], self._means[rows])
        is_unsafe = (
            is_torn | (itself <= best[rows] + 3 * self._error) | (itself <= 1.0 - self._threshold + 2 * self._error)
        )
        return np.asarray(self._faces[rows[is_unsafe]], dtype=np.intp)

    def run(self) -> tuple[Rows, Rows, NDArray[np.float64]]:
        """Merge until nothing is below the threshold; first faces of the merged pairs and their distances, in order."""
        while True:
            self._find_nearest(np.flatnonzero(self._is_alive & ~self._is_blocked & (self._nearest < 0)))
            low = np.flatnonzero(self._is_alive & (self._nearest >= 0))
            low = low[(self._nearest[self._nearest[low]] == low) & (low < self._nearest[low])]
            blocked = np.flatnonzero(self._is_alive & self._is_blocked)
            if len(low) == 0 and len(blocked) == 0:
                break
            if len(low) < _LAZINESS * len(blocked) or len(low) == 0:
                self._pack()
                blocked = np.flatnonzero(self._is_alive & self._is_blocked)
                self._search(blocked)
                self._find_nearest(blocked)
                self._decide_blocked(np.flatnonzero(self._is_alive & self._is_blocked))
            else:
                self._merge(low, self._nearest[low])
        nothing = (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0))
        lows, highs, distances = zip(nothing, *self._merges, strict=True)
        return np.concatenate(lows), np.concatenate(highs), np.concatenate(distances)

    def _search(self, rows: Rows) -> NDArray[np.float32]:
        """Search the neighbours of clusters among all; returns the largest similarity of each, without any penalty."""
        found = most_similar(
            self._means,
            rows,
            self._is_alive,
            self._neighbours.width,
            float(self._floor),
            self._pool,
            self._threads,
        )
        self._neighbours.set_found(rows, found)
        self._is_blocked[rows] = False
        self._nearest[rows] = -1
        if self._has_penalty:
            at, place = np.nonzero(found.index >= 0)
            off = self._sums.penalties(rows[at], found.index[at, place].astype(np.intp))
            self._neighbours.bound[rows[at], place] -= off.astype(np.float32)
        return np.asarray(np.maximum(found.similarity.max(axis=1), found.bound))

    def _similarities(self, a: Rows, b: Rows) -> NDArray[np.float32]:
        out = pair_similarities(self._means, a, b, self._pool)
        if self._has_penalty:
            out -= self._sums.penalties(a, b).astype(np.float32)
        return out

    def _find_nearest(self, rows: Rows) -> None:
        """Find the nearest neighbours of clusters among the known ones, or mark clusters of which too few are known."""
        if len(rows) == 0:
            return
        neighbours = self._neighbours
        neighbours.refresh(rows, self._is_alive)
        others = neighbours.others[rows]
        for wanted in (2, neighbours.width):
            bound, known = neighbours.bound[rows], neighbours.known[rows]
            best = np.maximum(np.where(known, bound, -np.inf).max(axis=1), np.maximum(others, self._floor))
            is_open = ~known & (bound > (best - 2 * self._error)[:, None])
            if wanted < bound.shape[1]:
                least = -np.partition(np.where(is_open, -bound, np.inf), wanted - 1, axis=1)[:, wanted - 1]
                is_open &= bound >= least[:, None]
            at, place = np.nonzero(is_open)
            neighbours.bound[rows[at], place] = self._similarities(
                rows[at], neighbours.near[rows[at], place].astype(np.intp)
            )
            neighbours.known[rows[at], place] = True
        bound = neighbours.bound[rows]
        best = bound.max(axis=1)
        is_blocked = (others > self._floor) & (best <= others + 2 * self._error)
        is_final = ~is_blocked & (best <= self._floor)
        self._is_blocked[rows] = is_blocked
        self._is_alive[rows[is_final]] = False
        decided = np.flatnonzero(~is_blocked & ~is_final)
        is_close = bound[decided] >= (best[decided] - 2 * self._error)[:, None]
        near = neighbours.near[rows[decided]]
        nearest = near[np.arange(len(decided)), bound[decided].argmax(axis=1)].astype(np.intp)
        unsure = np.flatnonzero(is_close.sum(axis=1) > 1)
        if len(unsure) > 0:
            at, place = np.nonzero(is_close[unsure])
            of, other = rows[decided[unsure]][at], near[unsure][at, place]
            order = np.lexsort((other, of))
            nearest[unsure] = self._sums.nearest(of[order], other[order].astype(np.intp))
        self._settle(rows[decided], nearest, best[decided])

    def _settle(self, rows: Rows, nearest: Rows, similarity: NDArray[np.float32]) -> None:
        """Record nearest neighbours; clusters whose nearest neighbour is not below the threshold are done."""
        is_above = similarity > 1.0 - self._threshold + 2 * self._error
        unsure = np.flatnonzero(~is_above)
        is_above[unsure] = self._sums.are_above(rows[unsure], nearest[unsure], self._threshold)
        self._nearest[rows] = np.where(is_above, nearest, -1)
        self._is_alive[rows[~is_above]] = False

    def _decide_blocked(self, rows: Rows) -> None:
        """Find the nearest neighbours of clusters that have more close neighbours than are kept."""
        for start in range(0, len(rows), _CROWDED_ROWS):
            block = rows[start : start + _CROWDED_ROWS]
            similarity = self._means[block] @ self._means.T
            similarity[:, ~self._is_alive] = -np.inf
            similarity[np.arange(len(block)), block] = -np.inf
            if self._has_penalty:
                at, other = np.nonzero(similarity > self._floor)
                similarity[at, other] -= self._sums.penalties(block[at], other).astype(np.float32)
            best = similarity.max(axis=1)
            self._is_blocked[block] = False
            self._is_alive[block[best <= self._floor]] = False
            (open_,) = np.nonzero(best > self._floor)
            if len(open_) == 0:
                continue
            at, other = np.nonzero(similarity[open_] >= (best[open_] - 2 * self._error)[:, None])
            nearest = self._sums.nearest(block[open_][at], other)
            self._settle(block[open_], nearest, best[open_])

    def _merge(self, low: Rows, high: Rows) -> None:
        """Merge pairs of clusters, each into the one with the lower face."""
        self._neighbours.refresh(low, self._is_alive)
        self._neighbours.refresh(high, self._is_alive)
        self._neighbours.merge(low, high, self._sums.size)
        self._merges.append((self._faces[low], self._faces[high], 1.0 - self._sums.similarity(low, high)))
        self._sums.merge(low, high)
        self._means[low] = self._sums.means(low)
        self._is_alive[high] = False
        is_changed = np.zeros(len(self._is_alive), dtype=bool)
        is_changed[low] = is_changed[high] = True
        self._nearest[is_changed | ((self._nearest >= 0) & is_changed[self._nearest])] = -1

    def _pack(self) -> None:
        """Drop the rows of clusters that are done or were merged into others."""
        keep = np.flatnonzero(self._is_alive)
        if len(keep) > _DENSE * len(self._is_alive):
            return
        number = np.full(len(self._is_alive), -1)
        number[keep] = np.arange(len(keep))
        self._sums.keep(keep)
        self._neighbours.keep(keep)
        self._nearest = np.where(self._nearest[keep] >= 0, number[self._nearest[keep]], -1)
        for start in range(0, len(keep), _PACK_ROWS):
            part = keep[start : start + _PACK_ROWS]
            self._means[start : start + len(part)] = self._means[part]
        self._means = self._means[: len(keep)]
        self._faces, self._is_blocked = self._faces[keep], self._is_blocked[keep]
        self._is_alive = np.ones(len(keep), dtype=bool)
