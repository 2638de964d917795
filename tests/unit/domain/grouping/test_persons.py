from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from curation.domain.grouping.linkage import average_linkage, merge_history
from curation.domain.grouping.persons import (
    SECOND_LOOK_FACES,
    GroupingRule,
    group_faces,
    join_poor_faces,
    join_single_faces,
)

Vectors = NDArray[np.float32]


def unit(vectors: NDArray[np.floating]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def event(seed: int, people: int, faces: int, spread: float, dimensions: int = 12) -> Vectors:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people, dimensions))
    return unit(centres[rng.integers(people, size=faces)] + spread * rng.normal(size=(faces, dimensions)))


def apart(angle_deg: float, *, copies: int = 1, plane: int = 0) -> Vectors:
    """Unit vectors at an angle to the first axis, tiny bits apart from each other."""
    out = np.zeros((copies, 40))
    out[:, 0], out[:, 1 + plane] = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    for copy in range(copies):
        out[copy, 10 + copy] = 0.02
    return unit(out)


def usual_tree_cut(vectors: Vectors, photos: NDArray[np.int64], rule: GroupingRule) -> set[frozenset[int]]:
    """scipy's dendrogram, cut from the top at the first merges that the rule allows."""
    x = rule.compared(vectors).astype(np.float64)
    distance = 1.0 - x @ x.T + rule.same_photo_penalty * (photos[:, None] == photos[None])
    np.fill_diagonal(distance, 0.0)
    # scipy refuses distances below 0, which rounding makes of copies.
    tree = linkage(squareform(np.maximum(distance, 0.0), checks=False), "average")
    members = [frozenset([i]) for i in range(len(vectors))]
    for a, b, _, _ in tree:
        members.append(members[int(a)] | members[int(b)])
    out, waiting = set(), [len(members) - 1]
    while waiting:
        node = waiting.pop()
        if node < len(vectors):
            out.add(members[node])
            continue
        a, b, height, _ = tree[node - len(vectors)]
        sizes = (np.array([len(members[int(a)])]), np.array([len(members[int(b)])]))
        if height < rule.largest_distance(*sizes)[0]:
            out.add(members[node])
        else:
            waiting += [int(a), int(b)]
    return out


def parts(labels: NDArray[np.int64]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 8),
    st.integers(1, 60),
    st.floats(0.05, 0.6),
    st.floats(0.0, 0.4),
    st.floats(0.0, 1.0),
)
def test_the_cut_is_that_of_the_usual_dendrogram(
    seed: int, people: int, faces: int, single: float, more: float, part: float
) -> None:
    vectors = event(seed, people, faces, 0.5)
    photos = np.arange(faces) // 2
    rule = GroupingRule(single, single + more, 0.2, tuple(unit(np.ones((1, 12)))[0].tolist()), part)
    labels = group_faces(rule.compared(vectors), photos, rule)
    if faces == 1:
        assert labels.tolist() == [0]
    else:
        assert parts(labels) == usual_tree_cut(vectors, photos, rule)


def test_a_rule_of_one_distance_is_plain_average_linkage() -> None:
    vectors = event(3, 6, 80, 0.6)
    labels = group_faces(vectors, np.arange(80), GroupingRule(0.3, 0.3))
    assert np.array_equal(labels, average_linkage(vectors, 0.3))
    assert 1 < labels.max() < 79


def test_clusters_may_be_farther_apart_than_single_faces() -> None:
    rule = GroupingRule(single_distance=0.2, group_distance=0.5)
    one, other = apart(0), apart(50)  # distance 0.36
    assert group_faces(np.concatenate([one, other]), np.arange(2), rule).tolist() == [0, 1]
    many = np.concatenate([apart(0, copies=5), apart(50, copies=5)])
    assert set(group_faces(many, np.arange(10), rule).tolist()) == {0}


def test_a_pair_that_is_not_sure_of_itself_is_part_of_what_is_sure() -> None:
    # Two faces 0.25 apart are not one person by themselves; twenty faces that are 0.32 from both tell that they are.
    rule = GroupingRule(single_distance=0.2, group_distance=0.6)
    pair = np.concatenate([apart(20.7), apart(-20.7)])
    assert group_faces(pair, np.arange(2), rule).tolist() == [0, 1]
    many = apart(43, copies=20, plane=3)
    assert set(group_faces(np.concatenate([pair, many]), np.arange(22), rule).tolist()) == {0}


def test_faces_of_one_photo_are_kept_apart_unless_they_are_very_alike() -> None:
    rule = GroupingRule(single_distance=0.4, group_distance=0.4, same_photo_penalty=0.2)
    siblings = np.concatenate([apart(0), apart(48)])  # distance 0.33
    assert group_faces(siblings, np.array([0, 1]), rule).tolist() == [0, 0]
    assert group_faces(siblings, np.array([0, 0]), rule).tolist() == [0, 1]
    mirror = np.concatenate([apart(0), apart(20)])  # distance 0.06
    assert group_faces(mirror, np.array([0, 0]), rule).tolist() == [0, 0]


def test_what_faces_of_a_kind_share_does_not_count() -> None:
    kind = np.zeros(12)
    kind[0] = 1.0
    babies = unit(np.array([[1.0, *row] for row in 0.6 * np.eye(11)[:4]]))
    plain = GroupingRule(0.4, 0.4)
    assert set(group_faces(babies, np.arange(4), plain).tolist()) == {0}
    told = GroupingRule(0.4, 0.4, 0.0, tuple(kind.tolist()), 1.0)
    assert group_faces(told.compared(babies), np.arange(4), told).tolist() == [0, 1, 2, 3]
    x, c, p = babies.astype(np.float64), kind, 0.7
    y = GroupingRule(0.4, 0.4, 0.0, tuple(kind.tolist()), p).compared(babies).astype(np.float64)
    assert np.allclose(y @ y.T, x @ x.T - p * np.outer(x @ c, x @ c), atol=1e-6)


