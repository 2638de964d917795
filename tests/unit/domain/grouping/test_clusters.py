from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from curation.domain.grouping.clusters import carried_over_ids, confidences, first_ids, varied_samples


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


def test_first_ids_go_by_photos_then_faces() -> None:
    labels = np.array([0, 0, 0, 1, 1, -1, 2])
    photos = ["a", "a", "a", "a", "b", "c", "c"]
    assert first_ids(labels, photos) == {1: 0, 0: 1, 2: 2}


def test_clusters_keep_the_id_of_most_of_their_faces() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2, -1])
    photos = list("abcdefg")
    # Cluster 0 has two faces of id 5 and one of id 7; cluster 1 one of id 7; cluster 2 is new; id 9 retired.
    ids = carried_over_ids(labels, photos, {0: 5, 1: 5, 2: 7, 3: 7, 6: 9}, next_id=10)
    assert ids == {0: 5, 1: 7, 2: 10}


def test_a_split_cluster_leaves_its_id_to_the_larger_part() -> None:
    labels = np.array([0, 1, 1])
    assert carried_over_ids(labels, list("abc"), {0: 3, 1: 3, 2: 3}, next_id=4) == {1: 3, 0: 4}


@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(0, 6)), max_size=40))
def test_ids_are_unique_and_new_ones_were_never_used(faces: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in faces], dtype=np.int64)
    old = {row: cluster for row, (_, cluster) in enumerate(faces)}
    ids = carried_over_ids(labels, [str(row) for row in range(len(faces))], old, next_id=7)
    assert set(ids) == set(labels.tolist()) - {-1}
    assert len(set(ids.values())) == len(ids)
    assert all(new in old.values() or new >= 7 for new in ids.values())


def test_samples_show_the_odd_one_out() -> None:
    vectors = people(1, 30, 0.2, seed=5)
    vectors = np.vstack([vectors, -vectors[:1]])
    faces = list(range(31))
    samples = varied_samples(vectors, faces, [0.5] * 20 + [0.9] + [0.5] * 10, 5)
    assert samples[0] == 20
    assert samples[1] == 30
    assert len(set(samples)) == 5
