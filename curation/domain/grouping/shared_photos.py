"""What photos with several faces tell: the faces of one photo are different people.

That is the only thing an event says for certain about who is who, before anybody was named. It has exceptions, all of
which show a person twice: mirrors, collages, posters, photos of photos. There one face usually has a near-copy on the
same photo, so photos with such a pair say nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SharedPhotos", "Strangers", "shared_photos"]

_BLOCK_ROWS = 512  # faces of one photo compared at once
_FACES_PER_PHOTO = 20  # whose distances count, so that one photo of a crowd is not the whole event
_MOST_PHOTOS = 2000
_LEAST_PAIRS = 30
_LEAST_PHOTOS = 5
_QUARTILES = 1.349  # between the quartiles of a normal distribution, in standard deviations


@dataclass(frozen=True, slots=True)
class Strangers:
    """How far faces of one photo, and so of different people, are from each other.

    Attributes:
        distance: Median cosine distance.
        spread: Their standard deviation, from the quartiles: a few wrong pairs do not change it.
        pairs: Number of pairs of faces.
        photos: Number of photos that they are on.
    """

    distance: float
    spread: float
    pairs: int
    photos: int


@dataclass(frozen=True, slots=True, eq=False)
class SharedPhotos:
    """What the photos of an event tell about faces that are different people.

    Attributes:
        is_telling: (N,) for each face whether its photo holds no near-copies of one face.
        strangers: Distances of different people; None if too few photos show several.
        repeating: Number of photos that hold near-copies of one face.
    """

    is_telling: NDArray[np.bool_]
    strangers: Strangers | None
    repeating: int


def shared_photos(vectors: NDArray[np.float32], photo_of: NDArray[np.integer], near_copy: float) -> SharedPhotos:
    """Compare the faces of each photo with each other.

    Args:
        vectors: (N, D) from `GroupingRule.compared`.
        photo_of: (N,) photo of each face, as any integers.
        near_copy: Cosine distance below which two faces of one photo are one person, for instance in a mirror.
    """
    is_telling = np.ones(len(vectors), dtype=bool)
    if len(vectors) == 0:
        return SharedPhotos(is_telling, None, 0)
    order = np.argsort(photo_of, kind="stable")
    photos = [rows for rows in np.split(order, np.flatnonzero(np.diff(photo_of[order])) + 1) if len(rows) > 1]
    sampled = set(np.unique(np.linspace(0, len(photos) - 1, min(len(photos), _MOST_PHOTOS)).astype(np.intp)).tolist())
    repeating = 0
    distances = []
    for number, rows in enumerate(photos):
        if _nearest(vectors[rows]) < near_copy:
            is_telling[rows] = False
            repeating += 1
        elif number in sampled:
            few = vectors[rows[:_FACES_PER_PHOTO]].astype(np.float64)
            distances.append((1.0 - few @ few.T)[np.triu_indices(len(few), k=1)])
    return SharedPhotos(is_telling, _strangers(distances), repeating)


def _nearest(faces: NDArray[np.float32]) -> float:
    """The smallest distance between two of these faces."""
    best = -np.inf
    for start in range(0, len(faces), _BLOCK_ROWS):
        similarity = faces[start : start + _BLOCK_ROWS] @ faces[start:].T
        similarity[np.tril_indices(len(similarity), m=similarity.shape[1])] = -np.inf
        best = max(best, float(similarity.max()))
    return 1.0 - best


def _strangers(distances: list[NDArray[np.float64]]) -> Strangers | None:
    if len(distances) < _LEAST_PHOTOS or sum(map(len, distances)) < _LEAST_PAIRS:
        return None
    every = np.concatenate(distances)
    low, middle, high = np.quantile(every, (0.25, 0.5, 0.75)).tolist()
    return Strangers(middle, (high - low) / _QUARTILES, len(every), len(distances))
