"""Faces that cannot be read: where their embeddings lie, and how to find that place for weights that nobody measured.

An embedder answers every picture with a vector. Where the face is not where it should be - the head lies on its side,
the box covers a piece of a face or two heads, most of the face is hidden - the vector says nothing of who it is, and
all such pictures lie near one another, whoever they show. Grouped like other faces they become one person.
`UnreadableRule` knows these places as a few directions of the embedding space; a face that points there is nobody.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_SAMPLE", "UnreadableRule", "learned_rule"]

LEAST_SAMPLE = 8
"""Faces, of as many photos, below which `learned_rule` learns nothing."""

_CROWDED = 0.85
"""Length of the mean of the event's own faces from which on nothing is learned: either all are near-copies of one
face, or the weights put everybody close together, where cosines from the origin tell too little."""
_SPREADS = 4.0
"""How far, in standard deviations of the event's own faces, the limit is from their middle at least."""
_STRANGERS_LIMIT = 0.5  # with few dimensions
_SIGMA_OF_MAD = 1.4826  # of a normal distribution: standard deviation by median absolute deviation
_BLOCK_ROWS = 1024


@dataclass(frozen=True, slots=True)
class UnreadableRule:
    """Which faces cannot be read; it belongs to the weights of the embedder.

    Attributes:
        directions: Of the embedding space, each (D,) of unit length: where faces lie that were spoilt in some way.
        limit: The cosine to any of them from which on a face cannot be read, in (0, 1).
        centre: (D,) the mean of ordinary faces, from which the cosines are seen; empty stands for the origin.
    """

    directions: tuple[tuple[float, ...], ...]
    limit: float
    centre: tuple[float, ...] = ()

    def likeness(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """How much faces look like spoilt ones.

        Args:
            embeddings: (N, D) of unit length.

        Returns:
            (N,) the largest of the cosines to the directions, in [-1, 1].
        """
        directions = np.asarray(self.directions, dtype=np.float32)
        out = np.empty(len(embeddings), dtype=np.float32)
        for start in range(0, len(embeddings), _BLOCK_ROWS):
            block = embeddings[start : start + _BLOCK_ROWS]
            # Not a BLAS routine: numpy's own sum adds in the same order everywhere.
            if self.centre:
                block = block - np.asarray(self.centre, dtype=np.float32)
                lengths = np.sqrt((block * block).sum(axis=1, dtype=np.float32))
                block = block / np.maximum(lengths, np.float32(1e-12))[:, None]
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
    of the faces and of the spoilt ones (the median over the ways), but for every way at least four standard deviations
    (by the median absolute deviation) from the faces, and as many of a random direction from the origin. A spoilt face
    is judged by the mean of the others. Some of the event's own faces may be unreadable: a first round, without the
    mean of the faces, finds these, and the second leaves them out.

    Args:
        faces: (N, D) of unit length; good faces of different photos.
        spoilt: (N, W, D) of unit length; the same faces, spoilt in W ways.

    Returns:
        The rule, with a direction for each way that tells spoilt faces from others; None if there is no such way, if
        there are fewer than `LEAST_SAMPLE` faces, or if all of them are nearly the same.
    """
    if len(faces) < LEAST_SAMPLE:
        return None
    whole, ways = faces.astype(np.float64), np.moveaxis(spoilt, 1, 0).astype(np.float64)
    first = _rule(ways, whole, np.zeros(whole.shape[1]))
    readable = whole if first is None else whole[~first.is_unreadable(faces)]
    if len(readable) < LEAST_SAMPLE:
        readable = whole
    mean = readable.mean(axis=0)
    return None if float(np.linalg.norm(mean)) > _CROWDED else _rule(ways, readable, mean)


def _rule(ways: NDArray[np.float64], faces: NDArray[np.float64], mean: NDArray[np.float64]) -> UnreadableRule | None:
    found = [telling for way in ways if (telling := _telling(way, faces, mean)) is not None]
    if not found:
        return None
    # An event of one person does not show how strangers vary: like random directions, or less.
    of_strangers = min(_STRANGERS_LIMIT, _SPREADS / math.sqrt(faces.shape[1]))
    limit = max(of_strangers, *(one.least for one in found), float(np.median([one.half_way for one in found])))
    directions = tuple(tuple(one.direction.tolist()) for one in found if limit < one.spoilt_middle)
    return UnreadableRule(directions, limit) if directions else None


class _Telling(NamedTuple):
    """A direction that tells spoilt faces from others.

    Attributes:
        direction: (D,) of unit length.
        least: The lowest limit that the event's own faces allow.
        half_way: Between the medians of the event's own faces and of the spoilt ones.
        spoilt_middle: The median of the spoilt ones.
    """

    direction: NDArray[np.float64]
    least: float
    half_way: float
    spoilt_middle: float


def _telling(way: NDArray[np.float64], faces: NDArray[np.float64], mean: NDArray[np.float64]) -> _Telling | None:
    """The direction of one way; None if it does not tell spoilt faces from others."""
    total = way.sum(axis=0)
    direction = _away(total, mean)
    if direction is None:
        return None
    own = faces @ direction
    others: Iterable[NDArray[np.float64] | None] = (_away(total - one, mean) for one in way)
    spoilt = np.array([-1.0 if away is None else one @ away for one, away in zip(way, others, strict=True)])
    middle, spoilt_middle = float(np.median(own)), float(np.median(spoilt))
    sigma = _SIGMA_OF_MAD * float(np.median(np.abs(own - middle)))
    least, half_way = middle + _SPREADS * sigma, (middle + spoilt_middle) / 2
    is_apart = 0.0 < max(least, half_way) < spoilt_middle
    return _Telling(direction, least, half_way, spoilt_middle) if is_apart else None


def _away(vector: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The part of a vector at right angles to `mean`, of unit length; None if nothing is left."""
    length = float(mean @ mean)
    rest = vector - (vector @ mean) / length * mean if length > 0 else vector
    size = float(np.linalg.norm(rest))
    return rest / size if size > 1e-6 * float(np.linalg.norm(vector)) and size > 0 else None
