"""Whether a track shows one person all along: where two people cross, boxes go over from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from curation.domain.film.tracking.best_faces import weighted_mean

__all__ = ["READABLE_QUALITY", "SUSPICIOUS_COSINE", "identity_changes", "is_suspicious"]

SUSPICIOUS_COSINE = 0.4
"""Neighbouring faces of a track that have less in common are looked at more closely."""

_OTHER_PERSON_COSINE = 0.2
"""Means of two parts of a track that have less in common are of two people."""

_NEAREST = 2
"""Faces on each side of a cut that are compared by themselves; one alone may be blurred or turned."""

READABLE_QUALITY = 0.12
"""Poorer faces say nothing about who they are: they resemble nobody, or all others of their kind."""


def is_suspicious(embeddings: Sequence[NDArray[np.float32]]) -> bool:
    """Whether faces of one track, in the order of time, differ so much that more of them should be compared."""
    return any(
        float(one.astype(np.float64) @ other.astype(np.float64)) < SUSPICIOUS_COSINE
        for one, other in pairwise(embeddings)
    )


def identity_changes(embeddings: Sequence[NDArray[np.float32]], qualities: Sequence[float]) -> tuple[int, ...]:
    """Where the person of a track changes.

    The track is cut where the means of both sides have least in common, if that is so little that they are two people,
    and each part again. Faces that cannot be read are of the part around them.

    Args:
        embeddings: Of faces of the track in the order of time, (D,) float32 of unit length.
        qualities: Of each face, in [0, 1].

    Returns:
        Rising numbers of the faces at which another person begins.
    """
    readable = [number for number, quality in enumerate(qualities) if quality >= READABLE_QUALITY]
    changes = _changes([embeddings[number] for number in readable], [qualities[number] for number in readable])
    return tuple(readable[change] for change in changes)


def _changes(embeddings: Sequence[NDArray[np.float32]], qualities: Sequence[float]) -> list[int]:
    if len(embeddings) < 2:
        return []
    likenesses = [
        (_cosine(embeddings[first:cut], qualities[first:cut], embeddings[cut:last], qualities[cut:last]), cut)
        for cut in range(1, len(embeddings))
        # Somebody who comes back is on both sides of every cut: so the nearest faces are compared by themselves, too.
        for first, last in ((0, len(embeddings)), (max(0, cut - _NEAREST), cut + _NEAREST))
    ]
    least, cut = min(likenesses)
    if least >= _OTHER_PERSON_COSINE:
        return []
    before = _changes(embeddings[:cut], qualities[:cut])
    after = _changes(embeddings[cut:], qualities[cut:])
    return [*before, cut, *(cut + change for change in after)]


def _cosine(
    first: Sequence[NDArray[np.float32]],
    first_qualities: Sequence[float],
    second: Sequence[NDArray[np.float32]],
    second_qualities: Sequence[float],
) -> float:
    one, other = weighted_mean(first, first_qualities), weighted_mean(second, second_qualities)
    if not len(one) or not len(other):
        return 1.0
    return float(one.astype(np.float64) @ other.astype(np.float64))
