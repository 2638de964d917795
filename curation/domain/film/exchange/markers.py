"""Markers for editors: one for each time that a person comes on screen, with a colour for each person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from curation.domain.film.exchange.names import ShownPerson, first_picture
from curation.domain.film.exchange.time_code import TimeCode
from curation.domain.film.people import TrailerResult
from curation.domain.film.times import Interval, seconds_text

__all__ = ["MARKER_COLUMNS", "Marker", "edl", "marker_rows", "markers"]

MARKER_COLUMNS = (
    "name",
    "start_timecode",
    "end_timecode",
    "start_s",
    "end_s",
    "duration_s",
    "frames",
    "cluster_id",
    "category",
)

_COLOURS = ("Blue", "Green", "Yellow", "Red", "Pink", "Purple", "Cyan", "Lavender", "Sand", "Mint", "Rose", "Cocoa")
_BAR = "\N{BROKEN BAR}"


class Marker(NamedTuple):
    """A time in which a person is on screen.

    Attributes:
        person: Who.
        colour: Number of the person's colour, from 0.
        span: In seconds since the start of the container.
        first: Number of the first picture, counted from the first of the film as 0.
        length: Pictures, at least 1.
    """

    person: ShownPerson
    colour: int
    span: Interval
    first: int
    length: int


def markers(result: TrailerResult, people: Sequence[ShownPerson], code: TimeCode) -> tuple[Marker, ...]:
    """The markers of a film, by time."""
    start = first_picture(result)
    found = []
    for colour, person in enumerate(people):
        for span in person.intervals:
            first = max(code.number_at(span.start - start), 0)
            length = max(code.number_at(span.end - start) - first, 1)
            found.append(Marker(person, colour, span, first, length))
    return tuple(sorted(found, key=lambda each: (each.first, each.colour)))


def edl(marks: Sequence[Marker], code: TimeCode, *, title: str) -> str:
    """Markers as DaVinci Resolve imports them (Timelines, Import, Timeline Markers from EDL).

    Resolve keeps one marker a picture: of people who come on screen together, each one's stands a picture later than
    the one's before, and ends where it should.

    Args:
        marks: By time.
        code: How pictures are counted.
        title: Of the list, on one line.
    """
    lines = [f"TITLE: {title}", f"FCM: {'DROP FRAME' if code.is_drop else 'NON-DROP FRAME'}"]
    if code.note:
        lines.append(f"* NOTE: {code.note}")
    free = 0
    for number, mark in enumerate(marks, 1):
        first = max(mark.first, free)
        free = first + 1
        length = max(mark.first + mark.length - first, 1)
        start, end = code.text(first), code.text(first + 1)
        name = mark.person.name.replace("|", _BAR)
        colour = _COLOURS[mark.colour % len(_COLOURS)]
        lines += [
            "",
            f"{number:03d}  001      V     C        {start} {end} {start} {end}  ",
            f" |C:ResolveColor{colour} |M:{name} |D:{length}",
        ]
    return "\n".join(lines) + "\n"


def marker_rows(marks: Sequence[Marker], code: TimeCode) -> list[tuple[object, ...]]:
    """The cells of `MARKER_COLUMNS` for each marker."""
    return [
        (
            mark.person.name,
            code.text(mark.first),
            code.text(mark.first + mark.length),
            seconds_text(mark.span.start),
            seconds_text(mark.span.end),
            seconds_text(mark.span.length),
            mark.length,
            mark.person.cluster_ids[0],
            mark.person.category,
        )
        for mark in marks
    ]
