from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.grouping.clusters import confidences, varied_samples


def people(count: int, faces: int, spread: float, seed: int, dimensions: int = 24) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(count, dimensions))
    vectors = np.repeat(centres, faces, axis=0) + spread * random.normal(size=(count * faces, dimensions))
    random.shuffle(vectors)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_confidence_is_high_among_likes_and_nothing_alone() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    found = confidences(vectors, np.array([0, 0, 0, 1]), 0.5)
    assert found[0] == found[1] == pytest.approx(1 - 0.1 / 0.5)
    assert found[2] == pytest.approx(1 - 0.2 / 0.5)
    assert found[3] == 0
    assert confidences(vectors, np.full(4, -1), 0.5).tolist() == [0, 0, 0, 0]


def test_samples_show_the_odd_one_out() -> None:
    vectors = people(1, 30, 0.2, seed=5)
    vectors = np.vstack([vectors, -vectors[:1]])
    faces = list(range(31))
    samples = varied_samples(vectors, faces, [0.5] * 20 + [0.9] + [0.5] * 10, 5)
    assert samples[0] == 20
    assert samples[1] == 30
    assert len(set(samples)) == 5
