"""Choosing the faces of a track that are embedded, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_spread", "weighted_mean", "worst_kept"]

_MIN_WEIGHT = 1e-3
"""A face of quality 0 still counts for something, so that a track of poor faces only has a mean."""

_NEARNESS = 0.5
"""What a face loses that is seen at the time of one already chosen; nothing from a third of the track away."""


def best_spread(times: Sequence[Fraction], qualities: Sequence[float], count: int) -> list[int]:
    """The best faces that are not all of one moment: three pictures of one second show the same pose and light.

    Args:
        times: Of the faces, rising.
        qualities: Of each, in [0, 1].
        count: How many are chosen.

    Returns:
        Numbers of the faces, in the order of their choice: the best one first.
    """
    if not times:
        return []
    length = float(times[-1] - times[0])
    reach = max(length / 3, 1e-9)
    chosen: list[int] = []
    left = list(range(len(times)))
    while left and len(chosen) < count:

        def worth(number: int) -> float:
            gaps = [abs(float(times[number] - times[other])) for other in chosen]
            near = max((1.0 - min(gap / reach, 1.0) for gap in gaps), default=0.0)
            return qualities[number] * (1.0 - _NEARNESS * near)

        best = max(left, key=lambda number: (worth(number), -number))
        chosen.append(best)
        left.remove(best)
    return chosen


def worst_kept(times: Sequence[Fraction], qualities: Sequence[float]) -> int:
    """Which of at least three faces of a track is missed least: neither the first, the last nor the best.

    Of the two faces that are nearest in time, the worse one.
    """
    best = max(range(len(times)), key=lambda number: (qualities[number], -number))
    inner = [number for number in range(1, len(times) - 1) if number != best]
    if not inner:
        return 1

    def hole(number: int) -> tuple[Fraction, float, int]:
        return (times[number + 1] - times[number - 1], qualities[number], number)

    narrow = min(hole(number)[0] for number in inner)
    # Holes of almost one size are equal: then the worst face goes.
    nearly = [number for number in inner if hole(number)[0] <= narrow * Fraction(3, 2)]
    return min(nearly, key=lambda number: (qualities[number], number))


def weighted_mean(embeddings: Sequence[NDArray[np.float32]], qualities: Sequence[float]) -> NDArray[np.float32]:
    """The direction of some faces of one person, better faces counting for more.

    Args:
        embeddings: (D,) float32 of unit length each; none for an empty result.
        qualities: Of each face, in [0, 1].

    Returns:
        (D,) float32 of unit length; of length 0 if there is no face, or if the faces cancel each other.
    """
    if not embeddings:
        return np.zeros(0, dtype=np.float32)
    total = np.zeros(len(embeddings[0]), dtype=np.float64)
    for embedding, quality in zip(embeddings, qualities, strict=True):
        total += max(quality, _MIN_WEIGHT) * embedding.astype(np.float64)
    length = float(np.sqrt((total * total).sum()))
    if length <= 0:
        return np.zeros(0, dtype=np.float32)
    return np.asarray(total / length, dtype=np.float32)
