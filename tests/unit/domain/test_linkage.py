"""Average linkage against scipy's, and against an exact reference that is too slow for anything else."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from curation.domain.linkage import average_linkage

_FLOAT32_UNIT = 2**149  # every finite float32 is a whole number of 2**-149


def reference(
    embeddings: NDArray[np.float32],
    threshold: float,
    photo_of: NDArray[np.integer] | None = None,
    penalty: float = 0.0,
) -> NDArray[np.int64]:
    """Average linkage as it is defined, in exact numbers.

    Of all pairs of clusters the one with the smallest average distance is merged, of equal ones that whose first
    cluster starts with the lowest face, then that whose second does; a cluster is called by its lowest face.
    """
    whole = [[int(Fraction(float(x)) * _FLOAT32_UNIT) for x in row] for row in embeddings]
    extra = Fraction(penalty)
    unit = _FLOAT32_UNIT**2 * extra.denominator
    count = len(whole)
    # Sums of the distances of all pairs of faces, as whole numbers of 1 / unit.
    total = [[0] * count for _ in range(count)]
    for i in range(count):
        for j in range(i + 1, count):
            is_same = photo_of is not None and photo_of[i] == photo_of[j]
            similarity = sum(a * b for a, b in zip(whole[i], whole[j], strict=True)) * extra.denominator
            total[i][j] = unit - similarity + (extra.numerator * _FLOAT32_UNIT**2 if is_same else 0)
            total[j][i] = total[i][j]
    size = [1] * count
    labels = np.arange(count)
    alive = list(range(count))
    while len(alive) > 1:
        best = None
        for place, i in enumerate(alive):
            for j in alive[place + 1 :]:
                pairs = size[i] * size[j]
                if best is None or total[i][j] * best[1] < best[0] * pairs:
                    best = (total[i][j], pairs, i, j)
        assert best is not None
        distance, pairs, i, j = best
        if Fraction(distance, pairs * unit) >= Fraction(threshold):
            break
        for other in alive:
            if other not in (i, j):
                total[i][other] += total[j][other]
                total[other][i] = total[i][other]
        size[i] += size[j]
        labels[labels == j] = i
        alive.remove(j)
    return np.unique(labels, return_inverse=True)[1]


def people(count: int, faces: int, spread: float, seed: int, dimensions: int = 24) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(count, dimensions))
    vectors = np.repeat(centres, faces, axis=0) + spread * random.normal(size=(count * faces, dimensions))
    random.shuffle(vectors)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def partition(labels: NDArray[Any]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


def scipys(vectors: NDArray[np.float32], threshold: float) -> set[frozenset[int]]:
    tree = linkage(pdist(vectors.astype(np.float64), "cosine"), "average")
    return partition(fcluster(tree, threshold, "distance"))


@settings(deadline=None, max_examples=60)
@given(
    count=st.integers(1, 12),
    faces=st.integers(2, 9),
    spread=st.floats(0.1, 1.5),
    threshold=st.floats(0.05, 1.2),
    seed=st.integers(0, 10_000),
)
def test_rounds_of_merges_equal_scipys_average_linkage(
    count: int, faces: int, spread: float, threshold: float, seed: int
) -> None:
    vectors = people(count, faces, spread, seed)
    assert partition(average_linkage(vectors, threshold)) == scipys(vectors, threshold)


def test_copies_of_faces_count_each() -> None:
    vectors = people(6, 4, 0.9, seed=8)
    copied = np.vstack([vectors, np.repeat(vectors[:5], 9, axis=0), vectors[::-1]])
    for threshold in (0.3, 0.5, 0.7, 0.9):
        assert partition(average_linkage(copied, threshold)) == scipys(copied, threshold)


def test_the_same_face_twice_and_no_face() -> None:
    same = np.tile(people(1, 1, 0.1, 0), (5, 1))
    assert set(average_linkage(same, 0.1).tolist()) == {0}
    assert len(average_linkage(np.zeros((0, 8), dtype=np.float32), 0.1)) == 0
    assert set(average_linkage(np.tile(same, (300, 1)), 0.1).tolist()) == {0}


def test_a_penalty_keeps_faces_of_one_photo_apart() -> None:
    vectors = people(3, 8, 0.4, seed=2)
    photos = np.random.default_rng(0).integers(0, 6, len(vectors))
    for penalty in (0.0, 0.1, 0.5, 2.0):
        found = average_linkage(vectors, 0.5, photo_of=photos, same_photo_penalty=penalty)
        assert np.array_equal(found, reference(vectors, 0.5, photos, penalty))
    assert len(set(found.tolist())) > 3


@pytest.mark.parametrize("photos", [None, np.zeros(3, dtype=np.int64)])
def test_a_penalty_needs_photos(photos: NDArray[np.int64] | None) -> None:
    with pytest.raises(ValueError, match="photo of each face"):
        average_linkage(people(1, 4, 0.1, 0), 0.5, photo_of=photos, same_photo_penalty=0.1)
    with pytest.raises(ValueError, match="negative"):
        average_linkage(people(1, 4, 0.1, 0), 0.5, same_photo_penalty=-0.1)
