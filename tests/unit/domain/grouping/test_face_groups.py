from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from curation.domain.grouping.face_groups import group_faces, grouped_faces
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.linkage.average_linkage import average_linkage
from tests.unit.domain.grouping.face_vectors import Vectors, apart, event, unit


def beta_binomial(common: int, photos: int, prior: tuple[float, float]) -> float:
    """Logarithm of the probability of `common` of `photos` if their share has a beta prior."""
    a, b = prior
    return (
        math.lgamma(common + a)
        + math.lgamma(photos - common + b)
        - math.lgamma(photos + a + b)
        - (math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b))
    )


def usual_tree_cut(
    vectors: Vectors, photos: NDArray[np.int64], rule: GroupingRule, given: GroupingRule
) -> set[frozenset[int]]:
    """scipy's dendrogram, cut from the top at the first merges that have enough evidence; all from the definitions.

    Which photos hold a near-copy, and so tell nothing, is a matter of the given rule; the rest, of the one fitted to
    the event.
    """
    x = rule.compared(vectors).astype(np.float64)
    raw = 1.0 - x @ x.T
    distance = raw + rule.same_photo_penalty * (photos[:, None] == photos[None])
    np.fill_diagonal(distance, 0.0)
    # scipy refuses distances below 0, which rounding makes of copies.
    tree = linkage(squareform(np.maximum(distance, 0.0), checks=False), "average")
    near = np.where(photos[:, None] == photos[None], raw, 9.0)
    np.fill_diagonal(near, 9.0)
    silent = set(photos[(near < given.near_copy).any(axis=1)].tolist())
    members = [frozenset([i]) for i in range(len(vectors))]
    mistake, stands = [0] * len(vectors), [True] * len(vectors)
    for a, b, height, _ in tree:
        one, two = members[int(a)], members[int(b)]
        small = min(len(one), len(two))
        inside = [
            1.0 if len(m) == 1 else raw[np.ix_([*m], [*m])][~np.eye(len(m), dtype=bool)].mean() for m in (one, two)
        ]
        wide = rule.group_distance - rule.single_distance
        group = rule.group_distance
        if small >= 5:
            group = min(group, max(rule.single_distance, max(inside) + 1.1 * wide))
        limit = group - (group - rule.single_distance) * math.sqrt((1 / len(one) + 1 / len(two)) / 2)
        on = [set(photos[[*m]].tolist()) - silent for m in (one, two)]
        common, fewest = len(on[0] & on[1]), min(len(on[0]), len(on[1]))
        evidence = 0.0
        if common >= 2:
            evidence = max(0.0, beta_binomial(common, fewest, (0.5, 1.5)) - beta_binomial(common, fewest, (1.0, 30.0)))
        limit = min(limit, max(limit - 0.36 * rule.same_photo_penalty * evidence, rule.near_copy))
        is_kept = height < limit
        members.append(one | two)
        worst = max(mistake[int(a)], mistake[int(b)], small if not is_kept and evidence > 2 else 0)
        mistake.append(worst)
        stands.append(bool(is_kept and worst <= 0.1 * len(members[-1])))
    out, waiting = set(), [len(members) - 1]
    while waiting:
        node = waiting.pop()
        if node < len(vectors) or (stands[node] and tree[node - len(vectors), 2] < rule.group_distance):
            out.add(members[node])
        else:
            waiting += [int(part) for part in tree[node - len(vectors), :2]]
    return out


