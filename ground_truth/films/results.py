"""What a result says of each picture of a film, and whether its times are right."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from curation.domain.faces.face import Box
from curation.domain.film.people import TrailerResult
from curation.domain.film.track import Sighting, Track
from ground_truth.films.scoring import FilmScore, Seen
from ground_truth.films.truth import LabelledFilm, TruePicture

__all__ = ["BoundaryCount", "box_at", "right_boundaries", "seen_in"]

_ROUNDING_S = 0.0015
"""Times of some containers are whole milliseconds."""
_SHORTEST_S = 0.5


@dataclass(frozen=True, slots=True)
class BoundaryCount:
    """How many beginnings and ends of appearances are told, and how many to one picture.

    Attributes:
        all: Beginnings and ends that are certain: the face is fully there in one picture and not at all in the next.
        within_one: Those that a beginning or end of the right character is told within one picture of.
    """

    all: int
    within_one: int


def seen_in(result: TrailerResult, pictures: Sequence[TruePicture]) -> Iterator[Seen]:
    """Every character in every picture of its tracks; between two looks boxes are interpolated."""
    times = [picture.time_s for picture in pictures]
    for person in result.people:
        for index in person.tracks:
            track = result.film.tracks[index]
            first = bisect_right(times, float(track.span.start) - _ROUNDING_S)
            for time_s in times[first : bisect_right(times, float(track.span.end) - _ROUNDING_S)]:
                yield Seen(time_s, str(person.cluster_id), box_at(track, time_s))


def box_at(track: Track, time_s: float) -> Box:
    """The box of a track at a time, on the line between the looks before and after it."""
    looks = track.sightings
    after = bisect_right([float(look.time) for look in looks], time_s)
    if after in (0, len(looks)):
        return looks[max(after - 1, 0)].box
    return _between(looks[after - 1], looks[after], time_s)


def _between(before: Sighting, after: Sighting, time_s: float) -> Box:
    part = (Fraction(time_s) - before.time) / (after.time - before.time)
    sides = (a + float(part) * (b - a) for a, b in zip(before.box, after.box, strict=True))
    return Box(*(round(side) for side in sides))


def right_boundaries(film: LabelledFilm, result: TrailerResult, score: FilmScore) -> BoundaryCount:
    """Count the beginnings and ends of appearances that were told right to one picture."""
    people = {str(person.cluster_id): person for person in result.people}
    every = within = 0
    for time in score.times:
        spans = people[time.identity].intervals if time.identity is not None else ()
        for first, last in film.appearances(time.person):
            begins, ends = film.pictures[first], film.pictures[last]
            if ends.time_s + ends.duration_s - begins.time_s < _SHORTEST_S:
                continue
            if _is_certain(film, first - 1, time.person):
                every += 1
                limit = begins.duration_s + _ROUNDING_S
                within += any(abs(float(span.start) - begins.time_s) <= limit for span in spans)
            if _is_certain(film, last + 1, time.person):
                every += 1
                limit = ends.duration_s + _ROUNDING_S
                within += any(abs(float(span.end) - ends.time_s - ends.duration_s) <= limit for span in spans)
    return BoundaryCount(every, within)


def _is_certain(film: LabelledFilm, neighbour: int, person: str) -> bool:
    """Whether the person is not even partly seen in a neighbouring picture."""
    if not 0 <= neighbour < len(film.pictures):
        return True
    return all(face.person not in (person, "?") for face in film.pictures[neighbour].faces)
