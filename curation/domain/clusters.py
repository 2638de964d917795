"""Grouping faces by person: average linkage on cosine distance, stable ids, representatives.

For unit vectors the average distance of two clusters A and B is 1 - (S_A · S_B) / (|A| |B|), with S the sum
of a cluster's vectors, so no distance matrix is needed. Average linkage is reducible: a cluster that
others merge into never comes nearer than the nearest of its parts was. Therefore all pairs of reciprocal
nearest neighbours can be merged in one round and give the dendrogram of the usual algorithm
(Murtagh 1983, "A survey of recent advances in hierarchical clustering algorithms").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

__all__ = ["average_linkage", "carried_over_ids", "confidences", "first_ids", "varied_samples"]

# Where scikit-learn does the work. Below, its import of a second and more is longer than the work; above, its matrix of
# distances outgrows the faces. The partition is the same.
SCIKIT_LEARN_FACES = range(400, 2001)
_BLOCK_ROWS = 512  # rows of similarities that are held at once: of 100,000 faces these take 400 MB, see _nearest


def average_linkage(embeddings: NDArray[np.float32], distance_threshold: float) -> NDArray[np.int64]:
    """Group faces by average linkage on cosine distance, cut at a threshold.

    Args:
        embeddings: (N, D) of unit length, N from 0.
        distance_threshold: Clusters whose average distance is below it are one.

    Returns:
        (N,) labels from 0 to K - 1, numbered by the first face of each cluster.
    """
    if len(embeddings) < 2:
        return np.zeros(len(embeddings), dtype=np.int64)
    if len(embeddings) in SCIKIT_LEARN_FACES:
        from sklearn.cluster import AgglomerativeClustering

        model = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=distance_threshold
        )
        return _by_first_face(model.fit_predict(embeddings.astype(np.float64)))
    return _by_first_face(_reciprocal_merges(embeddings.astype(np.float64), distance_threshold))


def _by_first_face(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    return np.asarray(order[inverse], dtype=np.int64)


def _reciprocal_merges(vectors: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """Average linkage in rounds; each merges all pairs that are each other's nearest.

    Memory: the vectors twice and a block of similarities.
    """
    sums = vectors.copy()
    sizes = np.ones(len(sums))
    # Of a merged cluster: the one that it went into. Copies of a face are all nearest to the first of them, so
    # that a round would merge only two; they are one cluster from the beginning.
    parent = _first_equal(vectors)
    (copies,) = np.nonzero(parent != np.arange(len(sums)))
    np.add.at(sums, parent[copies], vectors[copies])
    np.add.at(sizes, parent[copies], 1.0)
    alive = np.flatnonzero(parent == np.arange(len(sums)))  # clusters that may still merge
    nearest = np.full(len(sums), -1)
    distance = np.full(len(sums), np.inf)
    stale = alive
    while len(alive) > 1:
        _find_nearest(stale, alive, sums, sizes, nearest, distance)
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
) -> None:
    """Set `nearest` and `distance` of `rows`, both among `columns`; ties go to the lowest index."""
    means = sums[columns] / sizes[columns, None]
    place = np.full(len(sums), -1)
    place[columns] = np.arange(len(columns))
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = rows[start : start + _BLOCK_ROWS]
        similarity = means[place[block]] @ means.T
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


def confidences(
    embeddings: NDArray[np.float32], labels: NDArray[np.integer], distance_threshold: float
) -> NDArray[np.float64]:
    """How well each face fits its cluster, in [0, 1].

    1 - d / threshold, with d the average cosine distance to the cluster's other faces: 1 for faces that are
    all the same, 0 for a face that is as far away as two persons are. A face alone has nothing to be sure of: 0.

    Args:
        embeddings: (N, D) of unit length.
        labels: (N,) clusters; -1 (no cluster) gives 0.
        distance_threshold: That the clusters were made with.
    """
    out = np.zeros(len(labels))
    for members in _members(labels).values():
        if len(members) < 2:
            continue
        vectors = embeddings[members].astype(np.float64)
        others = (vectors @ vectors.sum(axis=0) - 1.0) / (len(members) - 1)
        out[members] = np.clip(1.0 - (1.0 - others) / distance_threshold, 0.0, 1.0)
    return out


def _members(labels: NDArray[np.integer]) -> dict[int, NDArray[np.intp]]:
    """The faces of each cluster, -1 left out."""
    order = np.argsort(labels, kind="stable")
    values, starts = np.unique(labels[order], return_index=True)
    parts = np.split(order, starts)[1:]
    return {int(value): part for value, part in zip(values, parts, strict=True) if value >= 0}


def first_ids(labels: NDArray[np.integer], photos: Sequence[str], *, next_id: int = 0) -> dict[int, int]:
    """Ids for clusters that have none yet: by number of photos, then of faces, then by their first face.

    Args:
        labels: (N,) clusters; -1 is left out.
        photos: The photo of each face.
        next_id: The first id to give.

    Returns:
        From label to id.
    """
    members = _members(labels)
    size = {
        label: (-len({photos[face] for face in faces}), -len(faces), int(faces[0])) for label, faces in members.items()
    }
    return {label: next_id + place for place, label in enumerate(sorted(members, key=lambda label: size[label]))}


def carried_over_ids(
    labels: NDArray[np.integer], photos: Sequence[str], old_ids: Mapping[int, int], *, next_id: int
) -> dict[int, int]:
    """Ids for clusters of a later run: each keeps the id that most of its faces had.

    An id goes to one cluster only, to the one with most of its faces; ties go to the lower id, then to the
    cluster with the lower label. Clusters that get none take new ids, larger than all that ever were.

    Args:
        labels: (N,) clusters; -1 is left out.
        photos: The photo of each face.
        old_ids: From face (row of `labels`) to its id in the earlier run, for faces that had one.
        next_id: The first id that was never used.

    Returns:
        From label to id.
    """
    votes = Counter((int(labels[face]), old) for face, old in old_ids.items() if labels[face] >= 0)
    out: dict[int, int] = {}
    taken: set[int] = set()
    for (label, old), _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0][1], vote[0][0])):
        if label not in out and old not in taken:
            out[label] = old
            taken.add(old)
    new = np.array([label if label not in out else -1 for label in labels.tolist()], dtype=np.int64)
    return out | first_ids(new, photos, next_id=next_id)


def varied_samples(
    embeddings: NDArray[np.float32], faces: Sequence[int], quality: Sequence[float], count: int
) -> list[int]:
    """Choose faces of one cluster that show it best: the best face first, then ever the one least like those chosen.

    So a wrong member is among the first to be seen.

    Args:
        embeddings: (N, D) of unit length, of all faces.
        faces: Rows of the cluster's faces.
        quality: Of each of `faces`, higher is better.
        count: At most so many.

    Returns:
        Rows of `embeddings`; ties go to the first face.
    """
    vectors = embeddings[list(faces)].astype(np.float64)
    chosen = [int(np.argmax(quality))]
    likeness = vectors @ vectors[chosen[0]]
    while len(chosen) < min(count, len(faces)):
        likeness[chosen] = np.inf
        chosen.append(int(np.argmin(likeness)))
        likeness = np.maximum(likeness, vectors @ vectors[chosen[-1]])
    return [faces[place] for place in chosen]
