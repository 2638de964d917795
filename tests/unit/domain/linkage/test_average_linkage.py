"""Average linkage against scipy's, and against an exact reference that is too slow for anything else."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import linkage as scipys_linkage
from scipy.spatial.distance import pdist

from curation.domain.linkage import average_linkage as module
from curation.domain.linkage.average_linkage import average_linkage

_FLOAT32_UNIT = 2**149  # every finite float32 is a whole number of 2**-149


def reference(
    embeddings: NDArray[np.float32],
    threshold: float,
    photo_of: NDArray[np.integer] | None = None,
    penalty: float = 0.0,
    together: NDArray[np.integer] | None = None,
    apart: NDArray[np.integer] | None = None,
) -> NDArray[np.int64]:
    """Average linkage as it is defined, in exact numbers.

    Of all pairs of clusters the one with the smallest average distance is merged, of equal ones that whose first
    cluster starts with the lowest face, then that whose second does; a cluster is called by its lowest face. Faces that
    are `together` are one cluster from the start; a pair of faces that are `apart` is farther than all others together.
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
    for i, j in [] if apart is None else apart.tolist():
        total[i][j] = total[j][i] = 10**9 * unit

    def merge(i: int, j: int) -> None:
        for other in alive:
            if other not in (i, j):
                total[i][other] += total[j][other]
                total[other][i] = total[i][other]
        size[i] += size[j]
        labels[labels == j] = i
        alive.remove(j)

    for group in sorted(set([] if together is None else together.tolist()) - {-1}):
        first, *rest = (int(face) for face in np.flatnonzero(together == group))
        for face in rest:
            merge(first, face)
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
        merge(i, j)
    return np.unique(labels, return_inverse=True)[1]


def unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), dtype=np.float32)


