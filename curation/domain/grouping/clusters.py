"""Clusters of faces: confidence of each face, and varied samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["confidences", "varied_samples"]


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
