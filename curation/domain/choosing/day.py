"""The day of an event in parts, hours or scenes, so that a choice leaves none of them without a photo."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from curation.domain.bursts.scenes import clock_seconds, clock_time, scenes_of

__all__ = ["NO_DAY", "CoverDay", "Day", "DayPart", "day_of", "listed"]

_APART = timedelta(days=180)
_MOST_APART = 1 / 3  # of the photos with a time; more of them are an event of their own
_TO = "\N{EN DASH}"
_HOUR = timedelta(hours=1)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class CoverDay(StrEnum):
    """Which parts of the day should each have a photo in the choice."""

    NONE = "none"
    HOURS = "hours"
    SCENES = "scenes"


@dataclass(frozen=True, slots=True)
class DayPart:
    """An hour or a scene with at least one photo.

    Attributes:
        name: In words, such as `14:00-15:00` or `scene 3 (14:02-14:40)`; with the date if the event has several days.
        begins: When its first photo was taken, or the hour begins.
        ends: When its last photo was taken, or the hour ends.
        image_paths: Its photos by time.
    """

    name: str
    begins: datetime
    ends: datetime
    image_paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """The parts of an event.

    Attributes:
        parts: By time; none if the day need not be covered.
        without_time: Photos whose time is not known; they are in no part.
        apart: Photos whose time is so far from all others that a clock must have been wrong; they are in no part.
        apart_span: When these seem to be taken, such as `1 Jan 2001`; empty if there are none.
    """

    parts: tuple[DayPart, ...] = ()
    without_time: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    apart_span: str = ""


NO_DAY = Day()


def day_of(captured: Mapping[str, datetime | None], cover: CoverDay) -> Day:
    """Divide an event into hours or scenes.

    Args:
        captured: When each photo was taken by the camera's clock, without a time zone, by image path; None if that is
            not known.
        cover: Which parts are asked for.
    """
    if cover is CoverDay.NONE:
        return NO_DAY
    known = {path: time for path, time in captured.items() if time is not None}
    apart = _far_from_all_others(known)
    told = ""
    if apart:
        first, last = min(known[path] for path in apart), max(known[path] for path in apart)
        told = _date(first) if first.date() == last.date() else f"{_date(first)} to {_date(last)}"
    near = {path: time for path, time in known.items() if path not in apart}
    parts = _hours(near) if cover is CoverDay.HOURS else _scenes(near)
    without = tuple(sorted(path for path, time in captured.items() if time is None))
    return Day(parts, without, tuple(sorted(apart)), told)


def _far_from_all_others(captured: Mapping[str, datetime]) -> frozenset[str]:
    """The photos that a pause of half a year or more tells apart from most photos: a camera's clock was not set."""
    by_time = sorted(captured, key=lambda path: (captured[path], path))
    groups: list[list[str]] = [by_time[:1]]
    for before, path in itertools.pairwise(by_time):
        if captured[path] - captured[before] >= _APART:
            groups.append([])
        groups[-1].append(path)
    most = max(groups, key=len)
    apart = frozenset(by_time) - frozenset(most)
    return apart if len(apart) <= _MOST_APART * len(by_time) else frozenset()


def _hours(captured: Mapping[str, datetime]) -> tuple[DayPart, ...]:
    found: dict[datetime, list[str]] = {}
    for path in sorted(captured, key=lambda path: (captured[path], path)):
        found.setdefault(captured[path].replace(minute=0, second=0, microsecond=0), []).append(path)
    has_days = len({hour.date() for hour in found}) > 1
    return tuple(
        DayPart(_span(hour, hour + _HOUR, has_days=has_days), hour, hour + _HOUR, tuple(paths))
        for hour, paths in found.items()
    )


def _scenes(captured: Mapping[str, datetime]) -> tuple[DayPart, ...]:
    scenes = scenes_of({path: clock_seconds(time) for path, time in captured.items()})
    has_days = len({time.date() for time in captured.values()}) > 1
    out = []
    for scene in scenes:
        begins, ends = clock_time(scene.start_s), clock_time(scene.end_s)
        span = _span(begins, ends, has_days=has_days)
        out.append(DayPart(f"scene {scene.number} ({span})", begins, ends, scene.image_paths))
    return tuple(out)


def _span(begins: datetime, ends: datetime, *, has_days: bool) -> str:
    hours = f"{begins:%H:%M}" if f"{begins:%H:%M}" == f"{ends:%H:%M}" else f"{begins:%H:%M}{_TO}{ends:%H:%M}"
    return f"{_DAYS[begins.weekday()]} {begins.day} {_MONTHS[begins.month - 1]}, {hours}" if has_days else hours


def _date(time: datetime) -> str:
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"


def listed(names: Sequence[str], most: int) -> str:
    """Names in a sentence: the first ones, and how many more there are.

    Args:
        names: At least one.
        most: How many names are written out.
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
