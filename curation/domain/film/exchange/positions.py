"""Where a face is between the pictures that were looked at."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from typing import NamedTuple

from curation.domain.film.track import Track

__all__ = ["Position", "position_at"]


class Position(NamedTuple):
    """A box between whole pixels, in those of the upright full-size picture."""

    x: float
    y: float
    w: float
    h: float


def position_at(track: Track, time: Fraction) -> Position:
    """The box of a track at any time: on the straight line between the sightings before and after it.

    Before the first sighting it is that of the first one, after the last one that of the last.
    """
    sightings = track.sightings
    after = bisect_right(sightings, time, key=lambda each: each.time)
    if after in (0, len(sightings)):
        return Position(*map(float, sightings[min(after, len(sightings) - 1)].box))
    first, second = sightings[after - 1], sightings[after]
    weight = float((time - first.time) / (second.time - first.time))
    return Position(*(a + weight * (b - a) for a, b in zip(first.box, second.box, strict=True)))
