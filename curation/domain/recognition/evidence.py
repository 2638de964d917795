"""How near a cluster of faces is to the people who are known.

The distance of a cluster to a person is the mean, over the cluster's faces, of the mean cosine distance to the three
nearest exemplars of that person. The nearest exemplar alone would be wrong more often: each exemplar of each person is
another chance for a stranger. People whose mean exemplar is far away are left out first (*prototype first*): a mean of
a person's exemplars is compared in place of all of them, and only the nearest people are compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.recognition.known import ClusterFaces, KnownFaces

__all__ = ["CANDIDATES", "NEAREST", "KnownIndex", "Nearest"]

NEAREST = 3
"""Exemplars of a person that count for a face."""
CANDIDATES = 128
"""People who are compared exactly, for each cluster."""

_CLUSTERS_AT_ONCE = 256
_PEOPLE_AT_ONCE = 65_536
_DECIMALS = 6  # of distances: the last bits depend on the machine


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The people nearest to a cluster, the nearest first.

    Attributes:
        people: (C,) int64: places in `KnownFaces.person_ids`.
        distances: (C,) float64.
    """

    people: NDArray[np.int64]
    distances: NDArray[np.float64]


class KnownIndex:
    """Known people, ready to be compared with; worth keeping while they do not change."""

    def __init__(self, known: KnownFaces, compared: GroupingRule) -> None:
        """Compute the mean exemplar of each person.

        Args:
            known: Of one embedder.
            compared: In whose space the vectors of this embedder are compared.
        """
        self.known = known
        self._compared = compared
        self._counts = np.diff(known.starts)
        self._filled = np.flatnonzero(self._counts)
        means = np.zeros((len(self._filled), known.vectors.shape[1]), dtype=np.float32)
        if len(self._filled):
            for start in range(0, len(means), _CLUSTERS_AT_ONCE):
                people = self._filled[start : start + _CLUSTERS_AT_ONCE]
                first, last = known.starts[people[0]], known.starts[people[-1] + 1]
                sums = np.add.reduceat(known.vectors[first:last], known.starts[people] - first, axis=0)
                means[start : start + len(people)] = sums / self._counts[people][:, None]
        self._means = means

    @property
    def people(self) -> int:
        """How many people have a face."""
        return len(self._filled)

    def exemplars(self, person: int) -> int:
        """How many exemplars the person at a place has."""
        return int(self._counts[person])

    def nearest(self, clusters: Sequence[ClusterFaces], candidates: int = CANDIDATES) -> Iterator[Nearest]:
        """The people nearest to each cluster.

        Args:
            clusters: Those without a face, or with vectors of another length, are near to nobody.
            candidates: How many people are compared exactly.
        """
        nobody = Nearest(np.empty(0, dtype=np.int64), np.empty(0))
        for start in range(0, len(clusters), _CLUSTERS_AT_ONCE):
            some = clusters[start : start + _CLUSTERS_AT_ONCE]
            asked = [
                place
                for place, cluster in enumerate(some)
                if len(cluster.vectors) and cluster.vectors.shape[1] == self._means.shape[1] and self.people
            ]
            chosen = self._candidates([some[place] for place in asked], candidates) if asked else []
            people = dict(zip(asked, chosen, strict=True))
            for place, cluster in enumerate(some):
                yield self._exact(cluster, people[place]) if place in people else nobody

    def _mapped(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The map into the space of comparison is linear and symmetric: one side mapped twice is both mapped once."""
        return self._compared.compared(self._compared.compared(vectors))

    def _candidates(self, clusters: Sequence[ClusterFaces], most: int) -> list[NDArray[np.int64]]:
        """The people whose mean exemplars are nearest to each cluster's mean face, sorted by place."""
        if self.people <= most:
            return [self._filled] * len(clusters)
        means = np.stack([cluster.vectors.mean(axis=0) for cluster in clusters]).astype(np.float32)
        means = self._mapped(means)
        best = np.empty((len(clusters), 0), dtype=np.float32)
        places = np.empty((len(clusters), 0), dtype=np.int64)
        for start in range(0, len(self._means), _PEOPLE_AT_ONCE):
            likeness = means @ self._means[start : start + _PEOPLE_AT_ONCE].T
            if likeness.shape[1] > most:
                some = np.argpartition(likeness, -most, axis=1)[:, -most:]
            else:
                some = np.broadcast_to(np.arange(likeness.shape[1]), likeness.shape)
            best = np.concatenate([best, np.take_along_axis(likeness, some, axis=1)], axis=1)
            places = np.concatenate([places, some + start], axis=1)
        last = np.argpartition(best, -most, axis=1)[:, -most:]
        return [self._filled[np.sort(row)] for row in np.take_along_axis(places, last, axis=1)]

    def _exact(self, cluster: ClusterFaces, people: NDArray[np.int64]) -> Nearest:
        counts = self._counts[people]
        rows = np.concatenate([np.arange(self.known.starts[p], self.known.starts[p + 1]) for p in people])
        exemplars = self.known.vectors[rows].astype(np.float64)
        faces = self._mapped(np.asarray(cluster.vectors, dtype=np.float32)).astype(np.float64)
        likeness = faces @ exemplars.T
        ends = np.cumsum(counts)
        distances = np.empty(len(people))
        for count in np.unique(counts):
            of = np.flatnonzero(counts == count)
            columns = (ends[of] - count)[:, None] + np.arange(count)
            by_person = likeness[:, columns]  # (F, people of this count, count)
            if count > NEAREST:
                by_person = np.partition(by_person, count - NEAREST, axis=2)[:, :, count - NEAREST :]
            distances[of] = 1.0 - by_person.mean(axis=2).mean(axis=0)
        distances = np.round(distances, _DECIMALS)
        order = np.argsort(distances, kind="stable")
        return Nearest(people[order], distances[order])
