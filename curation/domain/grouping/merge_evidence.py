"""Which merges of a linkage have enough evidence: distance, size, how tight both sides are, and photos that show both.

The linkage knows average distances only. Two children of one class can be nearer than two photos of one person, and
then three more things tell, each of which the history of merges is enough for:

- *Photos that show both.* If A and B are one person, hardly any photo shows both (a poster in the background, a
  face that was put into the wrong cluster). If they are two people, any share of the photos may. So for k common photos
  of the m photos of the smaller side, the evidence is the ratio of two beta-binomial likelihoods, whose logarithm
  grows with the number and with the share of common photos. It lowers the distance at which A and B are one person.
- *Tightness.* Two clusters of several faces each are one person only if they are not much farther from each other than
  each is within itself.
- *Size*, as in `GroupingRule.largest_distance`.

docs/clustering.md describes the model, docs/accuracy.md how its constants were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.linkage.merge_history import MergeHistory

__all__ = ["DecidedMerges", "decided_merges", "together_evidence"]

# Prior of the share of photos that show both sides, as a beta distribution: of one person, of two people.
_ONE_PERSON = (1.0, 30.0)
_TWO_PEOPLE = (0.5, 1.5)
# Of the penalty for faces of one photo: how much each nat of evidence lowers the largest distance. One photo of one,
# that is k = m = 1, has 2.0 nats.
_PENALTY_PER_NAT = 0.36
# Photos of the smaller side that show both: below it, the penalty within the linkage says all there is.
_LEAST_COMMON = 2
# Evidence from which a merge that was refused is also refused as a part of a larger one ...
_CLEAR_NATS = 2.0
# ... unless its smaller side is at most this share of the larger cluster: a few wrong faces do not split a person.
_FEW_FACES = 0.1
# Clusters of at least so many faces have a distance within themselves that can be relied on.
_TIGHT_FACES = 5
# How much farther two such clusters may be from each other than the less tight one is within itself, in
# differences of the two distances of the rule.
_TIGHT_MARGIN = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class DecidedMerges:
    """The merges that stand, and what decided about the others.

    Attributes:
        history: The merges that stand.
        stood_together: Number of merges refused because photos show both sides.
        too_tight: Number of merges refused because both sides are much tighter than their distance.
    """

    history: MergeHistory
    stood_together: int
    too_tight: int


def together_evidence(common: NDArray[np.int64], photos: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much photos that show both of two clusters speak for two people, from 0.

    The logarithm of the ratio of two beta-binomial likelihoods: that of two people, who stand together in any share of
    their photos, and that of one person. The binomial coefficient is the same in both.

    Args:
        common: (M,) number of photos that show both clusters.
        photos: (M,) number of photos of the cluster with fewer, from 1.

    Returns:
        (M,) in nats.
    """

    def likelihood(prior: tuple[float, float]) -> NDArray[np.float64]:
        return np.asarray(betaln(common + prior[0], photos - common + prior[1]) - betaln(*prior))

    return np.asarray(np.maximum(likelihood(_TWO_PEOPLE) - likelihood(_ONE_PERSON), 0.0))


def decided_merges(
    history: MergeHistory,
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    is_telling: NDArray[np.bool_],
    rule: GroupingRule,
) -> DecidedMerges:
    """Drop the merges that neither have enough evidence nor are part of a merge that has.

    Args:
        history: From the linkage, at a threshold not below both distances of the rule.
        vectors: (N, D) that the linkage merged.
        photo_of: (N,) photo of each face.
        is_telling: (N,) from `shared_photos`.
        rule: Grouping rule of the weights.
    """
    sides = _Sides(history, vectors, photo_of, is_telling, rule.same_photo_penalty)
    a, b = sides.faces
    smaller = np.minimum(a, b)
    spread = np.sqrt((1.0 / a + 1.0 / b) / 2.0)
    wide = rule.group_distance - rule.single_distance
    tight = np.maximum(rule.single_distance, sides.inside.max(axis=0) + _TIGHT_MARGIN * wide)
    group = np.where(smaller >= _TIGHT_FACES, np.minimum(rule.group_distance, tight), rule.group_distance)
    by_distance = rule.largest_distance(a, b)
    by_tightness = group - (group - rule.single_distance) * spread
    evidence = np.where(
        sides.common >= _LEAST_COMMON, together_evidence(sides.common, np.maximum(sides.photos.min(axis=0), 1)), 0.0
    )
    nearest = max(rule.single_distance - rule.same_photo_penalty, 0.0)
    limit = np.maximum(by_tightness - _PENALTY_PER_NAT * rule.same_photo_penalty * evidence, nearest)
    limit = np.minimum(limit, by_tightness)
    is_kept = history.distance < limit
    is_refused = ~is_kept & (evidence > _CLEAR_NATS)
    is_tight = (history.distance < by_distance) & (history.distance >= by_tightness)
    is_together = (history.distance < by_tightness) & ~is_kept
    is_kept = _with_parts(is_kept, is_refused, smaller, a + b, sides.made_by)
    return DecidedMerges(
        MergeHistory(history.same, history.low[is_kept], history.high[is_kept], history.distance[is_kept]),
        int((is_together & ~is_kept).sum()),
        int((is_tight & ~is_kept).sum()),
    )


