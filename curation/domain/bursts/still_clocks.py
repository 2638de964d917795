"""Clocks that stood still, or show less than seconds: times that do not move do not say what belongs together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from curation.domain.bursts.photo_similarity import photo_similarity, unpacked

__all__ = ["TimedLook", "name_order", "steps_of", "still_photos"]

_MOST_IN_ONE_SECOND = 45  # frames of one scene that a camera takes in a second
_CHANGES = 2  # of what is seen, between photos by number that all have one time: back and forth, or to a third scene
_SAME_SCENE = 0.3  # the similarity of pictures of which a camera in a burst may have moved from one to the next
_LEAST_PHOTOS = 5  # of a camera, from which its steps can be told: each has a full minute once in sixty by chance
_STEPS_S = (86400.0, 3600.0, 60.0)
_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class TimedLook:
    """A photo with the time that its file tells.

    Attributes:
        image_path: Its path.
        clock: Whose clock it is; equal for photos of one camera.
        time: By that clock.
        miniature: See `curation.photos.looks.miniature`; None if there is none.
        people: Keys of the people in it.
    """

    image_path: str
    clock: str
    time: datetime
    miniature: bytes | None
    people: frozenset[str]


def name_order(path: str) -> tuple[list[str | int], str]:
    """Sort key of a name that compares numbers by value; texts and numbers alternate."""
    parts: list[str | int] = list(_NUMBER.split(path.casefold()))
    parts[1::2] = map(int, parts[1::2])
    return parts, path


def still_photos(photos: Iterable[TimedLook]) -> frozenset[str]:
    """The paths of photos whose clock stood still.

    Photos of one camera with the very same time are a burst if they show one scene. A clock that stood still gives one
    time to many scenes: more photos than a camera takes in a second, or photos that by their numbers go back and forth
    between people, or between pictures that have nothing in common. The fraction of a second counts: where it moves,
    the clock does.

    Args:
        photos: Of an event, in any order.
    """
    groups: defaultdict[tuple[str, datetime], list[TimedLook]] = defaultdict(list)
    for photo in photos:
        groups[photo.clock, photo.time].append(photo)
    still: set[str] = set()
    for group in groups.values():
        if len(group) > _MOST_IN_ONE_SECOND or (len(group) > _CHANGES and _changes(group) >= _CHANGES):
            still.update(one.image_path for one in group)
    return frozenset(still)


def _changes(group: Sequence[TimedLook]) -> int:
    """How often what is seen becomes something else, from one photo by number to the next."""
    ordered = sorted(group, key=lambda one: name_order(one.image_path))
    seen = [place for place, one in enumerate(ordered) if one.miniature is not None]
    alike = dict.fromkeys(range(len(ordered)), 1.0)
    if len(seen) > 1:
        pictures = unpacked([ordered[place].miniature or b"" for place in seen])
        steps = np.arange(len(seen) - 1)
        found = photo_similarity(pictures, steps, steps + 1).tolist()
        alike |= dict(zip(seen[1:], found, strict=True))
    changes = 0
    people: frozenset[str] = frozenset()
    for place, one in enumerate(ordered):
        others = bool(people and one.people and not people & one.people)
        changes += others or alike[place] < _SAME_SCENE
        people = one.people or people
    return changes


def steps_of(times: Mapping[str, Sequence[datetime]]) -> dict[str, float]:
    """The steps in which clocks show time, in seconds, for those that show less than seconds.

    Args:
        times: Of the photos of each clock.

    Returns:
        60, 3600 or 86400 by clock: all its photos are of full minutes, hours, or of one time of day on several days.
    """
    found: dict[str, float] = {}
    for clock, of_clock in times.items():
        different = set(of_clock)
        if len(of_clock) < _LEAST_PHOTOS or len(different) < 2:
            continue
        first = min(different)
        for step in _STEPS_S:
            # Full hours and minutes by themselves; a time of day that all days share may be any.
            start = first if step == _STEPS_S[0] else datetime(first.year, first.month, first.day)
            if len(different) >= (2 if step == _STEPS_S[0] else 3) and all(
                (time - start) % timedelta(seconds=step) == timedelta(0) for time in different
            ):
                found[clock] = step
                break
    return found
