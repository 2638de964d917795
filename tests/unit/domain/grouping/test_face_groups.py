from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from curation.domain.grouping.face_groups import group_faces
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.linkage import average_linkage
from tests.unit.domain.grouping.face_vectors import Vectors, apart, event, unit


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