def _with_parts(
    is_kept: NDArray[np.bool_],
    is_refused: NDArray[np.bool_],
    smaller: NDArray[np.int64],
    faces: NDArray[np.int64],
    made_by: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """The merges that stand: those that are kept and hold no clear mistake, and everything that they are made of."""
    mistake = np.where(is_refused, smaller, 0)
    kept = is_kept.tolist()
    for merge, parts in enumerate(made_by.T.tolist()):
        for part in parts:
            if part >= 0:
                mistake[merge] = max(mistake[merge], mistake[part])
        kept[merge] = kept[merge] and bool(mistake[merge] <= _FEW_FACES * faces[merge])
    for merge in range(len(kept) - 1, -1, -1):
        if kept[merge]:
            for part in made_by[:, merge].tolist():
                if part >= 0:
                    kept[part] = True
    return np.array(kept, dtype=bool)


class _Sides:
    """The two clusters of each merge; the first row is the one with the first face.

    Attributes:
        faces: (2, M) number of faces.
        photos: (2, M) number of photos that tell something.
        common: (M,) number of these that show both.
        inside: (2, M) mean distance of the cluster's faces from each other; 1 for a single face.
        made_by: (2, M) the merge that made it, -1 for a single face or faces that started as one cluster.
    """

    def __init__(
        self,
        history: MergeHistory,
        vectors: NDArray[np.float32],
        photo_of: NDArray[np.integer],
        is_telling: NDArray[np.bool_],
        penalty: float,
    ) -> None:
        merges = len(history.low)
        self.faces = np.ones((2, merges), dtype=np.int64)
        self.photos = np.zeros((2, merges), dtype=np.int64)
        self.common = np.zeros(merges, dtype=np.int64)
        self.inside = np.ones((2, merges))
        self.made_by = np.full((2, merges), -1)
        size, square, sums = _starting_clusters(history.same, vectors)
        # Faces on each photo of a cluster; for clusters that take part in a merge only.
        counts: dict[int, dict[int, int]] = {}
        merged = np.zeros(len(history.same), dtype=bool)
        merged[history.low] = merged[history.high] = True
        for face in np.flatnonzero(merged[history.same]).tolist():
            of_cluster = counts.setdefault(int(history.same[face]), {})
            photo = int(photo_of[face])
            of_cluster[photo] = of_cluster.get(photo, 0) + 1
        telling = dict(zip(photo_of.tolist(), is_telling.tolist(), strict=True))
        silent = {root: sum(not telling[photo] for photo in photos) for root, photos in counts.items()}
        last: dict[int, int] = {}
        steps = zip(history.low.tolist(), history.high.tolist(), history.distance.tolist(), strict=True)
        for merge, (low, high, distance) in enumerate(steps):
            for side, root in enumerate((low, high)):
                faces = size[root]
                self.faces[side, merge] = faces
                self.photos[side, merge] = len(counts[root]) - silent[root]
                if faces > 1:
                    self.inside[side, merge] = 1.0 - (sums[root] - square[root]) / (faces * (faces - 1))
                self.made_by[side, merge] = last.get(root, -1)
            few, many = counts.pop(high), counts[low]
            if len(few) > len(many):
                few, many = many, few
            pairs, quiet = 0, silent.pop(high) + silent[low]
            for photo, count in few.items():
                other = many.get(photo, 0)
                if other:
                    pairs += count * other
                    if telling[photo]:
                        self.common[merge] += 1
                    else:
                        quiet -= 1
                many[photo] = other + count
            counts[low], silent[low] = many, quiet
            # With S the sum of a cluster's vectors: the average distance of two is 1 - S_A · S_B / (|A| |B|).
            product = size[low] * size[high] * (1.0 - distance) + penalty * pairs
            sums[low] += sums[high] + 2.0 * product
            square[low] += square[high]
            size[low] += size[high]
            last[low] = merge


def _starting_clusters(
    same: NDArray[np.intp], vectors: NDArray[np.float32]
) -> tuple[list[int], list[float], list[float]]:
    """By first face: number of faces, sum of their squared lengths, squared length of their sum."""
    squared = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    size = np.bincount(same, minlength=len(same))
    square = np.bincount(same, weights=squared, minlength=len(same))
    sums = square.copy()
    copies = np.flatnonzero(size[same] > 1)
    if len(copies) > 0:
        roots, owner = np.unique(same[copies], return_inverse=True)
        totals = np.zeros((len(roots), vectors.shape[1]))
        np.add.at(totals, owner, vectors[copies].astype(np.float64))
        sums[roots] = np.einsum("ij,ij->i", totals, totals)
    return size.tolist(), square.tolist(), sums.tolist()
