"""Headings among photos in the order of time: by scene, or by hour of the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from curation.api.pages.photo_query import Heads
from curation.domain.bursts.scenes import clock_time
from curation.event.taken.times import EventTimes

__all__ = ["Section", "day_text", "sections_of"]

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and how much stands below it.

    Attributes:
        key: For the address, such as `scene-3`; unique in the gallery.
        title: Such as `Scene 3`.
        note: The times, such as `10:05 - 10:41`, with the day where it is another one than above.
        cells: The number of cells of the grid below it.
        photos: The number of photos, those in stacks included.
    """

    key: str
    title: str
    note: str
    cells: int
    photos: int


def day_text(time: datetime) -> str:
    """`Sat 15 June 2024`."""
    return f"{time:%a} {time.day} {time:%B %Y}"


def sections_of(
    fronts: Sequence[str], members: Mapping[str, Sequence[str]], times: EventTimes, heads: Heads
) -> tuple[Section, ...]:
    """The headings of a grid; none if there are to be none, or no photo has a time.

    Args:
        fronts: The photos of the grid in the order of time, those without a time last.
        members: The photos of the view that each of them stands for, itself included, by image path.
        times: Of the event.
        heads: What the headings say.
    """
    if heads is Heads.NONE or not any(path in times.taken_s for path in fronts):
        return ()
    of_scene = heads is Heads.SCENE
    place_of: Callable[[float, str], int] = (
        (lambda _, path: times.scene_of[path]) if of_scene else (lambda taken_s, _: int(taken_s // _HOUR_S))
    )
    groups: list[tuple[int | None, list[str], list[float]]] = []
    for front in fronts:
        timed = [(times.taken_s[path], path) for path in members.get(front, (front,)) if path in times.taken_s]
        # A stack stands where its first photo does.
        place = place_of(*min(timed)) if timed else None
        if not groups or groups[-1][0] != place:
            groups.append((place, [], []))
        groups[-1][1].append(front)
        groups[-1][2].extend(taken_s for taken_s, _ in timed)
    out: list[Section] = []
    day = ""
    for place, below, taken in groups:
        photos = sum(len(members.get(front, (front,))) for front in below)
        if place is None:
            out.append(Section("untimed", "Time unknown", "the files do not say when", len(below), photos))
            continue
        first, last = clock_time(min(taken)), clock_time(max(taken))
        today = day_text(first)
        span = f"{first:%H:%M}" if f"{first:%H:%M}" == f"{last:%H:%M}" else f"{first:%H:%M} - {last:%H:%M}"
        if of_scene:
            key, title = f"scene-{place}", f"Scene {place}"
        else:
            key, title = f"hour-{place}", f"{first:%H}:00"
        out.append(Section(key, title, span if today == day else f"{today}, {span}", len(below), photos))
        day = today
    return tuple(out)
