"""The best faces of a character, one of each appearance."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from curation.domain.faces.face import Box
from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.film.track import Track

__all__ = ["MAX_BEST", "BestFace", "best_faces"]

MAX_BEST = 11
"""The highest number of a face; a dozen tell whether somebody is one person."""


@dataclass(frozen=True, slots=True)
class BestFace:
    """A face of a character.

    Attributes:
        time: Of its picture.
        box: In pixels of the upright full-size picture.
        chip_jpeg: The face; empty if it was not kept.
    """

    time: Fraction
    box: Box
    chip_jpeg: bytes


def best_faces(result: TrailerResult, person: FilmPerson) -> tuple[BestFace, ...]:
    """The best face of the character, then those of the other appearances, best first: one to twelve."""
    first = result.film.tracks[person.best_track]
    others = [result.film.tracks[index] for index in person.tracks if index != person.best_track]
    seen = [track for track in others if track.faces]
    seen.sort(key=lambda track: (-track.faces[0].face.quality.score, track.span.start))
    return tuple(_face(track) for track in [first, *seen][: MAX_BEST + 1])


def _face(track: Track) -> BestFace:
    if track.faces:
        best = track.faces[0]
        return BestFace(best.time, best.face.detected.box, best.face.chip_jpeg)
    seen = track.sightings[len(track.sightings) // 2]
    return BestFace(seen.time, seen.box, b"")
