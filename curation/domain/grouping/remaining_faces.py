"""A second look at single faces and poor faces: each joins a cluster if it clearly belongs to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.grouping_rule import GroupingRule

__all__ = ["join_poor_faces", "join_single_faces"]

SECOND_LOOK_FACES = 3
"""A poor face joins only a cluster of at least so many good faces: fewer are not reliable."""
SINGLE_FACE_CLUSTER = 5
"""A single good face joins only a cluster of at least so many faces."""
SINGLE_FACE_PART = 0.75
"""How far such a cluster may be, as a share of the way from the limit of single faces to that of large clusters."""
SECOND_LOOK_MARGIN = 0.25
"""How much nearer a face has to be to its cluster than to any other one, as a part of `single_distance`."""
_BLOCK_ROWS = 1024


def join_single_faces(
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    labels: NDArray[np.int64],
    rule: GroupingRule,
    *,
    settled: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Assign single faces to a cluster that they clearly belong to.

    This uses evidence that average linkage does not see: no other cluster is as near. A single face joins the nearest
    cluster if that has at least `SINGLE_FACE_CLUSTER` faces, is nearer than `SINGLE_FACE_PART` of the way from
    `rule.single_distance` to `rule.group_distance`, is clearly nearer than any other cluster, and has no face on the
    same photo. Where the rule has one distance for all sizes, single faces stay alone.

    Args:
        vectors: (N, D) from `rule.compared`.
        photo_of: (N,) photo of each face.
        labels: (N,) clusters of the faces, from `group_faces`.
        rule: Grouping rule of the weights that made the embeddings.
        settled: (N,) faces with corrections of the user: they stay where they are.

    Returns:
        (N,) labels from 0 to L - 1.
    """
    sizes = np.bincount(labels)
    is_alone = sizes[labels] == 1
    alone = np.flatnonzero(is_alone if settled is None else is_alone & ~settled)
    limit = rule.single_distance + SINGLE_FACE_PART * (rule.group_distance - rule.single_distance)
    if len(alone) == 0 or rule.group_distance <= rule.single_distance:
        return labels
    out = labels.copy()
    clear = _Clear(vectors, labels, sizes, SINGLE_FACE_CLUSTER, limit, SECOND_LOOK_MARGIN * rule.single_distance)
    out[alone] = clear.joined(vectors[alone], photo_of[alone], photo_of, own=labels[alone])
    out[out < 0] = labels[out < 0]
    return np.asarray(np.unique(out, return_inverse=True)[1], dtype=np.int64)


def join_poor_faces(
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    labels: NDArray[np.int64],
    poor: NDArray[np.float32],
    photo_of_poor: NDArray[np.integer],
    rule: GroupingRule,
) -> NDArray[np.int64]:
    """Assign faces that are too poor to be grouped by themselves to a cluster that they clearly belong to.

    A face joins the nearest of all clusters if that has at least `SECOND_LOOK_FACES` good faces, is nearer than
    `rule.single_distance`, is clearly nearer than any other cluster, and has no face on the same photo. Poor faces
    do not count as members for this; of several poor faces of one photo only the nearest joins a cluster.

    Args:
        vectors: (N, D) the good faces, from `rule.compared`.
        photo_of: (N,) photo of each good face.
        labels: (N,) clusters of the good faces, from 0 to K - 1.
        poor: (P, D) the poor faces, from `rule.compared`.
        photo_of_poor: (P,) photo of each poor face.
        rule: Grouping rule of the weights that made the embeddings.

    Returns:
        (P,) a cluster of `labels`, or -1.
    """
    if len(labels) == 0 or len(poor) == 0:
        return np.full(len(poor), -1, dtype=np.int64)
    margin = SECOND_LOOK_MARGIN * rule.single_distance
    clear = _Clear(vectors, labels, np.bincount(labels), SECOND_LOOK_FACES, rule.single_distance, margin)
    return clear.joined(poor, photo_of_poor, photo_of)


class _Clear:
    """Clusters that faces may join: near ones, if no other cluster is nearly as near."""

    def __init__(
        self,
        vectors: NDArray[np.float32],
        labels: NDArray[np.int64],
        sizes: NDArray[np.intp],
        least: int,
        limit: float,
        margin: float,
    ) -> None:
        sums = np.zeros((len(sizes), vectors.shape[1]))
        for start in range(0, len(vectors), _BLOCK_ROWS):
            block = vectors[start : start + _BLOCK_ROWS]
            np.add.at(sums, labels[start : start + len(block)], block.astype(np.float64))
        self._means = sums / sizes[:, None]
        self._labels = labels
        self._large = np.flatnonzero(sizes >= least)
        self._limit, self._margin = limit, margin

    def joined(
        self,
        faces: NDArray[np.float32],
        photos: NDArray[np.integer],
        photo_of: NDArray[np.integer],
        *,
        own: NDArray[np.int64] | None = None,
    ) -> NDArray[np.int64]:
        """(F,) the cluster that each face joins, or -1; `own`, the cluster in which it is alone, does not count."""
        home = np.full(len(faces), -1, dtype=np.int64)
        distance = np.full(len(faces), np.inf)
        for start in range(0, len(faces) if len(self._large) else 0, _BLOCK_ROWS):
            away = 1.0 - faces[start : start + _BLOCK_ROWS].astype(np.float64) @ self._means[self._large].T
            # Few faces are near a large cluster, so only these are compared with all clusters.
            near = np.flatnonzero(away.min(axis=1) < self._limit)
            place = start + near
            home[place] = self._large[away[near].argmin(axis=1)]
            distance[place] = away[near].min(axis=1)
            away = 1.0 - faces[place].astype(np.float64) @ self._means.T
            away[np.arange(len(near)), home[place]] = np.inf
            if own is not None:
                away[np.arange(len(near)), own[place]] = np.inf
            home[place[away.min(axis=1) - distance[place] < self._margin]] = -1
        taken = set(zip(self._labels.tolist(), photo_of.tolist(), strict=True))
        for face in np.argsort(distance, kind="stable").tolist():
            where = (int(home[face]), int(photos[face]))
            if where in taken:
                home[face] = -1
            taken.add(where)
        return home
