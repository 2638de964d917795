"""The characters of a film, and the faces of its posters, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.face import Box
from curation.domain.film.times import Interval
from curation.domain.film.track import FilmAnalysis

__all__ = [
    "NOBODY_KNOWN",
    "FilmPerson",
    "KnownCharacter",
    "PosterFace",
    "PosterResult",
    "PosterStatus",
    "TrailerResult",
]


class KnownCharacter(Protocol):
    """A known person whose name is proposed for a character, see `curation.domain.recognition.known.Recognition`."""

    @property
    def person_id(self) -> str:
        """Of the gallery."""

    @property
    def name(self) -> str:
        """As the gallery has it."""

    @property
    def answer(self) -> str:
        """`name` or `ask`."""

    @property
    def certainty(self) -> float:
        """In [0, 1]."""


NOBODY_KNOWN: Mapping[int, KnownCharacter] = MappingProxyType({})
"""By cluster id, for films whose characters were not compared with a gallery."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmPerson:
    """One character of one film.

    Attributes:
        cluster_id: Within the film or the event, 0-based; by screen time, longest first, unless ids are known already.
        name: That a person gave; empty if none.
        category: `main`, `important` or `other`; empty if none was given.
        tracks: Indices into `FilmAnalysis.tracks`, rising.
        confidence: How certain the grouping is, in [0, 1], as cluster_confidence of face_data.csv.
        intervals: When the character is on screen: the union of the tracks' spans, rising, without overlap.
        screen_time: Sum of the intervals, in seconds.
        screen_share: Of the film's duration, in [0, 1].
        occupied_area: Mean share of the effective area that the face takes while on screen, in [0, 1].
        largest_area: Largest such share of one picture.
        faces: How many faces were looked at.
        best_track: Index of the track with the best face; its first face is the character's picture.
        attributes: Age, sex and ethnicity over the faces, weighted by quality; None if none was asked for.
        mean: (D,) float32 of unit length: what posters, photos and other films are compared with.
    """

    cluster_id: int
    name: str
    category: str
    tracks: tuple[int, ...]
    confidence: float
    intervals: tuple[Interval, ...]
    screen_time: Fraction
    screen_share: float
    occupied_area: float
    largest_area: float
    faces: int
    best_track: int
    attributes: FaceAttributes | None
    mean: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TrailerResult:
    """A film with its characters: what `infer_on_trailer` gives.

    Attributes:
        film: What was found in it.
        people: The characters, by `cluster_id`.
        dropped: Indices of tracks of characters with too few faces or too little time, or too poor to be anybody.
        engine: Name of the face engine.
        weights: Name and SHA-256 of each model file, by name.
        options: The options on which the result depends, by name, as JSON values in text form.
    """

    film: FilmAnalysis
    people: tuple[FilmPerson, ...]
    dropped: tuple[int, ...]
    engine: str
    weights: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()


class PosterStatus(StrEnum):
    """What became of a face of a poster."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    TOO_SMALL = "too_small"
    TOO_POOR = "too_poor"


@dataclass(frozen=True, slots=True, eq=False)
class PosterFace:
    """A face of a poster, and the character it shows.

    Attributes:
        face_index: From left to right, 0-based.
        box: In pixels of the upright full-size poster.
        confidence: Of the detector, in [0, 1].
        status: Whether it is a character.
        cluster_id: Of the character; None unless matched.
        distance: Euclidean distance of unit vectors to the mean of the nearest character; None without characters.
        next_distance: Likewise to the second nearest; None without a second.
        nearest_face_distance: To the nearest single face of any character.
        occupied_area: Share of the poster's area, in [0, 1].
        attributes: Of the character; None unless matched and asked for.
        chip_jpeg: The face, for the user.
    """

    face_index: int
    box: Box
    confidence: float
    status: PosterStatus
    cluster_id: int | None
    distance: float | None
    next_distance: float | None
    nearest_face_distance: float | None
    occupied_area: float
    attributes: FaceAttributes | None
    chip_jpeg: bytes


@dataclass(frozen=True, slots=True, eq=False)
class PosterResult:
    """A poster with its faces: what `infer_on_poster` gives.

    Attributes:
        width: Of the upright poster, in pixels.
        height: Likewise.
        faces: From left to right; those that match nobody are here too, and count in `unmatched`.
        unmatched: How many faces are no character.
    """

    width: int
    height: int
    faces: tuple[PosterFace, ...]
    unmatched: int