def parts(labels: NDArray[np.int64]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


@settings(max_examples=60, deadline=None)
@example(353, 1, 41, 0.265625, 0.125, 1.0)  # near-copies of the given rule, not of the fitted one
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
    photos = np.random.default_rng(seed).integers(1 + faces // 3, size=faces)
    rule = GroupingRule(single, single + more, 0.2, tuple(unit(np.ones((1, 12)))[0].tolist()), part)
    found = grouped_faces(rule.compared(vectors), photos, rule)
    if faces == 1:
        assert found.labels.tolist() == [0]
    else:
        assert parts(found.labels) == usual_tree_cut(vectors, photos, found.rule, rule)


def test_a_rule_of_one_distance_is_plain_average_linkage() -> None:
    vectors = event(3, 6, 80, 0.6)
    labels = group_faces(vectors, np.arange(80), GroupingRule(0.3, 0.3))
    assert np.array_equal(labels, average_linkage(vectors, 0.3))
    assert 1 < labels.max() < 79


def test_clusters_may_be_farther_apart_than_single_faces() -> None:
    rule = GroupingRule(single_distance=0.2, group_distance=0.5)
    one, other = apart(0), apart(45)  # distance 0.29
    assert group_faces(np.concatenate([one, other]), np.arange(2), rule).tolist() == [0, 1]
    many = np.concatenate([apart(0, copies=4), apart(45, copies=4)])
    assert set(group_faces(many, np.arange(8), rule).tolist()) == {0}


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


def twins_in_a_class(photos: int) -> tuple[Vectors, NDArray[np.int64], list[int]]:
    """Faces of a class of eight, of whom two are as alike as two photos of one person; three on each photo."""
    rng = np.random.default_rng(1)
    means = rng.normal(size=(8, 200))
    means[1] = means[0] + 0.5 * rng.normal(size=200)
    who = np.array([rng.choice(8, size=3, replace=False, p=[0.25, 0.25, *[0.5 / 6] * 6]) for _ in range(photos)])
    vectors = means[who] + 0.6 * rng.normal(size=(photos, 3, 200))
    return unit(vectors.reshape(-1, 200)), np.repeat(np.arange(photos), 3), who.ravel().tolist()


def test_people_who_stand_together_again_and_again_are_two_people() -> None:
    vectors, photos, who = twins_in_a_class(photos=120)
    rule = GroupingRule(0.45, 0.62, 0.15)
    # By distance alone the twins are one person ...
    assert len(set(group_faces(vectors, np.arange(len(vectors)), rule).tolist())) == 7
    # ... which the photos that show both rule out.
    found = grouped_faces(vectors, photos, rule)
    assert len(set(zip(found.labels.tolist(), who, strict=True))) == 8 == len(set(found.labels.tolist()))
    assert found.evidence.stood_together > 0
    assert found.evidence.strangers is not None
    assert found.evidence.strangers.distance == pytest.approx(1.0, abs=0.05)


def test_collages_and_mirrors_are_no_evidence() -> None:
    # The two sides of one person, each photo of them shown twice on one page.
    sides = np.concatenate([apart(0, copies=20), apart(46, copies=20)])
    rule = GroupingRule(0.35, 0.5, 0.1)
    pages = np.tile(np.arange(20), 2)
    assert len(set(group_faces(sides, pages, rule).tolist())) == 2
    twice = np.concatenate([sides, sides[:20]])
    found = grouped_faces(twice, np.concatenate([pages, np.arange(20)]), rule)
    assert len(set(found.labels.tolist())) == 1
    assert found.evidence.repeating_photos == 20


def test_tight_clusters_that_are_far_from_each_other_are_two_people() -> None:
    rule = GroupingRule(single_distance=0.3, group_distance=0.6)
    tight = np.concatenate([apart(0, copies=6), apart(55, copies=6)])  # distance 0.43, next to nothing within
    assert group_faces(tight, np.arange(12), rule).tolist() == [0] * 6 + [1] * 6
    assert grouped_faces(tight, np.arange(12), rule).evidence.too_tight == 1
    few = np.concatenate([apart(0, copies=4), apart(55, copies=4)])  # of so few, nothing is known
    assert set(group_faces(few, np.arange(8), rule).tolist()) == {0}


def test_unknown_weights_follow_the_strangers_of_the_event() -> None:
    rng = np.random.default_rng(2)
    # All embeddings share much: strangers are 0.2 apart, and any published distance makes them one person.
    people = 2.0 + rng.normal(size=(12, 100))
    who = np.array([rng.choice(12, size=4, replace=False) for _ in range(40)])
    vectors = unit((people[who] + 0.35 * rng.normal(size=(40, 4, 100))).reshape(-1, 100))
    photos, names = np.repeat(np.arange(40), 4), who.ravel().tolist()
    published = GroupingRule(0.68, 0.68, 0.68 / 3)
    assert len(set(group_faces(vectors, photos, published).tolist())) < 12
    found = grouped_faces(vectors, photos, replace(published, follows_strangers=True))
    assert len(set(zip(found.labels.tolist(), names, strict=True))) == 12 == len(set(found.labels.tolist()))
    assert found.evidence.single_distance < 0.2
    # Without photos of several people nothing is known of strangers.
    alone = grouped_faces(vectors, np.arange(160), replace(published, follows_strangers=True))
    assert alone.evidence.strangers is None
    assert alone.evidence.single_distance == 0.68
