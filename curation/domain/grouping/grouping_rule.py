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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GroupingRule"]

_BLOCK_ROWS = 1024


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
    """

    single_distance: float
    group_distance: float
    same_photo_penalty: float = 0.0
    common: tuple[float, ...] = ()
    common_part: float = 0.0

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
