"""Merge suggestions: which clusters may be the same person, the likeliest question first.

A question is worth a person's time only where the answer is open, so every pair has a probability. By Bayes' rule it
comes from how far the clusters of this event are from each other (most pairs are strangers), how many pairs there are,
how much of the event belongs to established people, and whether photos show both. docs/accuracy.md says how often the
answer was yes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.merge_evidence import together_evidence
from curation.domain.grouping.people_nearby import usual_strangers
from curation.domain.labelling.label_changes import most_important_first
from curation.domain.labelling.labels import Category, Labels

__all__ = [
    "LEAST_PROBABILITY",
    "MOST_PROBABILITY",
    "MergeSuggestion",
    "PersonMeans",
    "SimilarPair",
    "photo_weight",
    "ranked_suggestions",
    "similar_pairs",
]

LEAST_PROBABILITY = 0.2
"""Below it, the answer is hardly ever yes, and nothing is asked."""
MOST_PROBABILITY = 0.95
"""No pair is surer: the grouping, which sees more than this, did not merge it."""

_NEIGHBOURS = 5  # of each cluster that are considered
_BLOCK_ROWS = 256
_SAMPLE = 400  # clusters from which the usual distance of strangers is estimated
_ESTABLISHED_FACES = 3  # of a cluster that counts as a person
_LEFT_OVER_FACES = 2
_LEAST_ESTABLISHED = 4  # people from which the distances of an event are learned
_QUARTILES = 1.349  # between the quartiles of a normal distribution, in standard deviations
# Prior probabilities, chosen on the half of the people that is for choosing: that a left-over face is an established
# person's, times the square of the share of faces that are; that two established people are one, and that two left-over
# faces are, both divided by their number.
_LEFT_OVER_PRIOR = 0.2
_PEOPLE_PRIOR = 0.08
_PAIR_PRIOR = 0.05
_LEAST_LOG_ODDS = -3.0  # of pairs that are kept, before photos are looked at


@dataclass(frozen=True, slots=True, eq=False)
class PersonMeans:
    """Clusters to compare.

    Attributes:
        clusters: (K,) ids of the clusters.
        sizes: (K,) number of faces of each cluster.
        means: (K, D) mean of the vectors of each cluster's faces, from `GroupingRule.compared`.
    """

    clusters: NDArray[np.int64]
    sizes: NDArray[np.int64]
    means: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two similar clusters, and the natural logarithm of the odds that they are one person, by their distance."""

    first: int
    second: int
    log_odds: float


@dataclass(frozen=True, slots=True)
class MergeSuggestion:
    """A suggested merge, as a question: are these two the same person?

    Attributes:
        keep: The cluster whose label would remain.
        other: The cluster that would become a part of it.
        probability: That the answer is yes, from `LEAST_PROBABILITY` to `MOST_PROBABILITY`.
        changed: How much the answer yes would change the best photos, without a unit; 0 if only names change.
    """

    keep: int
    other: int
    probability: float
    changed: float


def similar_pairs(people: PersonMeans, rule: GroupingRule) -> list[SimilarPair]:
    """Pairs of clusters that may be one person, for each cluster its likeliest ones.

    Args:
        people: The clusters.
        rule: That grouped them.
    """
    count = len(people.clusters)
    if count < 2:
        return []
    usual, spread, noise = _strangers(people, rule)
    first, second, distance = _near_pairs(people.means, usual - spread)
    a, b = people.sizes[first], people.sizes[second]
    # Averages over many faces vary less than those of single ones.
    deviation = np.sqrt(spread**2 + noise**2 * (1.0 / a + 1.0 / b) / 2.0)
    below = np.minimum((distance - usual) / deviation, 0.0)
    # Those that are one person, but were not merged, are anywhere between the limit and where strangers are.
    room = np.maximum(usual - rule.largest_distance(a, b), deviation)
    odds = np.log(_prior(people.sizes, a, b)) + 0.5 * below**2 + np.log(deviation * math.sqrt(2 * math.pi) / room)
    is_kept = odds >= _LEAST_LOG_ODDS
    first, second, odds = first[is_kept], second[is_kept], odds[is_kept]
    is_nearest = np.zeros(len(first), dtype=bool)
    for mine, other in ((first, second), (second, first)):
        order = np.lexsort((other, -odds, mine))
        starts = np.searchsorted(mine[order], np.arange(count))
        is_nearest[order[np.arange(len(order)) - starts[mine[order]] < _NEIGHBOURS]] = True
    ids = people.clusters.tolist()
    return [
        SimilarPair(ids[int(first[pair])], ids[int(second[pair])], float(odds[pair]))
        for pair in np.flatnonzero(is_nearest).tolist()
    ]


