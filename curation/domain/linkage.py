"""Grouping faces by person: average linkage on cosine distance, cut at a threshold.

For unit vectors the average distance of two clusters A and B is 1 - (S_A · S_B) / (|A| |B|), with S the sum
of a cluster's vectors, so no distance matrix is needed. Average linkage is reducible: a cluster that
others merge into never comes nearer than the nearest of its parts was. Therefore all pairs of reciprocal
nearest neighbours can be merged in one round and give the dendrogram of the usual algorithm
(Murtagh 1983, "A survey of recent advances in hierarchical clustering algorithms").
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

__all__ = ["average_linkage"]

_BLOCK_ROWS = 512  # rows of similarities that are held at once: of 100,000 faces these take 400 MB, see _nearest


def average_linkage(
    embeddings: NDArray[np.float32],
    distance_threshold: float,
    *,
    photo_of: NDArray[np.integer] | None = None,
    same_photo_penalty: float = 0.0,
    threads: int = 1,
) -> NDArray[np.int64]:
    """Group faces by average linkage on cosine distance, cut at a threshold.

    Args:
        embeddings: (N, D) of unit length, N from 0.
        distance_threshold: Clusters whose average distance is below it are one.
        photo_of: (N,) which photo each face is on, any integers; needed for the penalty only.
        same_photo_penalty: Added to the distance of any two faces of one photo, from 0: they are hardly
            one person. The average of a pair of clusters counts it for each such pair of faces.
        threads: Of the CPU, to be used at once. The result does not depend on them.

    Returns:
        (N,) labels from 0 to K - 1, numbered by the first face of each cluster.

    Raises:
        ValueError: If the penalty is negative, or there is one without photos.
    """
    if same_photo_penalty < 0:
        raise ValueError("the penalty for faces of one photo cannot be negative")
    if same_photo_penalty > 0 and (photo_of is None or len(photo_of) != len(embeddings)):
        raise ValueError("a penalty for faces of one photo needs the photo of each face")
    if len(embeddings) < 2:
        return np.zeros(len(embeddings), dtype=np.int64)
    photos = np.zeros(0, dtype=np.intp)
    if photo_of is not None and same_photo_penalty > 0:
        photos = np.unique(photo_of, return_inverse=True)[1]
    return _by_first_face(
        _reciprocal_merges(embeddings.astype(np.float64), distance_threshold, photos, same_photo_penalty)
    )


def _by_first_face(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    return np.asarray(order[inverse], dtype=np.int64)


def _reciprocal_merges(
    vectors: NDArray[np.float64], threshold: float, photos: NDArray[np.intp], penalty: float
) -> NDArray[np.int64]:
    """Average linkage in rounds; each merges all pairs that are each other's nearest."""
    sums = vectors.copy()
    sizes = np.ones(len(sums))
    # Of a merged cluster: the one that it went into. Copies of a face are all nearest to the first of them, so
    # that a round would merge only two; they are one cluster from the beginning.
    parent = _first_equal(vectors) if penalty == 0 else np.arange(len(vectors))
    (copies,) = np.nonzero(parent != np.arange(len(sums)))
    np.add.at(sums, parent[copies], vectors[copies])
    np.add.at(sizes, parent[copies], 1.0)
    alive = np.flatnonzero(parent == np.arange(len(sums)))  # clusters that may still merge
    nearest = np.full(len(sums), -1)
    distance = np.full(len(sums), np.inf)
    stale = alive
    while len(alive) > 1:
        counts = None
        if penalty > 0:
            counts = np.zeros((len(alive), int(photos.max()) + 1), dtype=np.float32)
            place = np.full(len(sums), -1)
            place[alive] = np.arange(len(alive))
            owner = place[_roots(parent)]
            np.add.at(counts, (owner[owner >= 0], photos[owner >= 0]), 1.0)
        _find_nearest(stale, alive, sums, sizes, nearest, distance, counts, penalty)
        # Distances never shrink, so a cluster with nobody below the threshold is done.
        alive = alive[distance[alive] < threshold]
        low = alive[(nearest[nearest[alive]] == alive) & (alive < nearest[alive])]
        if len(low) == 0:
            break
        high = nearest[low]
        parent[high] = low
        sums[low] += sums[high]
        sizes[low] += sizes[high]
        is_gone = np.zeros(len(sums), dtype=bool)
        is_gone[high] = True
        is_changed = is_gone.copy()
        is_changed[low] = True
        alive = alive[~is_gone[alive]]
        stale = alive[is_changed[alive] | is_changed[nearest[alive]]]
    return _roots(parent)


def _first_equal(vectors: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each row the first row that equals it."""
    seen: dict[bytes, int] = {}
    places = [seen.setdefault(sha256(row.tobytes()).digest(), index) for index, row in enumerate(vectors)]
    return np.array(places, dtype=np.intp)


def _find_nearest(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    sums: NDArray[np.float64],
    sizes: NDArray[np.float64],
    nearest: NDArray[np.intp],
    distance: NDArray[np.float64],
    counts: NDArray[np.float32] | None,
    penalty: float,
) -> None:
    """Set `nearest` and `distance` of `rows`, both among `columns`; ties go to the lowest index."""
    means = sums[columns] / sizes[columns, None]
    place = np.full(len(sums), -1)
    place[columns] = np.arange(len(columns))
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = rows[start : start + _BLOCK_ROWS]
        similarity = means[place[block]] @ means.T
        if counts is not None:
            pairs = counts[place[block]] @ counts.T
            similarity -= penalty * pairs / (sizes[block, None] * sizes[None, columns])
        similarity[np.arange(len(block)), place[block]] = -np.inf
        best = similarity.argmax(axis=1)
        nearest[block] = columns[best]
        distance[block] = 1.0 - similarity[np.arange(len(block)), best]


def _roots(parent: NDArray[np.intp]) -> NDArray[np.int64]:
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return np.asarray(parent, dtype=np.int64)
        parent = above
