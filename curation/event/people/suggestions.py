"""Suggested merges: computed from the embeddings, and kept up to date with labels, corrections and scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.index import EventIndex
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.suggestions import (
    MergeSuggestion,
    PersonMeans,
    SimilarPair,
    photo_weight,
    ranked_suggestions,
    similar_pairs,
)
from curation.domain.labelling.corrections import NOBODY, Correction, FacePlaces, constraints
from curation.domain.labelling.labels import Category
from curation.engines.weights.grouping_rules import MEASURED
from curation.errors import FaceDataError
from curation.event.catalog import Catalog
from curation.event.file_cache import Derived
from curation.settings import Settings
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.face_data_file import EMBEDDINGS

__all__ = ["MergeSuggester"]

_MOST_PEOPLE = 3000  # only those with the most photos are compared
_BLOCK_ROWS = 4096
_USUAL_LIMIT = 0.4  # cosine distance, for a run record without one


class MergeSuggester:
    """Suggests merges. Thread-safe."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Remember the path and the catalogue; nothing is read yet."""
        self._catalog = catalog
        self._embeddings = settings.io.output_dir / EMBEDDINGS
        weights = settings.scoring.category_weights
        self._category_weights = {
            Category.MAIN: weights.main,
            Category.IMPORTANT: weights.important,
            Category.OTHER: weights.other,
        }
        self._pairs: Derived[list[SimilarPair]] = Derived()
        self._people: Derived[PersonMeans] = Derived()
        # The rows and the rule that the sums belong to; for each cluster its row numbers and the sum of its vectors.
        self._summed: tuple[object, GroupingRule, dict[int, tuple[NDArray[np.intp], NDArray[np.float64]]]] | None = None

    def suggestions(self) -> list[MergeSuggestion]:
        """Suggested merges, see `ranked_suggestions`, without pairs that the user said are different people.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv or embeddings.npy is not valid.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read.
        """
        event = self._catalog.event()
        record = self._catalog.clustering_record()
        corrections = self._catalog.faces.corrections()
        pairs = self._pairs.get((event, record), lambda: self._alike(event, record, corrections))
        labels = self._catalog.labels()
        scores = self._catalog.scores()
        clusters = {cluster for pair in pairs for cluster in (pair.first, pair.second)}
        return ranked_suggestions(
            pairs,
            labels,
            {cluster: event.photos_of_cluster(cluster) for cluster in clusters},
            {path: photo_weight(score.rank) for path, score in scores.items()},
            self._category_weights,
        )

    def likeness(self, vector: NDArray[np.float32]) -> Mapping[int, float]:
        """How much a face looks like each person: its average cosine similarity to their faces, by cluster id.

        Args:
            vector: (D,) float32 of unit length, an embedding of the event's engine.

        Raises what `suggestions` raises.
        """
        event, record = self._catalog.event(), self._catalog.clustering_record()
        rule = _rule(record)
        means = self._means_of(event, record, rule)
        if not len(means.clusters) or means.means.shape[1] != len(vector):
            return {}
        alike = means.means @ rule.compared(vector[None])[0]
        return dict(zip(means.clusters.tolist(), alike.astype(float).tolist(), strict=True))

    def _means_of(self, event: EventIndex, record: Mapping[str, Any], rule: GroupingRule) -> PersonMeans:
        return self._people.get((event, record), lambda: self._means(event, rule))

    def _alike(
        self, event: EventIndex, record: Mapping[str, Any], corrections: tuple[Correction, ...]
    ) -> list[SimilarPair]:
        rule = _rule(record)
        answered = _told_apart(event, corrections)
        found = similar_pairs(self._means_of(event, record, rule), rule)
        return [pair for pair in found if (min(pair.first, pair.second), max(pair.first, pair.second)) not in answered]

    def _means(self, event: EventIndex, rule: GroupingRule) -> PersonMeans:
        """Mean vectors of the clusters with the most photos; those of unchanged clusters are cached."""
        # Faces that were drawn since the last run have no vector among the others.
        rows = range(len(event.rows))
        has_vector = np.fromiter((event.rows[row].embedding_row >= 0 for row in rows), dtype=bool, count=len(rows))
        clusters = np.where(has_vector, event.cluster_ids, NOBODY)
        there = set(np.unique(clusters).tolist())
        counts = {cluster: photos for cluster, photos in event.photo_counts.items() if cluster in there}
        chosen = sorted(sorted(counts, key=lambda cluster: (-counts[cluster], cluster))[:_MOST_PEOPLE])
        order = np.argsort(clusters, kind="stable")
        ends = np.searchsorted(clusters[order], chosen, side="right")
        starts = np.searchsorted(clusters[order], chosen, side="left")
        members = {
            cluster: order[start:end]
            for cluster, start, end in zip(chosen, starts.tolist(), ends.tolist(), strict=True)
        }
        if self._summed is None or self._summed[0] is not event.rows or self._summed[1] != rule:
            self._summed = (event.rows, rule, {})
        cached = self._summed[2]
        new = {
            cluster: rows
            for cluster, rows in members.items()
            if cluster not in cached or not np.array_equal(cached[cluster][0], rows)
        }
        for cluster, total in self._sums(event, new, rule).items():
            cached[cluster] = (new[cluster], total)
        if not chosen:  # every face is marked as none, or was drawn since
            return PersonMeans(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 0), np.float32))
        sizes = np.array([len(members[cluster]) for cluster in chosen], dtype=np.int64)
        sums = np.array([cached[cluster][1] for cluster in chosen]).reshape(len(chosen), -1)
        return PersonMeans(np.array(chosen, dtype=np.int64), sizes, (sums / sizes[:, None]).astype(np.float32))

    def _sums(
        self, event: EventIndex, members: Mapping[int, NDArray[np.intp]], rule: GroupingRule
    ) -> dict[int, NDArray[np.float64]]:
        """For each cluster the float64 sum of its faces' vectors."""
        if not members:
            return {}
        numbers = np.array([row.embedding_row for row in event.rows], dtype=np.int64)
        wanted = numbers[np.concatenate(list(members.values()))]
        owner = np.repeat(np.arange(len(members)), [len(rows) for rows in members.values()])
        order = np.argsort(wanted, kind="stable")
        with EmbeddingsFile(self._embeddings) as file:
            if wanted.max() >= len(file):
                raise FaceDataError(f"{self._embeddings} does not fit face_data.csv; run the clustering again")
            sums = np.zeros((len(members), file.shape[1]))
            for start in range(0, len(order), _BLOCK_ROWS):
                part = order[start : start + _BLOCK_ROWS]
                vectors = rule.compared(file[wanted[part]])
                by_owner = np.argsort(owner[part], kind="stable")
                owners, firsts = np.unique(owner[part][by_owner], return_index=True)
                sums[owners] += np.add.reduceat(vectors[by_owner].astype(np.float64), firsts, axis=0)
        return dict(zip(members, sums, strict=True))


def _rule(record: Mapping[str, Any]) -> GroupingRule:
    """The grouping rule of the last clustering, from its run record."""
    weights = record.get("weights")
    hashes = weights.values() if isinstance(weights, dict) else ()
    measured = next((MEASURED[sha].rule for sha in hashes if sha in MEASURED), GroupingRule(_USUAL_LIMIT, _USUAL_LIMIT))
    single, group = (
        value if isinstance(value, float) and 0 < value <= 2 else default
        for value, default in (
            (record.get("distance_threshold"), measured.single_distance),
            (record.get("group_distance_threshold"), measured.group_distance),
        )
    )
    return GroupingRule(single, max(single, group), 0.0, measured.common, measured.common_part)


def _told_apart(event: EventIndex, corrections: tuple[Correction, ...]) -> frozenset[tuple[int, int]]:
    """Pairs of clusters that the user said are different people, the lower id first."""
    if not corrections:
        return frozenset()
    apart = constraints(corrections, FacePlaces((row.image_path, row.facial_area) for row in event.rows)).apart
    pairs = np.sort(event.cluster_ids[apart], axis=1)
    return frozenset((int(first), int(second)) for first, second in np.unique(pairs, axis=0).tolist())
