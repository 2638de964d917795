"""Which merges are suggested, and in which order."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.suggestions import (
    PersonMeans,
    SimilarPair,
    photo_weight,
    ranked_suggestions,
    similar_pairs,
)
from curation.domain.labelling.labels import Category, Labels, PersonLabel

RULE = GroupingRule(0.3, 0.4)
WEIGHTS = {Category.MAIN: 1.0, Category.IMPORTANT: 0.6, Category.OTHER: 0.1}
MAIN, OTHER = PersonLabel("Anna", Category.MAIN), PersonLabel(None, Category.OTHER)


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def strangers(count: int) -> NDArray[np.float64]:
    return np.random.default_rng(3).normal(size=(count, 512))


def means(vectors: NDArray[np.float32], size: int = 50) -> PersonMeans:
    count = len(vectors)
    return PersonMeans(np.arange(10, 10 + count), np.full(count, size), vectors)


def labels(**by_cluster: PersonLabel) -> Labels:
    return Labels({int(cluster[1:]): label for cluster, label in by_cluster.items()}, Category.OTHER)


def photos(*counts: int) -> dict[int, list[str]]:
    return {cluster: [f"{cluster}/{n}.jpg" for n in range(count)] for cluster, count in enumerate(counts)}


def test_strangers_are_not_alike() -> None:
    assert similar_pairs(means(unit(strangers(40))), RULE) == []
    assert similar_pairs(means(unit(strangers(1))), RULE) == []


def test_those_who_were_nearly_joined_are() -> None:
    vectors = strangers(40)
    vectors[7] = vectors[3] + 1.6 * vectors[7]
    (pair,) = similar_pairs(means(unit(vectors)), RULE)
    assert (pair.first, pair.second) == (13, 17)
    assert 0.5 < pair.similarity < 1.0
    vectors[7] = vectors[3]
    assert similar_pairs(means(unit(vectors)), RULE)[0].similarity == 1.0


def test_nothing_stands_out_among_equals() -> None:
    assert similar_pairs(means(unit(np.ones((5, 8)))), RULE) == []


def test_each_has_a_few_neighbours_at_most() -> None:
    vectors = strangers(40)
    vectors[:12] = vectors[0] + 1.2 * vectors[:12]
    pairs = similar_pairs(means(unit(vectors)), RULE)
    # Of the 66 pairs among the twelve, those that are among the five nearest of either.
    assert 30 <= len(pairs) < 66
    assert all(pair.second < 22 for pair in pairs)


def test_few_faces_have_to_be_nearer() -> None:
    vectors = strangers(40)
    vectors[7] = vectors[3] + 1.6 * vectors[7]
    large, small = (similar_pairs(means(unit(vectors), size), RULE)[0].similarity for size in (50, 1))
    assert small < large


def test_the_question_that_changes_the_top_photos_most_comes_first() -> None:
    pairs = [SimilarPair(0, 1, 0.9), SimilarPair(0, 2, 0.9), SimilarPair(2, 3, 0.9)]
    of = photos(9, 4, 4, 3)
    weights = {path: photo_weight(rank) for rank, path in enumerate(of[2] + of[3] + of[1] + of[0], start=1)}
    found = ranked_suggestions(pairs, labels(c0=MAIN), of, weights, WEIGHTS)
    assert [(one.keep, one.other) for one in found] == [(0, 2), (0, 1), (2, 3)]
    # Without a score all photos count alike.
    without = ranked_suggestions(pairs, labels(c0=MAIN), photos(9, 5, 4, 3), {}, WEIGHTS)
    assert [(one.keep, one.other) for one in without] == [(0, 1), (0, 2), (2, 3)]


def test_similarity_counts() -> None:
    pairs = [SimilarPair(0, 1, 0.4), SimilarPair(0, 2, 0.9)]
    found = ranked_suggestions(pairs, labels(c0=MAIN), photos(9, 4, 4), {}, WEIGHTS)
    assert [one.other for one in found] == [2, 1]


def test_who_has_a_name_stays() -> None:
    found = ranked_suggestions([SimilarPair(0, 1, 0.9)], labels(c1=MAIN, c0=OTHER), photos(9, 2), {}, WEIGHTS)
    assert (found[0].keep, found[0].other) == (1, 0)


def test_nothing_is_asked_about_two_names() -> None:
    tom = PersonLabel("Tom", Category.MAIN)
    assert ranked_suggestions([SimilarPair(0, 1, 0.9)], labels(c0=MAIN, c1=tom), photos(9, 2), {}, WEIGHTS) == []
    assert ranked_suggestions([SimilarPair(0, 1, 0.9)], labels(c0=MAIN, c1=MAIN), photos(9, 2), {}, WEIGHTS) == []


def test_two_on_one_photo_are_hardly_one() -> None:
    of = photos(9, 4, 4)
    together = {**of, 2: [*of[2], of[0][0]]}
    pairs = [SimilarPair(0, 1, 0.9), SimilarPair(0, 2, 0.9)]
    # The third has one more photo, and still comes last; by its similarity it is out.
    assert [one.other for one in ranked_suggestions(pairs, labels(c0=MAIN), together, {}, WEIGHTS)] == [1]
    mirror = ranked_suggestions(pairs, labels(c0=MAIN), {**of, 2: of[2]}, {}, WEIGHTS)
    assert {one.other for one in mirror} == {1, 2}


@pytest.mark.parametrize(("better", "worse"), [(1, 2), (1, 100), (10, 1000)])
def test_better_photos_count_more(better: int, worse: int) -> None:
    assert photo_weight(better) > photo_weight(worse) > 0
    assert photo_weight(1) == photo_weight(None) == 1.0
