"""Which faces of an event are one person: average linkage, cut where a merge has too little evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.grouping_evidence import GroupingEvidence
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.merge_evidence import decided_merges
from curation.domain.grouping.shared_photos import shared_photos
from curation.domain.linkage.average_linkage import merge_history

__all__ = ["GroupedFaces", "group_faces", "grouped_faces"]


@dataclass(frozen=True, slots=True, eq=False)
class GroupedFaces:
    """Groups of faces, and the evidence that decided.

    Attributes:
        labels: (N,) labels from 0 to K - 1, numbered by the first face of each cluster.
        rule: The rule that was applied: the given one, fitted to the event if it may be.
        evidence: What decided.
    """

    labels: NDArray[np.int64]
    rule: GroupingRule
    evidence: GroupingEvidence


def group_faces(
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    rule: GroupingRule,
    *,
    together: NDArray[np.integer] | None = None,
    apart: NDArray[np.integer] | None = None,
    threads: int = 1,
) -> NDArray[np.int64]:
    """The labels of `grouped_faces`."""
    return grouped_faces(vectors, photo_of, rule, together=together, apart=apart, threads=threads).labels


def grouped_faces(
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    rule: GroupingRule,
    *,
    together: NDArray[np.integer] | None = None,
    apart: NDArray[np.integer] | None = None,
    threads: int = 1,
) -> GroupedFaces:
    """Group the faces that are good enough to be compared with each other.

    Args:
        vectors: (N, D) from `rule.compared`, N from 0.
        photo_of: (N,) photo of each face, as any integers.
        rule: Grouping rule of the weights that made the embeddings.
        together: (N,) the same number, from 0, for faces that the user says are one person; -1 for all others.
        apart: (M, 2) pairs of faces that the user says are different people.
        threads: Number of CPU threads. The result does not depend on it.

    Raises:
        ValueError: If faces would have to be both together and apart.
    """
    if rule.follows_strangers:  # what a near-copy is has to be learned, too; few photos hold any
        rule = rule.fitted(shared_photos(vectors, photo_of, 0.0).strangers)
    shared = shared_photos(vectors, photo_of, rule.near_copy)
    rule = rule.fitted(shared.strangers)
    history = merge_history(
        vectors,
        max(rule.group_distance, rule.single_distance),
        photo_of=photo_of,
        same_photo_penalty=rule.same_photo_penalty,
        together=together,
        apart=apart,
        threads=threads,
    )
    decided = decided_merges(history, vectors, photo_of, shared.is_telling, rule)
    evidence = GroupingEvidence(
        rule.single_distance,
        rule.group_distance,
        rule.same_photo_penalty,
        shared.strangers,
        shared.repeating,
        decided.stood_together,
        decided.too_tight,
    )
    return GroupedFaces(decided.history.labels(), rule, evidence)
