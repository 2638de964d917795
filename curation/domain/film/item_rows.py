"""What was found for a movie as rows of tables: the characters of its trailer, and the faces of its poster."""

from __future__ import annotations

import json
from typing import Literal

from curation.domain.attributes.values import ClassEstimate, FaceAttributes
from curation.domain.film.people import FilmPerson, PosterFace, PosterResult, PosterStatus, TrailerResult
from curation.domain.film.times import seconds_text

__all__ = ["CHARACTER_COLUMNS", "POSTER_COLUMNS", "Cell", "Kind", "character_rows", "poster_rows"]

Kind = Literal["text", "whole", "number"]
Cell = str | int | float | None

_SHARE_DIGITS = 6
_DIGITS = 4
_YEAR_DIGITS = 1

_ATTRIBUTES: tuple[tuple[str, Kind], ...] = (
    ("sex", "text"),
    ("sex_confidence", "number"),
    ("age", "number"),
    ("age_low", "number"),
    ("age_high", "number"),
    ("ethnicity", "text"),
    ("ethnicity_confidence", "number"),
)
CHARACTER_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("item_id", "text"),
    ("cluster_id", "whole"),
    ("name", "text"),
    ("screen_time_s", "number"),
    ("screen_share", "number"),
    ("appearances", "whole"),
    ("first_s", "number"),
    ("last_s", "number"),
    ("occupied_area", "number"),
    ("largest_area", "number"),
    ("faces", "whole"),
    ("confidence", "number"),
    *_ATTRIBUTES,
    ("poster_faces", "whole"),
    ("poster_area", "number"),
)
"""Columns of the table of characters; the last two are empty for movies without a poster."""
POSTER_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("item_id", "text"),
    ("face_index", "whole"),
    ("facial_area", "text"),
    ("detection_confidence", "number"),
    ("status", "text"),
    ("cluster_id", "whole"),
    ("distance", "number"),
    ("next_distance", "number"),
    ("nearest_face_distance", "number"),
    ("occupied_area", "number"),
    *_ATTRIBUTES,
)
"""Columns of the table of faces of posters."""


def character_rows(item_id: str, trailer: TrailerResult, poster: PosterResult | None = None) -> list[tuple[Cell, ...]]:
    """A row for each character of a trailer, as `CHARACTER_COLUMNS`."""
    return [_character(item_id, person, poster) for person in trailer.people]


def poster_rows(item_id: str, poster: PosterResult) -> list[tuple[Cell, ...]]:
    """A row for each face of a poster, as `POSTER_COLUMNS`; also for those that are nobody."""
    return [_face(item_id, face) for face in poster.faces]


def _character(item_id: str, person: FilmPerson, poster: PosterResult | None) -> tuple[Cell, ...]:
    seen: list[PosterFace] | None = None
    if poster is not None:
        seen = [
            face
            for face in poster.faces
            if face.status is PosterStatus.MATCHED and face.cluster_id == person.cluster_id
        ]
    return (
        item_id,
        person.cluster_id,
        person.name,
        float(seconds_text(person.screen_time)),
        round(person.screen_share, _SHARE_DIGITS),
        len(person.tracks),
        float(seconds_text(person.intervals[0].start)) if person.intervals else None,
        float(seconds_text(person.intervals[-1].end)) if person.intervals else None,
        round(person.occupied_area, _SHARE_DIGITS),
        round(person.largest_area, _SHARE_DIGITS),
        person.faces,
        round(person.confidence, _DIGITS),
        *_attributes(person.attributes),
        None if seen is None else len(seen),
        None if seen is None else round(sum(face.occupied_area for face in seen), _SHARE_DIGITS),
    )


def _face(item_id: str, face: PosterFace) -> tuple[Cell, ...]:
    return (
        item_id,
        face.face_index,
        json.dumps(list(face.box)),
        face.confidence,
        face.status.value,
        face.cluster_id,
        face.distance,
        face.next_distance,
        face.nearest_face_distance,
        face.occupied_area,
        *_attributes(face.attributes),
    )


def _attributes(attributes: FaceAttributes | None) -> tuple[Cell, ...]:
    known = attributes or FaceAttributes()
    age = known.age if known.age is not None and known.age.is_known else None
    return (
        *_class(known.sex),
        None if age is None else round(age.years, _YEAR_DIGITS),
        None if age is None else round(age.low, _YEAR_DIGITS),
        None if age is None else round(age.high, _YEAR_DIGITS),
        *_class(known.ethnicity),
    )


def _class(estimate: ClassEstimate | None) -> tuple[Cell, Cell]:
    """The answer and its certainty; an answer of "cannot tell" is `unknown`."""
    if estimate is None:
        return None, None
    return estimate.answer or "unknown", round(estimate.certainty, _DIGITS)
