from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from curation.domain.linkage.exact_similarity import ClusterSums


def rows(*values: int) -> NDArray[np.intp]:
    return np.array(values, dtype=np.intp)


def sums(vectors: NDArray[np.float32], photos: NDArray[np.intp] | None = None, penalty: float = 0.0) -> ClusterSums:
    return ClusterSums(vectors, np.arange(len(vectors)), photos, penalty)


def test_differences_far_below_float64_decide() -> None:
    tiny = 2.0**-140
    vectors = np.array([[1, 0.5], [0.5, 0], [0.5, tiny]], dtype=np.float32)
    clusters = sums(vectors)
    assert clusters.similarity(rows(0), rows(1)) == clusters.similarity(rows(0), rows(2))
    assert clusters.nearest(rows(0, 0, 1, 1, 2), rows(1, 2, 0, 2, 0)).tolist() == [2, 0, 0]
    assert clusters.are_above(rows(0, 0), rows(1, 2), 0.5).tolist() == [False, True]


def test_of_equal_ones_the_first_is_nearest() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0.6, -0.8], [0.6, 0.8]], dtype=np.float32)
    assert sums(vectors).nearest(rows(0, 0, 0), rows(1, 2, 3)).tolist() == [1]
    assert sums(vectors).nearest(rows(0, 0, 3), rows(2, 3, 0)).tolist() == [2, 0]


def test_merged_clusters_are_averages_of_pairs_with_their_penalties() -> None:
    random = np.random.default_rng(5)
    vectors = (random.normal(size=(12, 6)) / 4).astype(np.float32)
    photos = random.integers(0, 4, 12).astype(np.intp)
    clusters = sums(vectors, photos, 0.25)
    members = {row: [row] for row in range(12)}
    for low, high in ((0, 5), (1, 7), (0, 9), (2, 3), (0, 1)):
        clusters.merge(rows(low), rows(high))
        members[low] += members.pop(high)
    kept = sorted(members)
    clusters.keep(rows(*kept))
    a, b = (rows(*part) for part in np.triu_indices(len(kept), 1))
    found, margin = clusters.similarity(a, b), clusters.margin(a, b)
    for one, other, value, error in zip(a, b, found, margin, strict=True):
        total = Fraction(0)
        for i in members[kept[one]]:
            for j in members[kept[other]]:
                products = zip(vectors[i].tolist(), vectors[j].tolist(), strict=True)
                total += sum((Fraction(x) * Fraction(y) for x, y in products), Fraction(0))
                total -= Fraction(1, 4) * int(photos[i] == photos[j])
        exact = total / (len(members[kept[one]]) * len(members[kept[other]]))
        assert abs(Fraction(float(value)) - exact) <= error
        assert clusters._exact_similarity(int(one), int(other)) == exact
    assert clusters.size.tolist() == [len(members[row]) for row in kept]


def test_sums_find_room_again_after_clusters_are_gone() -> None:
    vectors = np.eye(8, dtype=np.float32)
    clusters = sums(vectors)
    clusters.merge(rows(0, 2, 4), rows(1, 3, 5))
    clusters.merge(rows(0), rows(2))
    clusters.keep(rows(0, 6, 7))
    clusters.merge(rows(1), rows(2))
    assert clusters.sums(rows(0, 1)).tolist() == [[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1, 1]]
