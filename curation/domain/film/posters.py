"""Which character of a film a face of a poster shows.

A face is compared with the mean of each character, not only with single faces: of strangers' faces, 0 of 339 come as
near to the mean of anybody as the faces that are rightly accepted, but 2.7 % come as near to some single face.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from curation.domain.film.people import TrailerResult

__all__ = ["Gallery", "MatchRule", "PosterMatch", "PosterMatching", "gallery_of", "match_faces"]

_DIGITS = 6
"""Of distances; what is finer depends on the order in which a processor adds."""


class PosterMatching(StrEnum):
    """What a face of a poster is compared with."""

    PERSON = "person"
    NEAREST_FACE = "nearest_face"


@dataclass(frozen=True, slots=True)
class MatchRule:
    """When a face is a character.

    Attributes:
        distance: Largest Euclidean distance of unit vectors, in [0, 2].
        margin: By how much nearer the character has to be than the next one; less than that is "cannot tell".
    """

    distance: float
    margin: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The characters that faces are compared with.

    Attributes:
        cluster_ids: Of the N characters, rising.
        means: (N, D) float32 of unit length.
        faces: (M, D) float32 of unit length, all single faces of these characters.
        owners: (M,) the row of `means` that each face belongs to.
    """

    cluster_ids: tuple[int, ...]
    means: NDArray[np.float32]
    faces: NDArray[np.float32]
    owners: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PosterMatch:
    """The character of a face, and how near it is; the distances are there also where nobody is accepted.

    Attributes:
        cluster_id: Of the character; None for nobody, or "cannot tell".
        distance: Euclidean distance of unit vectors to the mean of the nearest character; with `nearest_face`, of the
            character whose face is nearest. None without characters.
        next_distance: To the mean of the nearest other character; None without one.
        nearest_face_distance: To the nearest single face of anybody; None without faces.
    """

    cluster_id: int | None
    distance: float | None
    next_distance: float | None
    nearest_face_distance: float | None


def gallery_of(trailer: TrailerResult, selected: Collection[int] | None = None) -> Gallery:
    """The characters of a film to compare with.

    Args:
        trailer: The film.
        selected: Cluster ids of the characters that count; None for all. Ids that the film does not have are nobody.
    """
    people = sorted(
        (person for person in trailer.people if selected is None or person.cluster_id in selected),
        key=lambda person: person.cluster_id,
    )
    faces: list[NDArray[np.float32]] = []
    owners: list[int] = []
    for row, person in enumerate(people):
        for track in person.tracks:
            for face in trailer.film.tracks[track].faces:
                faces.append(face.face.detected.embedding)
                owners.append(row)
    dimensions = people[0].mean.shape[0] if people else 0
    return Gallery(
        tuple(person.cluster_id for person in people),
        _stacked([person.mean for person in people], dimensions),
        _stacked(faces, dimensions),
        np.asarray(owners, dtype=np.intp),
    )


def match_faces(
    embeddings: Sequence[NDArray[np.float32]],
    gallery: Gallery,
    rule: MatchRule,
    matching: PosterMatching = PosterMatching.PERSON,
) -> list[PosterMatch]:
    """The character of each face of a poster; several faces may be the same one, as on a collage.

    Args:
        embeddings: Of the faces, (D,) of unit length each.
        gallery: The characters.
        rule: When a face is a character. With `nearest_face` its distance is that to the single face, and its margin
            the lead over the nearest face of another character.
        matching: `person` compares with the means, `nearest_face` with all single faces.

    Returns:
        One match for each face, in the same order.
    """
    return [_match(embedding, gallery, rule, matching) for embedding in embeddings]


def _match(embedding: NDArray[np.float32], gallery: Gallery, rule: MatchRule, matching: PosterMatching) -> PosterMatch:
    if not gallery.cluster_ids:
        return PosterMatch(None, None, None, None)
    to_means = _distances(gallery.means, embedding)
    to_faces = _distances(gallery.faces, embedding)
    if matching is PosterMatching.NEAREST_FACE:
        # A character without faces is as far away as anybody can be.
        deciding = np.full(len(to_means), 2.0)
        np.minimum.at(deciding, gallery.owners, to_faces)
    else:
        deciding = to_means
    nearest = int(deciding.argmin())
    lead = float(np.delete(deciding, nearest).min() - deciding[nearest]) if len(deciding) > 1 else np.inf
    others = np.delete(to_means, nearest)
    is_accepted = deciding[nearest] <= rule.distance and lead >= rule.margin
    return PosterMatch(
        cluster_id=gallery.cluster_ids[nearest] if is_accepted else None,
        distance=round(float(to_means[nearest]), _DIGITS),
        next_distance=round(float(others.min()), _DIGITS) if len(others) else None,
        nearest_face_distance=round(float(to_faces.min()), _DIGITS) if len(to_faces) else None,
    )


def _distances(rows: NDArray[np.float32], embedding: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) Euclidean distances of unit vectors."""
    cosines = rows.astype(np.float64) @ embedding.astype(np.float64)
    return np.asarray(np.sqrt(np.clip(2.0 - 2.0 * cosines, 0.0, 4.0)))


def _stacked(vectors: Sequence[NDArray[np.float32]], dimensions: int) -> NDArray[np.float32]:
    return np.stack(vectors) if vectors else np.zeros((0, dimensions), dtype=np.float32)
