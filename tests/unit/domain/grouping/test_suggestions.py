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


def near(vectors: NDArray[np.float64], one: int, other: int, part: float) -> NDArray[np.float32]:
    """The vectors with one row drawn towards another one."""
    out = vectors.copy()
    out[one] = out[other] + part * out[one]
    return unit(out)


def test_strangers_are_not_alike() -> None:
    assert all(pair.log_odds < 0 for pair in similar_pairs(means(unit(strangers(40))), RULE))
    assert similar_pairs(means(unit(strangers(1))), RULE) == []


def test_those_who_were_nearly_joined_are() -> None:
    likeliest = max(similar_pairs(means(near(strangers(40), 7, 3, 1.6)), RULE), key=lambda pair: pair.log_odds)
    assert (likeliest.first, likeliest.second) == (13, 17)
    assert likeliest.log_odds > 3
    nearer = max(pair.log_odds for pair in similar_pairs(means(near(strangers(40), 7, 3, 1.0)), RULE))
    assert nearer > likeliest.log_odds


def test_the_more_people_the_less_a_distance_says() -> None:
    few, many = (
        max(pair.log_odds for pair in similar_pairs(means(near(strangers(count), 7, 3, 1.6)), RULE))
        for count in (20, 400)
    )
    assert few > many


def test_nothing_stands_out_among_equals() -> None:
    assert similar_pairs(means(unit(strangers(2))), RULE) == []


def test_each_has_a_few_neighbours_at_most() -> None:
    vectors = strangers(40)
    vectors[:12] = vectors[0] + 1.2 * vectors[:12]
    pairs = [pair for pair in similar_pairs(means(unit(vectors)), RULE) if pair.log_odds > 0]
    # Of the 66 pairs among the twelve, those that are among the five nearest of either.
    assert 30 <= len(pairs) < 66
    assert all(pair.second < 22 for pair in pairs)


def test_few_faces_have_to_be_nearer() -> None:
    large, small = (
        max((pair.log_odds for pair in similar_pairs(means(near(strangers(40), 7, 3, 1.6), size), RULE)), default=-9.0)
        for size in (50, 1)
    )
    assert small < large


def test_a_left_over_face_is_likelier_somebody_who_is_there_often() -> None:
    vectors = near(strangers(40), 7, 3, 1.2)
    sizes = np.full(40, 20)
    sizes[7] = 1
    often = sizes.copy()
    often[3] = 200
    odds = [
        max(pair.log_odds for pair in similar_pairs(PersonMeans(np.arange(40), count, vectors), RULE))
        for count in (sizes, often)
    ]
    assert odds[0] < odds[1]


def open_pair(first: int, second: int, probability: float = 0.5) -> SimilarPair:
    return SimilarPair(first, second, float(np.log(probability / (1 - probability))))


def test_the_likeliest_of_those_that_change_the_top_photos_comes_first() -> None:
    pairs = [open_pair(0, 1, 0.5), open_pair(0, 2, 0.4), open_pair(2, 3, 0.9)]
    found = ranked_suggestions(pairs, labels(c0=MAIN), photos(9, 4, 4, 3), {}, WEIGHTS)
    # The last one is likelier, but only says who is on photos that nobody asked for.
    assert [(one.keep, one.other) for one in found] == [(0, 1), (0, 2), (2, 3)]
    assert [round(one.probability, 3) for one in found] == [0.5, 0.4, 0.9]
    assert found[2].changed == 0


def test_of_equals_the_one_that_changes_more_comes_first() -> None:
    pairs = [open_pair(0, 1), open_pair(0, 2)]
    of = photos(9, 4, 4)
    weights = {path: photo_weight(rank) for rank, path in enumerate(of[2] + of[1] + of[0], start=1)}
    assert [one.other for one in ranked_suggestions(pairs, labels(c0=MAIN), of, weights, WEIGHTS)] == [2, 1]
    # Without a score all photos count alike.
    assert [one.other for one in ranked_suggestions(pairs, labels(c0=MAIN), photos(9, 4, 5), {}, WEIGHTS)] == [2, 1]


@pytest.mark.parametrize("probability", [0.001, 0.05, 0.19])
def test_what_is_unlikely_is_not_asked(probability: float) -> None:
    assert ranked_suggestions([open_pair(0, 1, probability)], labels(c0=MAIN), photos(9, 4), {}, WEIGHTS) == []


def test_nothing_that_the_grouping_left_open_is_certain() -> None:
    (found,) = ranked_suggestions([open_pair(0, 1, 0.9999)], labels(c0=MAIN), photos(9, 4), {}, WEIGHTS)
    assert found.probability == 0.95


def test_who_has_a_name_stays() -> None:
    found = ranked_suggestions([open_pair(0, 1)], labels(c1=MAIN, c0=OTHER), photos(9, 2), {}, WEIGHTS)
    assert (found[0].keep, found[0].other) == (1, 0)


def test_nothing_is_asked_about_two_names() -> None:
    tom = PersonLabel("Tom", Category.MAIN)
    assert ranked_suggestions([open_pair(0, 1)], labels(c0=MAIN, c1=tom), photos(9, 2), {}, WEIGHTS) == []
    assert ranked_suggestions([open_pair(0, 1)], labels(c0=MAIN, c1=MAIN), photos(9, 2), {}, WEIGHTS) == []


def test_two_who_stand_together_are_hardly_one() -> None:
    of = photos(9, 4, 4)
    together = {**of, 2: [*of[2], of[0][0], of[0][1]]}
    pairs = [open_pair(0, 1, 0.6), open_pair(0, 2, 0.6)]
    assert [one.other for one in ranked_suggestions(pairs, labels(c0=MAIN), together, {}, WEIGHTS)] == [1]


@pytest.mark.parametrize(("better", "worse"), [(1, 2), (1, 100), (10, 1000)])
def test_better_photos_count_more(better: int, worse: int) -> None:
    assert photo_weight(better) > photo_weight(worse) > 0
    assert photo_weight(1) == photo_weight(None) == 1.0
