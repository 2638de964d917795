"""Embeddings for the tests of grouping."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def unit(vectors: NDArray[np.floating]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def event(seed: int, people: int, faces: int, spread: float, dimensions: int = 12) -> Vectors:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people, dimensions))
    return unit(centres[rng.integers(people, size=faces)] + spread * rng.normal(size=(faces, dimensions)))


def apart(angle_deg: float, *, copies: int = 1, plane: int = 0) -> Vectors:
    """Unit vectors at an angle to the first axis, tiny bits apart from each other."""
    out = np.zeros((copies, 40))
    out[:, 0], out[:, 1 + plane] = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    for copy in range(copies):
        out[copy, 10 + copy] = 0.02
    return unit(out)
