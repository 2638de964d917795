from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from curation.pipelines.clustering.identity import EarlierFaces, matched_ids

POINTS = FiveLandmarks.from_array(np.zeros((5, 2)))
HERE, NEAR, AWAY = Box(100, 100, 100, 100), Box(120, 100, 100, 100), Box(400, 100, 100, 100)


def one_hot(*people: int) -> NDArray[np.float32]:
    return np.eye(8, dtype=np.float32)[list(people)]


def earlier(*faces: tuple[str, Box, int], embeddings: NDArray[np.float32] | None = None) -> EarlierFaces:
    rows = [
        FaceRow(path, 0, box, 0.9, cluster, 0.5, 0.5, POINTS, number, "fake")
        for number, (path, box, cluster) in enumerate(faces)
    ]
    return EarlierFaces(rows, embeddings)


def test_the_same_place_and_the_same_face() -> None:
    old = earlier(("a", HERE, 4), ("b", HERE, 5), embeddings=one_hot(0, 1))
    assert matched_ids(old, [("a", NEAR), ("b", HERE)], one_hot(0, 1)) == {0: 4, 1: 5}


def test_another_face_at_the_same_place_is_not_the_same() -> None:
    old = earlier(("a", HERE, 4), embeddings=one_hot(0))
    assert matched_ids(old, [("a", HERE)], one_hot(1)) == {}


def test_a_place_far_away_counts_only_for_the_same_content() -> None:
    old = earlier(("a", HERE, 4), embeddings=one_hot(0))
    slightly_other = one_hot(0) * np.float32(0.999)
    assert matched_ids(old, [("a", AWAY)], slightly_other) == {}
    assert matched_ids(old, [("renamed", HERE)], slightly_other) == {}
    assert matched_ids(old, [("renamed", AWAY)], one_hot(0)) == {0: 4}


def test_the_better_place_wins() -> None:
    old = earlier(("a", NEAR, 4), ("a", HERE, 5), embeddings=one_hot(0, 0))
    assert matched_ids(old, [("a", HERE)], one_hot(0)) == {0: 5}


def test_faces_without_a_cluster_are_found_too() -> None:
    old = earlier(("a", HERE, -1), embeddings=one_hot(0))
    assert matched_ids(old, [("a", HERE)], one_hot(0)) == {0: -1}


def test_rows_may_stand_in_any_order() -> None:
    old = earlier(("a", HERE, 4), ("b", HERE, 5), embeddings=one_hot(0, 1))
    turned = EarlierFaces(list(reversed(old.rows)), old.embeddings)
    assert matched_ids(turned, [("a", HERE), ("c", AWAY)], one_hot(0, 1)) == {0: 4, 1: 5}


def test_without_embeddings_many_faces_must_lie_where_they_lay() -> None:
    old = earlier(*((name, HERE, number) for number, name in enumerate("abcdefghij")))
    same = [(name, NEAR) for name in "abc"] + [(name, AWAY) for name in "defghij"]
    assert matched_ids(old, same, one_hot(*[0] * 10)) == {0: 0, 1: 1, 2: 2}
    other = [(name, NEAR) for name in "ab"] + [(name, AWAY) for name in "cdefghij"]
    assert matched_ids(old, other, one_hot(*[0] * 10)) == {}


def test_embeddings_of_another_length_cannot_be_compared() -> None:
    old = earlier(("a", HERE, 4), embeddings=np.ones((1, 3), dtype=np.float32))
    assert matched_ids(old, [("a", NEAR)], one_hot(0)) == {0: 4}


def test_nothing_before_or_nothing_now() -> None:
    nothing = np.zeros((0, 0), dtype=np.float32)
    assert matched_ids(earlier(embeddings=nothing), [("a", HERE)], one_hot(0)) == {}
    assert matched_ids(earlier(("a", HERE, 4), embeddings=one_hot(0)), [], nothing) == {}
    assert matched_ids(earlier(embeddings=nothing), [], nothing) == {}