def test_an_event_without_faces_has_no_clusters() -> None:
    assert (
        group_faces(np.zeros((0, 5), dtype=np.float32), np.zeros(0, dtype=np.int64), GroupingRule(0.4, 0.5)).size == 0
    )


def test_the_order_of_the_photos_does_not_matter() -> None:
    vectors = event(5, 9, 120, 0.5)
    rule = GroupingRule(0.2, 0.35, 0.1)
    order = np.random.default_rng(1).permutation(120)
    photos = np.arange(120) // 3
    labels = group_faces(vectors, photos, rule)
    again = group_faces(vectors[order], photos[order], rule)
    assert parts(labels) == {frozenset(order[list(part)].tolist()) for part in parts(again)}


class TestPoorFaces:
    rule = GroupingRule(single_distance=0.4, group_distance=0.5)
    good = np.concatenate([apart(0, copies=4), apart(90, copies=4)])
    labels = np.repeat(np.array([0, 1]), 4)
    photos = np.arange(8)

    def join(self, poor: Vectors, photo_of_poor: list[int]) -> list[int]:
        photo_of = np.array(photo_of_poor)
        out = join_poor_faces(self.good, self.photos, self.labels, poor, photo_of, self.rule)
        return [int(label) for label in out]

    def test_one_that_is_near_to_one_cluster_only_joins_it(self) -> None:
        assert self.join(apart(20), [50]) == [0]
        assert self.join(apart(75), [50]) == [1]

    def test_one_between_two_clusters_stays_out(self) -> None:
        assert self.join(apart(44), [50]) == [-1]

    def test_one_that_is_far_from_all_stays_out(self) -> None:
        assert self.join(apart(70, plane=3), [50]) == [-1]

    def test_one_joins_no_cluster_that_has_a_face_on_its_photo(self) -> None:
        assert self.join(apart(20), [2]) == [-1]

    def test_of_two_on_one_photo_the_nearer_joins(self) -> None:
        assert self.join(np.concatenate([apart(25), apart(15)]), [50, 50]) == [-1, 0]

    def test_small_clusters_are_not_joined_and_a_nearer_one_keeps_a_face_out(self) -> None:
        small = SECOND_LOOK_FACES - 1
        few = np.concatenate([self.good, apart(50, copies=small, plane=4)])
        labels = np.concatenate([self.labels, np.full(small, 2)])
        photos = np.arange(len(few))
        poor = np.concatenate([apart(48, plane=4), apart(28, plane=4), apart(8)])
        out = join_poor_faces(few, photos, labels, poor, np.array([90, 91, 92]), self.rule)
        assert out.tolist() == [-1, -1, 0]

    def test_there_may_be_nothing_to_join(self) -> None:
        nothing = np.zeros((0, 40), dtype=np.float32)
        none = np.zeros(0, dtype=np.int64)
        assert join_poor_faces(nothing, none, none, apart(0), np.array([0]), self.rule).tolist() == [-1]
        assert self.join(nothing, []) == []


class TestSingleFaces:
    rule = GroupingRule(single_distance=0.2, group_distance=0.6)  # a face alone joins below 0.5

    def labels(self, *others: Vectors) -> list[int]:
        """Of a cluster of 6 faces and others, all on photos of their own."""
        vectors = np.concatenate([apart(0, copies=6), *others])
        photos = np.arange(len(vectors))
        return [
            int(label)
            for label in join_single_faces(vectors, photos, group_faces(vectors, photos, self.rule), self.rule)
        ]

    def test_a_face_that_nobody_else_is_like_joins(self) -> None:
        assert self.labels(apart(56)) == [0] * 7  # 0.44 away
        assert self.labels(apart(63)) == [0] * 6 + [1]  # 0.55 away

    def test_a_face_that_is_like_somebody_else_too_stays_alone(self) -> None:
        assert self.labels(apart(56), apart(98)) == [0] * 6 + [1, 2]

    def test_it_joins_no_cluster_that_has_a_face_on_its_photo(self) -> None:
        vectors = np.concatenate([apart(0, copies=6), apart(56)])
        photos = np.array([0, 1, 2, 3, 4, 5, 0])
        labels = np.array([0, 0, 0, 0, 0, 0, 1])
        assert join_single_faces(vectors, photos, labels, self.rule).tolist() == labels.tolist()

    def test_small_clusters_and_rules_of_one_distance_take_nobody(self) -> None:
        vectors = np.concatenate([apart(0, copies=4), apart(40)])
        labels = np.array([0, 0, 0, 0, 1])
        assert join_single_faces(vectors, np.arange(5), labels, self.rule).tolist() == labels.tolist()
        more = np.concatenate([apart(0, copies=6), apart(40)])
        flat = GroupingRule(0.2, 0.2)
        assert join_single_faces(more, np.arange(7), np.array([0] * 6 + [1]), flat).tolist() == [0] * 6 + [1]


def test_the_history_tells_the_distances_of_the_merges() -> None:
    vectors = event(7, 5, 40, 0.4)
    history = merge_history(vectors, 2.1)
    assert len(history.low) == 39 and (history.low < history.high).all()
    assert (history.labels() == 0).all()
    tree = linkage(vectors.astype(np.float64), "average", metric="cosine")
    assert np.sort(history.distance) == pytest.approx(tree[:, 2], abs=1e-6)
