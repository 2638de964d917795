"""How near faces have to be to count as one person; measured for the weights of each embedder.

A distance between two single faces says less than the same average distance between two clusters of many faces,
since averages vary less, and an event has far more pairs of single strangers than of clusters. So two single faces
have to be nearer than `single_distance`, large clusters nearer than `group_distance`, and what lies between follows
the standard error of an average over a and b faces, sqrt((1/a + 1/b) / 2).

What faces of one kind have in common, for instance those of babies, says nothing about who they are. `common` is a
direction of the embedding space along which strangers are similar; its part is removed before faces are compared.
docs/accuracy.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.shared_photos import Strangers

__all__ = ["GroupingRule"]

SINGLE_SPREADS = 4.0
"""How many spreads of strangers the limit of single faces is below their median distance."""
GROUP_SPREADS = 2.0
"""The same for large clusters."""
NEAR_SPREADS = 0.6
"""How many spreads of strangers the limit of large clusters is below their median distance, at least."""

_BLOCK_ROWS = 1024
_SINGLE_PART, _GROUP_PART = 0.53, 0.7  # of the distance of strangers
_NEAREST_PART = 0.6  # of the measured limit of large clusters
_LOWEST, _HIGHEST = 0.05, 1.3  # of the published distance, for weights that were not measured


@dataclass(frozen=True, slots=True)
class GroupingRule:
    """When faces count as one person; it belongs to the weights of the embedder.

    Attributes:
        single_distance: Cosine distance below which two single faces are one person.
        group_distance: The same for the average distance of large clusters; not below `single_distance`.
        same_photo_penalty: Added to the distance of two faces of one photo, which are hardly ever one person.
            They still are in mirrors, collages and photos of photos, if they are nearer than the rest of the threshold.
        common: Direction of what strangers of one kind have in common, of unit length; empty if not known.
        common_part: How much of the product along `common` is removed from the similarity, in [0, 1].
        follows_strangers: Whether the distances are fitted to each event's strangers: for weights not measured.
        published_distance: The distance before it was fitted; 0 if it was not.
    """

    single_distance: float
    group_distance: float
    same_photo_penalty: float = 0.0
    common: tuple[float, ...] = ()
    common_part: float = 0.0
    follows_strangers: bool = False
    published_distance: float = 0.0

    @property
    def near_copy(self) -> float:
        """Cosine distance below which two faces of one photo are one person, in a mirror or collage."""
        return max(self.single_distance - self.same_photo_penalty, 0.0)

    def fitted(self, strangers: Strangers | None) -> GroupingRule:
        """The rule for an event whose strangers are known.

        Measured limits stay, unless the strangers of the event are as near as the limit of large clusters (a class, a
        family): then this one is below them, by `NEAR_SPREADS`, but at least `_NEAREST_PART` of what was measured. One
        distance for all, as the user sets it, stays in any case.

        Those of weights that were not measured follow the strangers altogether.
        The limits are as many spreads below the median distance of the event's strangers as those of measured weights
        are below theirs, but no lower than a part of that distance (weights whose strangers vary a lot separate people
        by less than their spread suggests), and within `_LOWEST` and `_HIGHEST` of the given distance.
        """
        if strangers is None:
            return self
        if not self.follows_strangers:
            if self.group_distance <= self.single_distance:
                return self
            below = strangers.distance - NEAR_SPREADS * strangers.spread
            group = min(self.group_distance, max(below, _NEAREST_PART * self.group_distance))
            return replace(self, group_distance=group, single_distance=min(self.single_distance, group))
        given = self.published_distance or self.single_distance
        usual, spread = strangers.distance, strangers.spread
        single = max(usual - SINGLE_SPREADS * spread, _SINGLE_PART * usual)
        group = max(usual - GROUP_SPREADS * spread, _GROUP_PART * usual)
        low, high = _LOWEST * given, _HIGHEST * given
        single = min(max(single, low), high)
        group = min(max(group, single), max(high, single))
        penalty = self.same_photo_penalty / self.single_distance * single
        return replace(
            self,
            single_distance=single,
            group_distance=group,
            same_photo_penalty=penalty,
            published_distance=given,
        )

    def largest_distance(self, size: NDArray[np.int64], other_size: NDArray[np.int64]) -> NDArray[np.float64]:
        """(M,) average distances below which clusters of these sizes are one person."""
        spread = np.sqrt((1.0 / size + 1.0 / other_size) / 2.0)
        return np.asarray(self.group_distance - (self.group_distance - self.single_distance) * spread)

    def compared(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors, (N, D) of unit length or shorter, whose inner products are the similarities that count.

        With c the direction and p the part removed, x · y - p (x · c)(y · c) is the product of the vectors
        x - (1 - sqrt(1 - p)) (x · c) c.
        """
        if not self.common or self.common_part == 0.0:
            return embeddings
        direction = np.asarray(self.common, dtype=np.float32)
        less = np.float32(1.0 - np.sqrt(1.0 - self.common_part))
        out = np.empty_like(embeddings)
        for start in range(0, len(embeddings), _BLOCK_ROWS):
            block = embeddings[start : start + _BLOCK_ROWS]
            # Not a BLAS routine: numpy's own sum adds in the same order everywhere.
            along = (block * direction).sum(axis=1, dtype=np.float32)
            out[start : start + len(block)] = block - (less * along)[:, None] * direction
        return out
