"""Chinese Whispers of dlib: none, one and many faces, and the same groups in any order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.engines.whispers import DEFAULT_THRESHOLD, chinese_whispers, usual_threshold


def faces(seed: int, people: int = 4, each: int = 8, spread: float = 0.5) -> np.ndarray:
    """Faces of some people, side by side, in 16 dimensions."""
    numbers = np.random.default_rng(seed)
    centres = np.repeat(numbers.normal(size=(people, 16)), each, axis=0)
    vectors = centres + spread * numbers.normal(size=centres.shape)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_none_and_one() -> None:
    assert chinese_whispers(np.zeros((0, 16), np.float32)).tolist() == []
    assert chinese_whispers(faces(0)[:1]).tolist() == [0]


def test_two_are_one_person_or_two() -> None:
    near = np.array([[1, 0], [0.8, 0.6], [-1, 0]], dtype=np.float32)
    assert chinese_whispers(near[:2], 1.1).tolist() == [0, 0]
    assert chinese_whispers(near[[0, 2]], 1.1).tolist() == [0, 1]


def test_people_are_told_apart() -> None:
    found = chinese_whispers(faces(1, spread=0.2), 0.8)
    assert found.tolist() == np.repeat(np.arange(4), 8).tolist()


def test_it_is_what_dlib_says_of_faces_in_canonical_order() -> None:
    dlib = pytest.importorskip("dlib")
    vectors = faces(2, spread=0.8)
    order = sorted(range(len(vectors)), key=lambda row: vectors[row].tobytes())
    theirs = dlib.chinese_whispers_clustering([dlib.vector(vectors[row].tolist()) for row in order], 0.9)
    ours = chinese_whispers(vectors[order], 0.9)
    numbers: dict[int, int] = {}
    assert ours.tolist() == [numbers.setdefault(label, len(numbers)) for label in theirs]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 33), st.floats(0.4, 1.3), st.randoms(use_true_random=False))
def test_the_order_does_not_matter(seed: int, count: int, threshold: float, random: object) -> None:
    vectors = faces(seed, spread=0.9)[:count]
    vectors = np.concatenate([vectors, vectors[:3]])  # some are there twice
    order = list(range(len(vectors)))
    random.shuffle(order)  # type: ignore[attr-defined]
    straight, shuffled = chinese_whispers(vectors, threshold), chinese_whispers(vectors[order], threshold)
    back = np.empty_like(shuffled)
    back[order] = shuffled
    assert len(set(zip(straight.tolist(), back.tolist(), strict=True))) == len(set(straight.tolist()))
    assert len(set(straight.tolist())) == len(set(back.tolist()))


def test_the_threshold_follows_the_weights() -> None:
    assert usual_threshold(0.64) == pytest.approx(DEFAULT_THRESHOLD)
    # dlib's own 0.6, of vectors that are not of unit length, is about as much.
    assert usual_threshold(0.066) == pytest.approx(0.353, abs=0.001)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers"):
        chinese_whispers(np.full((2, 4), np.nan, dtype=np.float32))
