"""Known people and the answers of recognition, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClusterFaces", "KnownFaces", "Recognition"]


@dataclass(frozen=True, slots=True, eq=False)
class KnownFaces:
    """The exemplars of all known people, of one embedder.

    Attributes:
        person_ids: (P,) ids of the gallery, sorted.
        names: (P,) as they were given.
        starts: (P + 1,) int64: the exemplars of person p are `vectors[starts[p]:starts[p + 1]]`.
        vectors: (N, D) float32 of unit length.
        embedder: SHA-256 of the embedder's weights; faces of another one are never compared.
    """

    person_ids: tuple[str, ...]
    names: tuple[str, ...]
    starts: NDArray[np.int64]
    vectors: NDArray[np.float32]
    embedder: str


@dataclass(frozen=True, slots=True, eq=False)
class ClusterFaces:
    """The faces of a cluster that are good enough to recognise somebody.

    Attributes:
        cluster_id: Of the event, or of a film.
        vectors: (F, D) float32 of unit length.
        photos: (F,) the photo of each face; two clusters on one photo are two people.
    """

    cluster_id: int
    vectors: NDArray[np.float32]
    photos: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """Who a cluster is.

    Attributes:
        cluster_id: Of the cluster.
        answer: `name` (it is this person), `ask` (it may be), `unknown`.
        person_id: Of the gallery; empty if unknown.
        name: As it was given; empty if unknown.
        certainty: That it is this person, in [0, 1], calibrated; 0 if unknown.
        distance: Mean over the cluster's faces of the mean distance to the three nearest exemplars.
        limit: Up to which distance the answer would have been `name`.
        runner_up: Distance of the second best person; infinity without one.
        exemplars: How many exemplars the person has.
    """

    cluster_id: int
    answer: Literal["name", "ask", "unknown"]
    person_id: str = ""
    name: str = ""
    certainty: float = 0.0
    distance: float = float("inf")
    limit: float = 0.0
    runner_up: float = float("inf")
    exemplars: int = 0
