"""Which people of an event the person of a single picture is: the answer to a guest who looks for their own photos.

A wrong answer shows somebody the photos of another person, so it is cautious: a face must be as near as one face has to
be to be named, nearer where a person has only one or two faces, and two people who look alike are told apart by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from curation.domain.recognition.evidence import KnownIndex
from curation.domain.recognition.known import ClusterFaces, KnownFaces
from curation.domain.recognition.policy import FEWEST_EXEMPLARS, RecognitionRule

__all__ = ["GuestAnswer", "GuestIndex", "GuestMatch"]

FEW_LESS = 0.05
"""By how much the limit is lower for people with fewer faces than `FEWEST_EXEMPLARS`; chosen on half of lfw."""


class GuestAnswer(StrEnum):
    """Whether somebody was found."""

    FOUND = "found"
    NOBODY = "nobody"
    ALIKE = "alike"


@dataclass(frozen=True, slots=True)
class GuestMatch:
    """Who the person of a picture is.

    Attributes:
        answer: `found`; `nobody` is near enough; or people who look `alike` are, such as twins.
        cluster_ids: The clusters of the person, the nearest first; empty unless found.
    """

    answer: GuestAnswer
    cluster_ids: tuple[int, ...] = ()


class GuestIndex:
    """The people of an event, ready to be compared with."""

    def __init__(self, clusters: Sequence[ClusterFaces], rule: RecognitionRule) -> None:
        """Compute what is compared.

        Args:
            clusters: With their good faces; of the embedder of `rule`.
            rule: When a face is a known person.
        """
        self._clusters = clusters
        self._rule = rule
        starts = np.cumsum([0, *(len(cluster.vectors) for cluster in clusters)], dtype=np.int64)
        dimensions = clusters[0].vectors.shape[1] if clusters else 1
        vectors = np.concatenate(
            [np.empty((0, dimensions), dtype=np.float32), *(cluster.vectors for cluster in clusters)]
        )
        ids = tuple(str(cluster.cluster_id) for cluster in clusters)
        self._index = KnownIndex(KnownFaces(ids, ids, starts, vectors, ""), rule.compared)

    def match(self, face: NDArray[np.float32]) -> GuestMatch:
        """Who a face is.

        Args:
            face: (D,) of unit length.
        """
        (near,) = self._index.nearest([ClusterFaces(-1, face[None])])
        sure = [
            (int(place), float(distance))
            for place, distance in zip(near.people, near.distances, strict=True)
            if distance <= self._limit(int(place))
        ]
        if not sure:
            return GuestMatch(GuestAnswer.NOBODY)
        best, distance = sure[0]
        together = set(self._clusters[best].photos)
        for place, other in zip(near.people, near.distances, strict=True):
            # On one photo they are two people, so the picture may be of either.
            if place != best and other - distance < self._rule.margin and together & set(self._clusters[place].photos):
                return GuestMatch(GuestAnswer.ALIKE)
        found: list[int] = []
        for place, _ in sure:
            if all(not set(self._clusters[place].photos) & set(self._clusters[each].photos) for each in found):
                found.append(place)
        return GuestMatch(GuestAnswer.FOUND, tuple(self._clusters[place].cluster_id for place in found))

    def _limit(self, place: int) -> float:
        limit = self._rule.limit(self._index.people, 1)
        return limit if self._index.exemplars(place) >= FEWEST_EXEMPLARS else limit - FEW_LESS
