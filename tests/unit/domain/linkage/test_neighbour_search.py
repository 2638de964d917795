from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from curation.domain.linkage.neighbour_search import most_similar, pair_similarities, rounding_bound, search_threads


@pytest.mark.parametrize(("rows", "count", "floor"), [(50, 3, -2.0), (700, 4, 0.2), (700, 16, -0.1), (3, 2, 0.9)])
@pytest.mark.parametrize("part", [0.8, 1.0])
def test_the_most_similar_are_found_and_nobody_else_is_nearer(rows: int, count: int, floor: float, part: float) -> None:
    random = np.random.default_rng(rows + count)
    matrix = random.normal(size=(rows, 12)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    usable = random.random(rows) < part
    wanted = np.flatnonzero(random.random(rows) < 0.5)
    with search_threads(2) as pool:
        found = most_similar(matrix, wanted, usable, count, floor, pool, 2)
    for place, row in enumerate(wanted):
        similarity = matrix @ matrix[row]
        similarity[~usable] = -np.inf
        similarity[row] = -np.inf
        order = [j for j in np.argsort(-similarity)[:count].tolist() if similarity[j] >= floor]
        neighbours = found.index[place][found.index[place] >= 0].tolist()
        assert neighbours == order[: len(neighbours)]
        assert len(neighbours) == len(order) or part < 1
        assert found.similarity[place][: len(neighbours)] == pytest.approx(similarity[neighbours], abs=1e-6)
        similarity[neighbours] = -np.inf
        assert similarity.max() <= max(found.bound[place], np.float32(floor)) + 1e-6


def test_rounding_stays_within_its_bound() -> None:
    random = np.random.default_rng(0)
    # Large terms that cancel are the worst case.
    vectors = random.normal(size=(40, 512)) * 10.0 ** random.integers(-6, 1, size=(40, 512))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    a, b = np.divmod(np.arange(100) * 13 % 1600, 40)
    with search_threads(1) as pool:
        found = pair_similarities(vectors, a, b, pool)
    blas = (vectors @ vectors.T)[a, b]
    bound = rounding_bound(512, 1.01)
    assert bound < 4e-5
    for i, j, one, other in zip(a, b, found, blas, strict=True):
        exact = sum(Fraction(float(x)) * Fraction(float(y)) for x, y in zip(vectors[i], vectors[j], strict=True))
        assert abs(Fraction(float(one)) - exact) <= bound
        assert abs(Fraction(float(other)) - exact) <= bound
