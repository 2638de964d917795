"""Which faces start as one cluster, before any distance is computed: copies, and faces known to be one person."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

__all__ = ["StartingConstraints", "starting_clusters"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class StartingConstraints:
    """What is known about the faces beforehand.

    Attributes:
        group: (N,) the first face of the group that each face starts in, -1 for faces without a group.
        apart: (M, 2) pairs of faces that are different people.
    """

    group: Rows
    apart: Rows


def starting_clusters(
    vectors: NDArray[np.float32], together: NDArray[np.integer] | None, apart: NDArray[np.integer] | None
) -> tuple[StartingConstraints, Rows]:
    """The constraints of the faces, and for each face the first face of the cluster that it starts in.

    Copies start as one cluster, too, except faces with constraints.
    """
    count = len(vectors)
    group = np.full(count, -1)
    if together is not None:
        grouped = np.flatnonzero(together >= 0)
        first, inverse = np.unique(together[grouped], return_index=True, return_inverse=True)[1:]
        group[grouped] = grouped[first][inverse]
    pairs = np.zeros((0, 2), dtype=np.intp) if apart is None else np.asarray(apart, dtype=np.intp).reshape(-1, 2)
    sides = np.where(group >= 0, group, np.arange(count))[pairs]
    if (sides[:, 0] == sides[:, 1]).any():
        raise ValueError("faces cannot be both together and apart")
    is_free = group < 0
    is_free[pairs.ravel()] = False
    same = np.where(group >= 0, group, np.arange(count))
    free = np.flatnonzero(is_free)
    if len(free) > 0:
        same[free] = free[_first_equal(vectors[free] if len(free) < count else vectors)]
    return StartingConstraints(group, pairs), same


def _first_equal(vectors: NDArray[np.float32]) -> Rows:
    """For each row the first row that equals it."""
    seen: dict[bytes, int] = {}
    places = [seen.setdefault(sha256(row).digest(), index) for index, row in enumerate(vectors)]
    return np.array(places, dtype=np.intp)
