from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.linkage.neighbour_bounds import NeighbourBounds
from curation.domain.linkage.neighbour_search import most_similar, search_threads
from tests.unit.domain.grouping.face_vectors import event

FLOOR = np.float32(-2.0)
ROUNDING = 1e-5


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(6, 40), st.integers(1, 5))
def test_bounds_hold_after_merges(seed: int, faces: int, width: int) -> None:
    sums = event(seed, 4, faces, 0.5).astype(np.float64)
    size = np.ones(faces, dtype=np.int64)
    is_alive = np.ones(faces, dtype=bool)
    bounds = NeighbourBounds(faces, width, FLOOR)
    with search_threads(1) as pool:
        found = most_similar(sums.astype(np.float32), np.arange(faces), is_alive, width, float(FLOOR), pool, 1)
    bounds.set_found(np.arange(faces), found)
    random = np.random.default_rng(seed)
    for _ in range(3):
        rows = random.permutation(np.flatnonzero(is_alive))
        pairs = np.sort(rows[: len(rows) // 2 // 2 * 2].reshape(-1, 2), axis=1)
        low, high = pairs[:, 0], pairs[:, 1]
        bounds.refresh(low, is_alive)
        bounds.refresh(high, is_alive)
        bounds.merge(low, high, size)
        sums[low] += sums[high]
        size[low] += size[high]
        is_alive[high] = False
        alive = np.flatnonzero(is_alive)
        bounds.refresh(alive, is_alive)
        means = sums / size[:, None]
        for row in alive.tolist():
            near = dict(zip(bounds.near[row].tolist(), bounds.bound[row].tolist(), strict=True))
            for other in alive[alive != row].tolist():
                assert means[row] @ means[other] <= near.get(other, bounds.others[row]) + ROUNDING


def test_dropped_clusters_are_renumbered() -> None:
    bounds = NeighbourBounds(4, 2, FLOOR)
    bounds.near[:] = [[1, 3], [0, 3], [3, 1], [0, 2]]
    bounds.bound[:] = [[0.9, 0.5], [0.9, 0.4], [0.3, 0.2], [0.5, 0.3]]
    bounds.keep(np.array([0, 3]))
    assert bounds.near.tolist() == [[-1, 1], [0, -1]]
    assert bounds.bound.tolist() == [[-np.inf, 0.5], [0.5, -np.inf]]
    assert bounds.known.tolist() == [[True, False], [False, True]]
