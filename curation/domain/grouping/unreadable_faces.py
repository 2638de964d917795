"""Faces that cannot be read: where their embeddings lie, and how to find that place for weights that nobody measured.

An embedder answers every picture with a vector. Where the face is not where it should be - the head lies on its side,
the box covers a piece of a face or two heads, most of the face is hidden - the vector says nothing of who it is, and
all such pictures lie near one another, whoever they show. Grouped like other faces they become one person.
`UnreadableRule` knows these places as a few directions of the embedding space; a face that points there is nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_SAMPLE", "UnreadableRule", "learned_rule"]

LEAST_SAMPLE = 8
"""Faces, of as many photos, below which `learned_rule` learns nothing."""

_SPREADS = 4.0
"""How far, in standard deviations of the event's own faces, the limit is from their middle at least."""
_MIDDLE = 0.5
"""Where between the event's own faces (0) and the spoilt ones (1) the limit is at least."""
_SIGMA_OF_MAD = 1.4826  # of a normal distribution: standard deviation by median absolute deviation
_BLOCK_ROWS = 1024


@dataclass(frozen=True, slots=True)
class UnreadableRule:
    """Which faces cannot be read; it belongs to the weights of the embedder.

    Attributes:
        directions: Of the embedding space, each (D,) of unit length: the mean embedding of faces spoilt in one way,
            without what it has in common with ordinary faces.
        limit: The product with any of them from which on a face cannot be read, in (0, 1).
    """

    directions: tuple[tuple[float, ...], ...]
    limit: float

    def likeness(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """How much faces look like spoilt ones.

        Args:
            embeddings: (N, D) of unit length.

        Returns:
            (N,) the largest of the products with the directions, in [-1, 1].
        """
        directions = np.asarray(self.directions, dtype=np.float32)
        out = np.empty(len(embeddings), dtype=np.float32)
        for start in range(0, len(embeddings), _BLOCK_ROWS):
            block = embeddings[start : start + _BLOCK_ROWS]
            # Not a BLAS routine: numpy's own sum adds in the same order everywhere.
            along = [(block * direction).sum(axis=1, dtype=np.float32) for direction in directions]
            out[start : start + len(block)] = np.max(along, axis=0)
        return out

    def is_unreadable(self, embeddings: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(N,) which of the faces, (N, D) of unit length, cannot be read; none if the rule is of other dimensions."""
        if not self.directions or embeddings.shape[1] != len(self.directions[0]):
            return np.zeros(len(embeddings), dtype=np.bool_)
        return self.likeness(embeddings) >= self.limit


def learned_rule(faces: NDArray[np.float32], spoilt: NDArray[np.float32]) -> UnreadableRule | None:
    """The rule for weights that were not measured, from faces of the event and the same faces spoilt on purpose.

    A direction is the mean of the faces spoilt in one way, less its part along the mean of the faces as they are, so
    that an event of one person does not make a stranger of everybody else. The limit lies half way between the medians
    of the faces and of the spoilt ones, but at least four standard deviations (by the median absolute deviation, since
    some of the event's own faces may be unreadable) from the former. A spoilt face is judged by the mean of the others.

    Args:
        faces: (N, D) of unit length; good faces of different photos.
        spoilt: (N, W, D) of unit length; the same faces, spoilt in W ways.

    Returns:
        The rule, with a direction for each way that tells spoilt faces from others; None if there is no such way, or if
        there are fewer than `LEAST_SAMPLE` faces.
    """
    if len(faces) < LEAST_SAMPLE:
        return None
    whole = faces.astype(np.float64)
    mean = whole.mean(axis=0)
    found = [
        direction
        for way in np.moveaxis(spoilt, 1, 0).astype(np.float64)
        if (direction := _telling(way, whole, mean)) is not None
    ]
    if not found:
        return None
    limit = max(limit for _, limit in found)
    return UnreadableRule(tuple(tuple(direction.tolist()) for direction, _ in found), limit)


def _telling(
    way: NDArray[np.float64], faces: NDArray[np.float64], mean: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float] | None:
    """The direction of one way and its limit; None if it does not tell spoilt faces from others."""
    total = way.sum(axis=0)
    direction = _away(total, mean)
    if direction is None:
        return None
    own = faces @ direction
    others: Iterable[NDArray[np.float64] | None] = (_away(total - one, mean) for one in way)
    spoilt = np.array([-1.0 if away is None else one @ away for one, away in zip(way, others, strict=True)])
    middle, spoilt_middle = float(np.median(own)), float(np.median(spoilt))
    sigma = _SIGMA_OF_MAD * float(np.median(np.abs(own - middle)))
    limit = max(middle + _SPREADS * sigma, middle + _MIDDLE * (spoilt_middle - middle))
    return (direction, limit) if 0.0 < limit < spoilt_middle else None


def _away(vector: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The part of a vector at right angles to `mean`, of unit length; None if nothing is left."""
    length = float(mean @ mean)
    rest = vector - (vector @ mean) / length * mean if length > 0 else vector
    size = float(np.linalg.norm(rest))
    return rest / size if size > 1e-6 * float(np.linalg.norm(vector)) and size > 0 else None
