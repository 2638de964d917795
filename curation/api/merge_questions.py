"""Which merges to suggest: reads the embeddings once, and follows labels, corrections and scores from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curation.api.catalog import Catalog
from curation.api.file_cache import Derived
from curation.domain.corrections import Correction, FacePlaces, constraints
from curation.domain.event_index import EventIndex
from curation.domain.grouping import GroupingRule
from curation.domain.labels import Category
from curation.domain.merge_suggestions import (
    AlikePair,
    MergeSuggestion,
    PersonMeans,
    alike_pairs,
    photo_weight,
    ranked_suggestions,
)
from curation.engines.grouping_rules import MEASURED
from curation.errors import FaceDataError
from curation.settings import Settings
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.tables import EMBEDDINGS

__all__ = ["MergeQuestions"]

_MOST_PEOPLE = 3000  # those on most photos are compared
_BLOCK_ROWS = 4096
_USUAL_LIMIT = 0.4  # of a run that noted none


class MergeQuestions:
    """Suggests merges. Every method may be called from any thread."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Note the parts; nothing is read yet."""
        self._catalog = catalog
        self._embeddings = settings.io.output_dir / EMBEDDINGS
        counts = settings.scoring.category_weights
        self._category_weights = {
            Category.MAIN: counts.main,
            Category.IMPORTANT: counts.important,
            Category.OTHER: counts.other,
        }
        self._pairs: Derived[list[AlikePair]] = Derived()

    def suggestions(self) -> list[MergeSuggestion]:
        """Questions, the most useful one first; nothing is asked again that the user answered.

        Raises:
            ApiProblem: If there was no clustering yet.
            FaceDataError: If face_data.csv or embeddings.npy is not valid.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read.
        """
        event = self._catalog.event()
        record = self._catalog.clustering_record()
        corrections = self._catalog.corrections()
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

    def _alike(
        self, event: EventIndex, record: Mapping[str, Any], corrections: tuple[Correction, ...]
    ) -> list[AlikePair]:
        rule = _rule(record)
        answered = _told_apart(event, corrections)
        found = alike_pairs(self._means(event, rule), rule)
        return [pair for pair in found if (min(pair.first, pair.second), max(pair.first, pair.second)) not in answered]

    def _means(self, event: EventIndex, rule: GroupingRule) -> PersonMeans:
        counts = event.photo_counts
        chosen = sorted(sorted(counts, key=lambda cluster: (-counts[cluster], cluster))[:_MOST_PEOPLE])
        clusters = np.array(chosen, dtype=np.int64)
        rows = np.array([row.embedding_row for row in event.rows], dtype=np.int64)
        is_in = np.isin(event.cluster_ids, clusters)
        place = np.searchsorted(clusters, event.cluster_ids[is_in])
        wanted = rows[is_in]
        with EmbeddingsFile(self._embeddings) as file:
            if wanted.max(initial=-1) >= len(file):
                raise FaceDataError(f"{self._embeddings} does not fit face_data.csv; run the clustering again")
            sums = np.zeros((len(clusters), file.shape[1]))
            for start in range(0, len(wanted), _BLOCK_ROWS):
                part = wanted[start : start + _BLOCK_ROWS]
                vectors = rule.compared(file[part.tolist()])
                np.add.at(sums, place[start : start + len(part)], vectors.astype(np.float64))
        sizes = np.bincount(place, minlength=len(clusters))
        return PersonMeans(clusters, sizes, (sums / sizes[:, None]).astype(np.float32))


def _rule(record: Mapping[str, Any]) -> GroupingRule:
    """The rule of the last clustering, by its record."""
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
    """Clusters that the user said are two people, the lower one first."""
    if not corrections:
        return frozenset()
    apart = constraints(corrections, FacePlaces((row.image_path, row.facial_area) for row in event.rows)).apart
    pairs = np.sort(event.cluster_ids[apart], axis=1)
    return frozenset((int(first), int(second)) for first, second in np.unique(pairs, axis=0).tolist())
