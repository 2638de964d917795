"""Chinese Whispers as dlib has it: an alternative to the linkage, for comparison with other face tools.

C. Biemann, "Chinese Whispers - an efficient graph clustering algorithm" (2006). Every face is a node, faces nearer than
a threshold are joined by an edge, and each node takes over, again and again, the label that most of its neighbours
have. The result depends on the order of the faces, so they are sorted by their content first.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEFAULT_THRESHOLD", "chinese_whispers", "usual_threshold"]

DEFAULT_THRESHOLD = 1.1
"""Euclidean distance of unit vectors, cosine distance 0.605: on photos of many people the best; 1.15 is better for
few."""
_MEASURED_WITH = 0.64  # cosine distance of single faces of the weights with which this was measured

_BLOCK_ROWS = 512


def usual_threshold(single_distance: float) -> float:
    """The threshold for weights, from the cosine distance below which two single faces are one person.

    Other weights put all faces nearer to each other: then neighbours are nearer as well. A Euclidean distance of unit
    vectors grows with the root of the cosine distance.
    """
    return DEFAULT_THRESHOLD * math.sqrt(single_distance / _MEASURED_WITH)


def chinese_whispers(embeddings: NDArray[np.float32], threshold: float = DEFAULT_THRESHOLD) -> NDArray[np.int64]:
    """Group faces. The order in which they are given does not matter.

    Args:
        embeddings: (N, D) float32 of unit length, N from 0.
        threshold: Euclidean distance below which two faces are neighbours.

    Returns:
        (N,) labels from 0 to K - 1, numbered by the first face of each group.

    Raises:
        ValueError: If an embedding holds no numbers.
    """
    count = len(embeddings)
    if not np.isfinite(embeddings).all():
        raise ValueError("embeddings are to be numbers")
    if count < 2:
        return np.zeros(count, dtype=np.int64)
    rows = np.ascontiguousarray(embeddings, dtype=np.float32)
    order = np.array(sorted(range(count), key=lambda row: rows[row].tobytes()), dtype=np.intp)
    found = np.empty(count, dtype=np.int64)
    found[order] = _labels(rows[order], threshold)
    return _numbered(found)


def _labels(rows: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
    """(N,) labels of faces in canonical order; copies get the label of the first of them."""
    import dlib

    edges: list[tuple[int, int]] = []
    exact = rows.astype(np.float64)
    squares = np.einsum("ij,ij->i", exact, exact)
    for start in range(0, len(exact), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        square = squares[block, None] + squares[None, :] - 2.0 * (exact[block] @ exact.T)
        first, second = np.nonzero(square < threshold * threshold)
        first += start
        # Each face is its own neighbour as well, as in dlib's own function for descriptors.
        edges += zip(first[first <= second].tolist(), second[first <= second].tolist(), strict=True)
    labels = np.asarray(dlib.chinese_whispers(edges), dtype=np.int64)
    is_copy = (rows[1:] == rows[:-1]).all(axis=1)
    for row in np.flatnonzero(is_copy).tolist():
        labels[row + 1] = labels[row]
    return labels


def _numbered(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels.tolist()], dtype=np.int64)