def _strangers(people: PersonMeans, rule: GroupingRule) -> tuple[float, float, float]:
    """How far people of this event are from each other, how much that varies, and how much single faces add to it."""
    usual, single_spread = usual_strangers(rule)
    spread = 0.6 * single_spread
    known = np.flatnonzero(people.sizes >= _ESTABLISHED_FACES)
    if len(known) >= _LEAST_ESTABLISHED:
        chosen = known[np.unique(np.linspace(0, len(known) - 1, min(_SAMPLE, len(known))).astype(np.intp))]
        means = people.means[chosen].astype(np.float64)
        low, usual, high = np.quantile(
            (1.0 - means @ means.T)[np.triu_indices(len(chosen), k=1)], (0.25, 0.5, 0.75)
        ).tolist()
        spread = max((high - low) / _QUARTILES, 0.5 * single_spread)
    noise = math.sqrt(max(single_spread**2 - spread**2, (0.5 * single_spread) ** 2))
    return usual, spread, noise


def _prior(sizes: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    known = sizes >= _ESTABLISHED_FACES
    in_known = max(int(sizes[known].sum()), 1)
    share = float(sizes[known].sum() / sizes.sum())
    small, large = np.minimum(a, b), np.maximum(a, b)
    return np.where(
        small > _LEFT_OVER_FACES,
        _PEOPLE_PRIOR / max(int(known.sum()), 2),
        np.where(
            large > _LEFT_OVER_FACES, _LEFT_OVER_PRIOR * share**2 * large / in_known, _PAIR_PRIOR / max(len(sizes), 2)
        ),
    )


def _near_pairs(
    means: NDArray[np.float32], farthest: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pairs of rows, the lower one first, that are nearer than a distance, and their distances."""
    found: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]] = []
    for start in range(0, len(means), _BLOCK_ROWS):
        similarity = means[start : start + _BLOCK_ROWS] @ means[start:].T
        row, column = np.nonzero(similarity > np.float32(1.0 - farthest))
        is_upper = column > row
        row, column = row[is_upper], column[is_upper]
        found.append((row + start, column + start, 1.0 - similarity[row, column].astype(np.float64)))
    rows, columns, distances = zip(*found, strict=True)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(distances)


def photo_weight(rank: int | None) -> float:
    """Weight of a photo by its rank, 1 for the best; without a rank it is 1."""
    return 1.0 if rank is None else 1.0 / math.log2(1.0 + rank)


def ranked_suggestions(
    pairs: Sequence[SimilarPair],
    labels: Labels,
    photos: Mapping[int, Collection[str]],
    weights: Mapping[str, float],
    category_weights: Mapping[Category, float],
) -> list[MergeSuggestion]:
    """The questions whose answer is open: first those that change the best photos, the likeliest of them first.

    A merge changes the photos of the cluster that gets the label of the other one, if the two categories weigh
    differently: each by that difference, times the weight of the photo. Two clusters with different names are two
    people, and two with the same name are one, so they are not suggested.

    Args:
        pairs: Pairs of similar clusters.
        labels: Labels of the event.
        photos: Photos of each cluster.
        weights: Weight of each photo, see `photo_weight`; 1 for photos that are missing here.
        category_weights: Weight of a face by the category of its person.
    """
    out = []
    for pair in pairs:
        if _are_named(labels, pair):
            continue
        probability = _probability(pair, photos)
        if probability < LEAST_PROBABILITY:
            continue
        keep, other = most_important_first(
            labels.by_cluster, {cluster: len(photos[cluster]) for cluster in (pair.first, pair.second)}
        )
        gain = abs(_counts(labels, keep, category_weights) - _counts(labels, other, category_weights))
        changed = gain * math.fsum(weights.get(photo, 1.0) for photo in photos[other]) if gain > 0 else 0.0
        out.append(MergeSuggestion(keep, other, probability, changed))
    return sorted(out, key=lambda one: (one.changed == 0, -one.probability, -one.changed, one.keep, one.other))


def _probability(pair: SimilarPair, photos: Mapping[int, Collection[str]]) -> float:
    one, other = set(photos[pair.first]), set(photos[pair.second])
    common = len(one & other)
    odds = pair.log_odds
    if common > 0:
        odds -= float(together_evidence(np.array([common]), np.array([min(len(one), len(other))]))[0])
    return min(1.0 / (1.0 + math.exp(-odds)), MOST_PROBABILITY)


def _are_named(labels: Labels, pair: SimilarPair) -> bool:
    both = [labels.by_cluster.get(cluster) for cluster in (pair.first, pair.second)]
    return all(label is not None and label.name is not None for label in both)


def _counts(labels: Labels, cluster: int, category_weights: Mapping[Category, float]) -> float:
    person = labels.person(cluster)
    return 0.0 if person is None else category_weights[person.category]
