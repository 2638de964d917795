"""Clusters of faces: stable ids, confidence of each face, and varied samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["carried_over_ids", "confidences", "first_ids", "varied_samples"]


def confidences(
    embeddings: NDArray[np.float32], labels: NDArray[np.integer], distance_threshold: float
) -> NDArray[np.float64]:
    """How well each face fits its cluster, in [0, 1].

    1 - d / threshold, with d the average cosine distance to the cluster's other faces: 1 for identical
    faces, 0 for a face that is as far away as the threshold. A face alone in its cluster gets 0.

    Args:
        embeddings: (N, D) of unit length.
        labels: (N,) clusters; -1 (no cluster) gives 0.
        distance_threshold: The threshold that the clusters were made with.
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
    """The faces of each cluster, without -1."""
    order = np.argsort(labels, kind="stable")
    values, starts = np.unique(labels[order], return_index=True)
    parts = np.split(order, starts)[1:]
    return {int(value): part for value, part in zip(values, parts, strict=True) if value >= 0}


def first_ids(labels: NDArray[np.integer], photos: Sequence[str], *, next_id: int = 0) -> dict[int, int]:
    """Ids for clusters that have none yet: by number of photos, then of faces, then by their first face.

    Args:
        labels: (N,) clusters; -1 is ignored.
        photos: (N,) the photo of each face.
        next_id: The first id to assign.

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

    An id goes to one cluster only, the one with most of its faces; ties go to the lower id, then to the
    cluster with the lower label. All other clusters get new ids, from `next_id` on.

    Args:
        labels: (N,) clusters; -1 is ignored.
        photos: (N,) the photo of each face.
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
    """Choose varied faces of one cluster: the best face first, then each time the face least similar to those chosen.

    So a face of a wrong person is shown early.

    Args:
        embeddings: (N, D) of unit length, of all faces.
        faces: Rows of the cluster's faces.
        quality: Quality of each of `faces`, higher is better.
        count: Maximum number of faces to choose.

    Returns:
        Rows of `embeddings`; ties go to the first face.
    """
    vectors = embeddings[list(faces)].astype(np.float64)
    chosen = [int(np.argmax(quality))]
    similarity = vectors @ vectors[chosen[0]]
    while len(chosen) < min(count, len(faces)):
        similarity[chosen] = np.inf
        chosen.append(int(np.argmin(similarity)))
        similarity = np.maximum(similarity, vectors @ vectors[chosen[-1]])
    return [faces[place] for place in chosen]