def drawn(kind: str, count: int, dimensions: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Embeddings of one kind, many of them with equal distances, or with distances that differ by rounding only."""
    if kind == "continuous":
        return unit(random.normal(size=(count, dimensions)))
    if kind == "grid":
        return unit(random.integers(-2, 3, size=(count, dimensions)))
    if kind == "copies":
        return np.asarray(
            unit(random.normal(size=(max(1, count // 4), dimensions)))[random.integers(0, max(1, count // 4), count)]
        )
    if kind == "mirrored":
        half = unit(random.normal(size=((count + 1) // 2, dimensions)))
        return random.permutation(np.vstack([half, half * random.choice([-1, 1], size=dimensions)])).astype(np.float32)
    if kind == "axes":
        rows = np.eye(dimensions, dtype=np.float32)[random.integers(0, dimensions, count)]
        return np.asarray(rows * random.choice([1, 1, 0.5], size=(count, 1)), dtype=np.float32)
    if kind == "nearly copies":
        some = random.normal(size=(max(1, count // 5), dimensions))[random.integers(0, max(1, count // 5), count)]
        return unit(some + random.normal(size=some.shape) * 10.0 ** random.integers(-9, -3))
    if kind == "dyadic":
        rows = (random.integers(-4, 5, size=(count, dimensions)) / 8).astype(np.float32)
        return np.asarray(rows[np.linalg.norm(rows, axis=1) <= 1])
    angle = np.arange(count) * random.choice([np.pi / 16, np.pi / 12, 0.1])
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


KINDS = ("continuous", "grid", "copies", "mirrored", "axes", "nearly copies", "dyadic", "circle")
THRESHOLDS = (0.0, 1e-8, 1e-3, 0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.5)


def people(count: int, faces: int, spread: float, seed: int, dimensions: int = 24) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(count, dimensions))
    vectors = np.repeat(centres, faces, axis=0) + spread * random.normal(size=(count * faces, dimensions))
    random.shuffle(vectors)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def partition(labels: NDArray[Any]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


def scipys(vectors: NDArray[np.float32], threshold: float) -> set[frozenset[int]]:
    tree = scipys_linkage(pdist(vectors.astype(np.float64), "cosine"), "average")
    return partition(fcluster(tree, threshold, "distance"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("candidates", [1, 3, 16])
def test_equals_the_exact_reference_with_ties(kind: str, candidates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CANDIDATES", candidates)
    random = np.random.default_rng([candidates, KINDS.index(kind)])
    merged = 0
    for turn in range(60):
        # Everything put off, as it is, and everything searched at once.
        monkeypatch.setattr(module, "_LAZINESS", (0.0, 0.05, 10.0)[turn % 3])
        vectors = drawn(kind, int(random.integers(2, 17)), int(random.choice([1, 2, 3, 4, 8, 16])), random)
        threshold = float(random.choice([*THRESHOLDS, random.uniform(0, 2)]))
        photos = random.integers(0, max(1, len(vectors) // 2), len(vectors))
        penalty = float(random.choice([0, 0, 1e-9, 0.1, 0.25, 0.5, 1, 3]))
        found = average_linkage(vectors, threshold, photo_of=photos, same_photo_penalty=penalty)
        assert np.array_equal(found, reference(vectors, threshold, photos, penalty))
        merged += 1 < len(set(found.tolist())) < len(vectors)
    assert merged > 5


def known(count: int, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Faces that are together, and pairs that are apart, without contradiction."""
    together = random.integers(-1, max(1, int(count * random.choice([0.3, 0.6]))), count)
    together[random.random(count) < random.choice([0.2, 0.7])] = -1
    pairs = random.integers(0, count, (int(random.integers(0, 2 * count)), 2))
    first, second = together[pairs].T
    return together, pairs[(pairs[:, 0] != pairs[:, 1]) & ((first != second) | (first < 0))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("candidates", [1, 3, 16])
def test_what_is_known_equals_the_exact_reference(kind: str, candidates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CANDIDATES", candidates)
    random = np.random.default_rng([7, candidates, KINDS.index(kind)])
    changed = 0
    for turn in range(60):
        monkeypatch.setattr(module, "_LAZINESS", (0.0, 0.05, 10.0)[turn % 3])
        vectors = drawn(kind, int(random.integers(2, 17)), int(random.choice([1, 2, 3, 8, 16])), random)
        if len(vectors) < 2:
            continue
        threshold = float(random.choice([*THRESHOLDS, random.uniform(0, 2)]))
        photos = random.integers(0, max(1, len(vectors) // 2), len(vectors))
        penalty = float(random.choice([0, 0, 0.1, 0.5, 3]))
        together, apart = known(len(vectors), random)
        found = average_linkage(
            vectors, threshold, photo_of=photos, same_photo_penalty=penalty, together=together, apart=apart
        )
        assert np.array_equal(found, reference(vectors, threshold, photos, penalty, together, apart))
        changed += not np.array_equal(
            found, average_linkage(vectors, threshold, photo_of=photos, same_photo_penalty=penalty)
        )
        for group in set(together.tolist()) - {-1}:
            assert len(set(found[together == group].tolist())) == 1
        assert (found[apart[:, 0]] != found[apart[:, 1]]).all()
    assert changed > 10


@settings(deadline=None, max_examples=150)
@given(
    grid=st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=2, max_size=12),
    threshold=st.one_of(st.sampled_from(THRESHOLDS), st.floats(0, 2)),
    seed=st.integers(0, 10_000),
)
def test_what_is_known_equals_the_exact_reference_on_grids(grid: list[list[int]], threshold: float, seed: int) -> None:
    vectors = unit(np.array(grid, dtype=np.float64))
    together, apart = known(len(vectors), np.random.default_rng(seed))
    found = average_linkage(vectors, threshold, together=together, apart=apart)
    assert np.array_equal(found, reference(vectors, threshold, None, 0.0, together, apart))


def test_nothing_known_changes_nothing() -> None:
    vectors = people(40, 6, 0.7, seed=5)
    nothing = average_linkage(vectors, 0.5, together=np.full(len(vectors), -1), apart=np.zeros((0, 2), dtype=np.int64))
    assert np.array_equal(nothing, average_linkage(vectors, 0.5))


def test_what_is_known_holds_for_hundreds_of_people_with_any_threads() -> None:
    vectors = people(100, 8, 0.75, seed=3, dimensions=48)
    plain = average_linkage(vectors, 0.5)
    random = np.random.default_rng(0)
    together = np.full(len(vectors), -1)
    for group in range(10):
        together[random.choice(np.flatnonzero(together < 0), 12, replace=False)] = group
    pairs = random.integers(0, len(vectors), (300, 2))
    is_one = plain[pairs[:, 0]] == plain[pairs[:, 1]]
    nearest = np.array([[i, j] for i in range(0, len(vectors), 40) for j in np.flatnonzero(plain == plain[i])[:5]])
    apart = np.vstack([pairs[is_one], nearest])
    apart = apart[(apart[:, 0] != apart[:, 1]) & (together[apart] < 0).all(axis=1)]
    found = [average_linkage(vectors, 0.5, together=together, apart=apart, threads=threads) for threads in (1, 3)]
    assert np.array_equal(found[0], found[1])
    assert (found[0][apart[:, 0]] != found[0][apart[:, 1]]).all()
    assert (plain[apart[:, 0]] == plain[apart[:, 1]]).sum() > 20
    assert [len(set(found[0][together == group].tolist())) for group in range(10)] == [1] * 10


def test_copies_of_a_known_face_are_judged_by_themselves() -> None:
    one, other = people(2, 1, 0.1, seed=1)
    vectors = np.stack([one, other, one, other])
    together = np.array([0, 0, -1, -1])
    assert average_linkage(vectors, 0.2, together=together).tolist() == [0, 0, 1, 2]
    # A copy that is someone else, as twins are.
    assert average_linkage(vectors, 0.2, apart=np.array([[0, 2]])).tolist() == [0, 1, 2, 1]


def test_together_and_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="together and apart"):
        average_linkage(people(1, 3, 0.1, 0), 0.5, together=np.array([4, -1, 4]), apart=np.array([[0, 2]]))


@settings(deadline=None, max_examples=150)
@given(
    grid=st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=2, max_size=12),
    threshold=st.one_of(st.sampled_from(THRESHOLDS), st.floats(0, 2)),
    photos=st.lists(st.integers(0, 4), min_size=12, max_size=12),
    penalty=st.sampled_from([0.0, 0.25, 1.0]),
)
def test_equals_the_exact_reference_on_grids(
    grid: list[list[int]], threshold: float, photos: list[int], penalty: float
) -> None:
    vectors = unit(np.array(grid, dtype=np.float64))
    on = np.array(photos[: len(vectors)])
    found = average_linkage(vectors, threshold, photo_of=on, same_photo_penalty=penalty)
    assert np.array_equal(found, reference(vectors, threshold, on, penalty))


def test_a_threshold_that_equals_a_distance_keeps_apart() -> None:
    vectors = np.array([[1, 0], [0.5, 0.75], [0, 1]], dtype=np.float32)
    assert average_linkage(vectors, 0.25).tolist() == [0, 1, 2]
    assert average_linkage(vectors, np.nextafter(0.25, 1)).tolist() == [0, 1, 1]


def test_hundreds_of_people_equal_scipys_with_any_threads() -> None:
    vectors = people(200, 8, 0.75, seed=3, dimensions=48)
    found = [average_linkage(vectors, 0.5, threads=threads) for threads in (1, 2, 5)]
    assert partition(found[0]) == scipys(vectors, 0.5)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
    assert 150 < len(set(found[0].tolist())) < 1000


def test_thousands_of_copies_are_one_person_each() -> None:
    vectors = np.repeat(people(3, 1, 0.1, seed=4), 1000, axis=0)
    assert np.array_equal(average_linkage(vectors, 0.3), np.repeat([0, 1, 2], 1000))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3.0])
def test_what_is_no_unit_vector_is_refused(bad: float) -> None:
    vectors = people(2, 3, 0.1, 0)
    vectors[2, 1] = bad
    with pytest.raises(ValueError, match="unit length"):
        average_linkage(vectors, 0.5)


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
