"""Who is named in subtitles, chapters and markers, and who is on screen from when to when."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.film.times import Interval

__all__ = ["ShownPerson", "first_picture", "joined_names", "on_screen", "one_line", "shown_name", "shown_people"]

_MAX_NAME_CHARS = 200
_OTHER = "other"
# Marks that turn the direction of text until an end that a name need not have. Joiners stay: emoji consist of them.
_DIRECTIONS = {chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_ISOLATE, _END_OF_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """A person under one name: several characters with the same name are one person.

    Attributes:
        name: On one line, never empty.
        is_named: Whether a person gave the name.
        category: `main`, `important` or `other`; empty if none was given.
        cluster_ids: Of the characters, rising.
        tracks: Indices of their tracks, rising.
        intervals: When the person is on screen, rising, without overlap.
    """

    name: str
    is_named: bool
    category: str
    cluster_ids: tuple[int, ...]
    tracks: tuple[int, ...]
    intervals: tuple[Interval, ...]


def shown_people(result: TrailerResult, *, named_only: bool = False) -> tuple[ShownPerson, ...]:
    """The people of a film by name, in the order of their first `cluster_id`.

    Args:
        result: The film.
        named_only: Leave out people without a name, and those of the category `other`.
    """
    found: dict[tuple[bool, str], list[FilmPerson]] = {}
    for person in result.people:
        is_named = bool(one_line(person.name))
        if not named_only or (is_named and person.category != _OTHER):
            found.setdefault((is_named, shown_name(person)), []).append(person)
    return tuple(
        ShownPerson(
            name=name,
            is_named=is_named,
            category=people[0].category,
            cluster_ids=tuple(person.cluster_id for person in people),
            tracks=tuple(sorted({index for person in people for index in person.tracks})),
            intervals=_union(interval for person in people for interval in person.intervals),
        )
        for (is_named, name), people in found.items()
    )


def shown_name(person: FilmPerson) -> str:
    """The name of a character on one line, `Person 3` for one without."""
    return one_line(person.name) or f"Person {person.cluster_id}"


def one_line(text: str) -> str:
    """A text without line breaks, control characters and marks of direction, and not of any length."""
    kept = "".join(
        " "
        if unicodedata.category(char) in ("Cc", "Zl", "Zp")
        else "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(char) == "Cs"
        else char
        for char in text
        if char not in _DIRECTIONS
    )
    return " ".join(kept.split())[:_MAX_NAME_CHARS].strip()


def joined_names(names: Sequence[str]) -> str:
    """Several names as one text: `Anna, Ben`; one that runs from right to left does not turn its neighbours around."""
    if len(names) == 1 or not any(_runs_left(name) for name in names):
        return ", ".join(names)
    return ", ".join(f"{_ISOLATE}{name}{_END_OF_ISOLATE}" for name in names)


def _runs_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def on_screen(people: Sequence[ShownPerson]) -> list[tuple[Interval, tuple[ShownPerson, ...]]]:
    """The parts of a film in which the same people are on screen, by time; parts with nobody are left out."""
    times = sorted({time for person in people for interval in person.intervals for time in interval})
    numbers = {time: number for number, time in enumerate(times)}
    there: list[list[ShownPerson]] = [[] for _ in times]
    for person in people:
        for interval in person.intervals:
            for number in range(numbers[interval.start], numbers[interval.end]):
                there[number].append(person)
    parts: list[tuple[Interval, tuple[ShownPerson, ...]]] = []
    for number, shown in enumerate(map(tuple, there)):
        if not shown:
            continue
        if parts and parts[-1][0].end == times[number] and parts[-1][1] == shown:
            parts[-1] = (Interval(parts[-1][0].start, times[number + 1]), shown)
        else:
            parts.append((Interval(times[number], times[number + 1]), shown))
    return parts


def first_picture(result: TrailerResult) -> Fraction:
    """The time of the first picture, which editors take for the beginning of the clip."""
    return min((shot.span.start for shot in result.film.shots), default=Fraction(0))


def _union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    joined: list[Interval] = []
    for interval in sorted(each for each in intervals if each.end > each.start):
        if joined and interval.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, interval.end))
        else:
            joined.append(interval)
    return tuple(joined)
