"""Which faces of an event are one person: average linkage, cut where a merge has too little evidence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.linkage import merge_history
from curation.domain.grouping.merge_history import MergeHistory

__all__ = ["group_faces"]


def group_faces(
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    rule: GroupingRule,
    *,
    together: NDArray[np.integer] | None = None,
    apart: NDArray[np.integer] | None = None,
    threads: int = 1,
) -> NDArray[np.int64]:
    """Group the faces that are good enough to be compared with each other.

    Args:
        vectors: (N, D) from `rule.compared`, N from 0.
        photo_of: (N,) photo of each face, as any integers.
        rule: Grouping rule of the weights that made the embeddings.
        together: (N,) the same number, from 0, for faces that the user says are one person; -1 for all others.
        apart: (M, 2) pairs of faces that the user says are different people.
        threads: Number of CPU threads. The result does not depend on it.

    Returns:
        (N,) labels from 0 to K - 1, numbered by the first face of each cluster.

    Raises:
        ValueError: If faces would have to be both together and apart.
    """
    history = merge_history(
        vectors,
        max(rule.group_distance, rule.single_distance),
        photo_of=photo_of,
        same_photo_penalty=rule.same_photo_penalty,
        together=together,
        apart=apart,
        threads=threads,
    )
    return _cut(history, rule).labels()


def _cut(history: MergeHistory, rule: GroupingRule) -> MergeHistory:
    """Drop the merges that neither have enough evidence nor are part of a merge that has."""
    faces = len(history.same)
    size = np.bincount(history.same, minlength=faces)
    sizes = np.empty((2, len(history.low)), dtype=np.int64)
    # Of each part of a merge: the merge that made it, -1 for a single face or its copies.
    made_by = np.full((2, len(history.low)), -1)
    last = np.full(faces, -1)
    for merge, (low, high) in enumerate(zip(history.low.tolist(), history.high.tolist(), strict=True)):
        sizes[:, merge] = size[low], size[high]
        made_by[:, merge] = last[low], last[high]
        size[low] += size[high]
        last[low] = merge
    is_kept = history.distance < rule.largest_distance(sizes[0], sizes[1])
    for merge in range(len(is_kept) - 1, -1, -1):
        if is_kept[merge]:
            parts = made_by[:, merge]
            is_kept[parts[parts >= 0]] = True
    return MergeHistory(history.same, history.low[is_kept], history.high[is_kept], history.distance[is_kept])
