"""Merge suggestions: which clusters may be the same person, the most useful question first."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.labelling.label_changes import most_important_first
from curation.domain.labelling.labels import Category, Labels

__all__ = ["MergeSuggestion", "PersonMeans", "SimilarPair", "photo_weight", "ranked_suggestions", "similar_pairs"]

LEAST_SIMILARITY = 0.3
"""Clusters below this similarity are hardly ever one person."""
SHARED_PHOTO_PART = 0.25
"""Factor on the similarity for each photo that shows both: only mirrors and collages show a person twice."""

_NEIGHBOURS = 5  # of each cluster that are considered
_BLOCK_ROWS = 256
_SAMPLE = 400  # clusters from which the usual distance of strangers is estimated
_EXAMINED = 500  # pairs whose common photos are counted
_MOST_SHARED = 4
_WHO_PART = 0.05  # gain of a photo if the answer only says who is on it


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
    """Two similar clusters; the similarity goes from 0 (like strangers) to 1 (nearly merged by the grouping)."""

    first: int
    second: int
    similarity: float


@dataclass(frozen=True, slots=True)
class MergeSuggestion:
    """A suggested merge, as a question: are these two the same person?

    Attributes:
        keep: The cluster whose label would remain.
        other: The cluster that would become a part of it.
        similarity: In [0, 1].
        usefulness: How much the answer may change, without a unit; larger is more.
    """

    keep: int
    other: int
    similarity: float
    usefulness: float


def similar_pairs(people: PersonMeans, rule: GroupingRule) -> list[SimilarPair]:
    """Pairs of clusters that are more similar than most; for each cluster its nearest ones.

    A similarity of 1 is the average distance at which the grouping would have merged clusters of these sizes, 0 is the
    median distance of the clusters of this event.
    """
    count = len(people.clusters)
    if count < 2:
        return []
    usual = _usual_distance(people.means)
    most = max(rule.group_distance, rule.single_distance)
    if usual <= most:
        return []  # nothing stands out where strangers are as near as faces of one person
    # Clusters that are farther apart are below the least similarity, whatever their sizes.
    farthest = usual - LEAST_SIMILARITY * (usual - most)
    first, second, distance = _near_pairs(people.means, farthest)
    limit = rule.largest_distance(people.sizes[first], people.sizes[second])
    similarity = np.clip((usual - distance) / np.maximum(usual - limit, 1e-6), 0.0, 1.0)
    is_kept = similarity >= LEAST_SIMILARITY
    first, second, similarity = first[is_kept], second[is_kept], similarity[is_kept]
    is_nearest = np.zeros(len(first), dtype=bool)
    for mine, other in ((first, second), (second, first)):
        order = np.lexsort((other, -similarity, mine))
        starts = np.searchsorted(mine[order], np.arange(count))
        is_nearest[order[np.arange(len(order)) - starts[mine[order]] < _NEIGHBOURS]] = True
    ids = people.clusters.tolist()
    return [
        SimilarPair(ids[int(first[pair])], ids[int(second[pair])], float(similarity[pair]))
        for pair in np.flatnonzero(is_nearest).tolist()
    ]


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


def _usual_distance(means: NDArray[np.float32]) -> float:
    chosen = means[np.unique(np.linspace(0, len(means) - 1, min(_SAMPLE, len(means))).astype(np.intp))]
    distance = 1.0 - chosen.astype(np.float64) @ chosen.T.astype(np.float64)
    return float(np.median(distance[np.triu_indices(len(chosen), k=1)]))


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
    """Order the suggestions so that the one whose answer would change the top photos most comes first.

    A merge changes the photos of the cluster that gets the label of the other one: each by the difference of the
    weights of the two categories, times the weight of the photo. Two clusters with different names are two people, and
    two with the same name are one, so they are not suggested.

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
        keep, other = most_important_first(
            labels.by_cluster, {cluster: len(photos[cluster]) for cluster in (pair.first, pair.second)}
        )
        gain = _WHO_PART + abs(_counts(labels, keep, category_weights) - _counts(labels, other, category_weights))
        changed = math.fsum(weights.get(photo, 1.0) for photo in photos[other])
        out.append(MergeSuggestion(keep, other, pair.similarity, pair.similarity * gain * changed))
    out.sort(key=_order)
    out = [_with_shared_photos(suggestion, photos) for suggestion in out[:_EXAMINED]] + out[_EXAMINED:]
    return sorted((one for one in out if one.similarity >= LEAST_SIMILARITY), key=_order)


def _order(suggestion: MergeSuggestion) -> tuple[float, int, int]:
    return -suggestion.usefulness, suggestion.keep, suggestion.other


def _with_shared_photos(suggestion: MergeSuggestion, photos: Mapping[int, Collection[str]]) -> MergeSuggestion:
    shared = len(set(photos[suggestion.keep]) & set(photos[suggestion.other]))
    part = SHARED_PHOTO_PART ** min(shared, _MOST_SHARED)
    return MergeSuggestion(
        suggestion.keep, suggestion.other, suggestion.similarity * part, suggestion.usefulness * part
    )


def _are_named(labels: Labels, pair: SimilarPair) -> bool:
    both = [labels.by_cluster.get(cluster) for cluster in (pair.first, pair.second)]
    return all(label is not None and label.name is not None for label in both)


def _counts(labels: Labels, cluster: int, category_weights: Mapping[Category, float]) -> float:
    person = labels.person(cluster)
    return 0.0 if person is None else category_weights[person.category]
