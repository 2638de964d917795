"""Which faces of an event are one person: average linkage, cut where the evidence suffices, then a second look.

A distance between two single faces says less than the same average distance between two clusters of many faces,
since averages vary less, and an event has far more pairs of single strangers than of clusters. So two single faces
have to be nearer than `single_distance`, large clusters nearer than `group_distance`, and what lies between follows
the standard error of an average over a and b faces, sqrt((1/a + 1/b) / 2).

What faces of a kind have in common, for instance those of babies, says nothing about who they are. `common` is a
direction of the embeddings' space along which strangers are alike; its part is taken out before comparing.
docs/accuracy.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.linkage import merge_history
from curation.domain.grouping.merges import MergeHistory

__all__ = ["GroupingRule", "group_faces", "join_poor_faces", "join_single_faces"]

SECOND_LOOK_FACES = 3
"""A poor face joins only a cluster of so many good ones: less is no likeness to rely on."""
SINGLE_FACE_CLUSTER = 5
"""A good face that is alone joins only a cluster of so many."""
SINGLE_FACE_PART = 0.75
"""How far from the limit of single faces to that of large groups such a cluster may be."""
SECOND_LOOK_MARGIN = 0.25
"""How much nearer a face has to be to its cluster than to any other one, as a part of `single_distance`."""
_BLOCK_ROWS = 1024


@dataclass(frozen=True, slots=True)
class GroupingRule:
    """When faces are one person; belongs to the weights of the embedder.

    Attributes:
        single_distance: Cosine distance below which two single faces are one person.
        group_distance: The same for the average distance of large clusters; not below `single_distance`.
        same_photo_penalty: Added to the distance of two faces of one photo, which are hardly one person. Mirrors,
            collages and photos of photos still are, if the faces are nearer than what is left of the threshold.
        common: Direction of what strangers of a kind have in common, of unit length; empty if not known.
        common_part: How much of the product along `common` is left out of the similarity, in [0, 1].
    """

    single_distance: float
    group_distance: float
    same_photo_penalty: float = 0.0
    common: tuple[float, ...] = ()
    common_part: float = 0.0

    def largest_distance(self, size: NDArray[np.int64], other_size: NDArray[np.int64]) -> NDArray[np.float64]:
        """(M,) average distances below which clusters of so many faces are one person."""
        spread = np.sqrt((1.0 / size + 1.0 / other_size) / 2.0)
        return np.asarray(self.group_distance - (self.group_distance - self.single_distance) * spread)

    def compared(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors, (N, D) of unit length or shorter, whose inner products are the similarities that count.

        With c the direction and p the part left out, x · y - p (x · c)(y · c) is the product of the vectors
        x - (1 - sqrt(1 - p)) (x · c) c.
        """
        if not self.common or self.common_part == 0.0:
            return embeddings
        direction = np.asarray(self.common, dtype=np.float32)
        less = np.float32(1.0 - np.sqrt(1.0 - self.common_part))
        out = np.empty_like(embeddings)
        for start in range(0, len(embeddings), _BLOCK_ROWS):
            block = embeddings[start : start + _BLOCK_ROWS]
            # Not a BLAS routine: numpy's own sum adds in one order everywhere.
            along = (block * direction).sum(axis=1, dtype=np.float32)
            out[start : start + len(block)] = block - (less * along)[:, None] * direction
        return out


def group_faces(
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    rule: GroupingRule,
    *,
    together: NDArray[np.integer] | None = None,
    apart: NDArray[np.integer] | None = None,
    threads: int = 1,
) -> NDArray[np.int64]:
    """Group faces that are good enough to be judged.

    Args:
        vectors: (N, D) from `rule.compared`, N from 0.
        photo_of: (N,) which photo each face is on, any integers.
        rule: For the weights that made the embeddings.
        together: (N,) equal from 0 on for faces that the user says are one person; -1 for all others.
        apart: (M, 2) pairs of faces that the user says are two people.
        threads: Of the CPU, to be used at once. The result does not depend on them.

    Returns:
        (N,) labels from 0 to K - 1, numbered by the first face of each cluster.

    Raises:
        ValueError: If faces are to be together and apart.
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
    """Leave out the merges that neither have evidence enough nor are part of one that has."""
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


def join_single_faces(
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    labels: NDArray[np.int64],
    rule: GroupingRule,
    *,
    settled: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Give faces that are alone to a cluster that they clearly belong to.

    Evidence that average linkage does not see: that nobody else is as near. A face alone joins the nearest of all
    clusters if that has at least `SINGLE_FACE_CLUSTER` faces, is nearer than what `SINGLE_FACE_PART` of the way from
    `rule.single_distance` to `rule.group_distance` is, is clearly nearer than any other cluster, and has no face
    on the same photo. Where the rule has one distance for all, faces stay alone.

    Args:
        vectors: (N, D) from `rule.compared`.
        photo_of: (N,) which photo each face is on.
        labels: (N,) their clusters, from `group_faces`.
        rule: For the weights that made the embeddings.
        settled: (N,) faces of which the user said who they are or are not: they stay where they are.

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
    """Give faces that are too poor to be judged alone to a cluster that they clearly belong to.

    A face joins the nearest of all clusters if that has at least `SECOND_LOOK_FACES` good faces, is nearer than
    `rule.single_distance`, is clearly nearer than any other cluster, and has no face on the same photo. Poor faces
    are no evidence for others; of several of one photo only the nearest joins a cluster.

    Args:
        vectors: (N, D) from `rule.compared`, the good faces.
        photo_of: (N,) which photo each of them is on.
        labels: (N,) their clusters, from 0 to K - 1.
        poor: (P, D) likewise.
        photo_of_poor: (P,) which photo each of them is on.
        rule: For the weights that made the embeddings.

    Returns:
        (P,) a label of `labels`, or -1.
    """
    if len(labels) == 0 or len(poor) == 0:
        return np.full(len(poor), -1, dtype=np.int64)
    margin = SECOND_LOOK_MARGIN * rule.single_distance
    clear = _Clear(vectors, labels, np.bincount(labels), SECOND_LOOK_FACES, rule.single_distance, margin)
    return clear.joined(poor, photo_of_poor, photo_of)


class _Clear:
    """Clusters that faces may join, each if it is near and nobody else is."""

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
        """(F,) the cluster that each face joins, or -1; `own`, the cluster that it is alone in, does not count."""
        home = np.full(len(faces), -1, dtype=np.int64)
        distance = np.full(len(faces), np.inf)
        for start in range(0, len(faces) if len(self._large) else 0, _BLOCK_ROWS):
            away = 1.0 - faces[start : start + _BLOCK_ROWS].astype(np.float64) @ self._means[self._large].T
            # Few are near anybody, so only these are compared with everybody.
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
