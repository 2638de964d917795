"""When a character is on screen, for how long, and how much of the picture the face takes.

All times are exact: they are the time stamps of pictures, so 24 pictures at 24 a second are a second, and 24 at 50 are
not, and in a film of varying rate each picture counts for as long as it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from curation.domain.film.clip import Shot
from curation.domain.film.times import Interval
from curation.domain.film.track import FilmAnalysis, Track

__all__ = ["FaceArea", "SeenIn", "face_area", "length_of", "persons_ids", "union_of"]


@dataclass(frozen=True, slots=True)
class FaceArea:
    """How much of the picture without black bars a face takes, in [0, 1].

    Attributes:
        mean: Over the time on screen.
        largest: In one picture.
    """

    mean: float
    largest: float


@dataclass(frozen=True, slots=True)
class SeenIn:
    """A picture in which a character was seen.

    Attributes:
        frame_index: Number of the picture in the order of presentation, 0-based.
        track: Index of the track that it belongs to, in `FilmAnalysis.tracks`.
    """

    frame_index: int
    track: int


def union_of(spans: Iterable[Interval]) -> tuple[Interval, ...]:
    """The times that any of the spans covers: rising, without overlap; spans that adjoin become one."""
    out: list[Interval] = []
    for span in sorted(spans):
        if span.end <= span.start:
            continue
        if out and span.start <= out[-1].end:
            out[-1] = Interval(out[-1].start, max(out[-1].end, span.end))
        else:
            out.append(span)
    return tuple(out)


def length_of(intervals: Iterable[Interval]) -> Fraction:
    """How long intervals without overlap are together, in seconds."""
    return sum((interval.length for interval in intervals), Fraction(0))


def face_area(tracks: Sequence[Track], shots: Sequence[Shot]) -> FaceArea:
    """The area of the faces of some tracks.

    Between two looks each of them counts up to the middle, so the mean does not depend on how often a part of the film
    was looked at.

    Args:
        tracks: Of one character, at least one.
        shots: Of the film, by index.
    """
    total, time, largest = 0.0, 0.0, 0.0
    for track in tracks:
        area = shots[track.shot].effective_area
        whole = area.w * area.h
        shares = [_share(sighting.box.w * sighting.box.h, whole) for sighting in track.sightings]
        largest = max(largest, *shares)
        for share, length in zip(shares, _lengths(track), strict=True):
            total += share * length
            time += length
    if time == 0.0:
        return FaceArea(largest, largest)
    return FaceArea(min(total / time, 1.0), largest)


def _share(area: int, whole: int) -> float:
    return min(area / whole, 1.0) if whole > 0 else 0.0


def _lengths(track: Track) -> list[float]:
    """For how many seconds each look of a track stands."""
    times = [sighting.time for sighting in track.sightings]
    middles = [(a + b) / 2 for a, b in pairwise(times)]
    ends = [track.span.start, *middles, track.span.end]
    return [max(float(b - a), 0.0) for a, b in pairwise(ends)]


def persons_ids(film: FilmAnalysis, tracks: Iterable[int]) -> tuple[SeenIn, ...]:
    """The pictures in which a character was seen, by picture and track.

    Only pictures that were looked at are here; between those of one track the character is on screen as well.

    Args:
        film: With the tracks.
        tracks: Indices of the character's tracks.
    """
    seen = {(sighting.frame_index, index) for index in tracks for sighting in film.tracks[index].sightings}
    return tuple(SeenIn(frame, index) for frame, index in sorted(seen))
