"""Chapters by who is on screen: WebVTT chapters for players on pages, ffmetadata for FFmpeg."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from curation.domain.film.exchange.names import ShownPerson, first_picture, joined_names, on_screen
from curation.domain.film.exchange.subtitles import vtt_text, vtt_time
from curation.domain.film.people import TrailerResult
from curation.domain.film.times import Interval

__all__ = ["MIN_CHAPTER_S", "Chapter", "chapters", "ffmetadata", "webvtt_chapters"]

MIN_CHAPTER_S = Fraction(2)
"""Shorter changes of who is on screen begin no chapter: a list of chapters is for finding scenes, not cuts."""

_NOBODY = "\N{EN DASH}"
_ESCAPED = re.compile(r"([=;#\\])")


class Chapter(NamedTuple):
    """A chapter with its title."""

    span: Interval
    title: str


def chapters(result: TrailerResult, people: Sequence[ShownPerson]) -> tuple[Chapter, ...]:
    """The whole film in chapters without gaps, by who is seen in them; at least `MIN_CHAPTER_S` long each.

    A part that is too short belongs to the chapter before it (at the beginning: after it); the title names those who
    are on screen for at least a quarter of the chapter.
    """
    start = first_picture(result)
    parts = _without_gaps(on_screen(people), Interval(start, start + result.film.facts.duration))
    groups: list[list[tuple[Interval, tuple[ShownPerson, ...]]]] = []
    for part in parts:
        is_short = part[0].length < MIN_CHAPTER_S
        if groups and (is_short or groups[-1][-1][0].end - groups[-1][0][0].start < MIN_CHAPTER_S):
            groups[-1].append(part)
        else:
            groups.append([part])
    found: list[Chapter] = []
    for group in groups:
        span = Interval(group[0][0].start, group[-1][0].end)
        seen = [
            person.name
            for person in people
            if 4 * sum(part.length for part, shown in group if person in shown) >= span.length
        ]
        title = joined_names(seen) or _NOBODY
        if found and found[-1].title == title:
            found[-1] = Chapter(Interval(found[-1].span.start, span.end), title)
        else:
            found.append(Chapter(span, title))
    return tuple(found)


def webvtt_chapters(titled: Sequence[Chapter]) -> str:
    """Chapters for the element `track` of a page, kind `chapters`."""
    cues = [f"{vtt_time(span.start)} --> {vtt_time(span.end)}\n{vtt_text(title)}\n" for span, title in titled]
    return "\n".join(("WEBVTT\n", *cues))


def ffmetadata(titled: Sequence[Chapter]) -> str:
    """Chapters as FFmpeg reads them: `ffmpeg -i film.mp4 -i chapters.ffmeta -map_chapters 1 -codec copy out.mp4`."""
    lines = [";FFMETADATA1"]
    for span, title in titled:
        start, end = (max(round(time * 1000), 0) for time in span)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}", f"title={_escaped(title)}"]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    if text.endswith("\\"):
        text = f"{text[:-1]}/"  # FFmpeg joins the next line to one that ends with a backslash, also an escaped one
    return _ESCAPED.sub(r"\\\1", text)


def _without_gaps(
    parts: Sequence[tuple[Interval, tuple[ShownPerson, ...]]], whole: Interval
) -> list[tuple[Interval, tuple[ShownPerson, ...]]]:
    filled: list[tuple[Interval, tuple[ShownPerson, ...]]] = []
    time = whole.start
    for part, shown in parts:
        if part.start > time:
            filled.append((Interval(time, part.start), ()))
        filled.append((part, shown))
        time = part.end
    if time < whole.end:
        filled.append((Interval(time, whole.end), ()))
    return filled
