"""The strip of time: how many photos were taken when, scene by scene. Pauses between scenes take no room on it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from curation.api.pages.culling.sections import day_text
from curation.domain.bursts.scenes import Scene, clock_time
from curation.event.taken.times import EventTimes

__all__ = ["HEIGHT", "WIDTH", "Bin", "Timeline", "TimelineScene", "timeline_of"]

WIDTH = 1000
"""Of the strip, in units of its drawing."""
HEIGHT = 40
_BINS = 120  # of all scenes together, unless there are more scenes
_GAP = 4.0  # between scenes
_LEAST_BAR = 3.0  # units that a single photo is high


@dataclass(frozen=True, slots=True)
class Bin:
    """A bar of the strip.

    Attributes:
        x: Its left edge.
        width: Its width.
        height: 0 without photos.
        photos: Taken from `start` on and before `end`; in the last bin of a scene, also at its end.
        start: ISO 8601, by the camera's clock.
        end: ISO 8601.
        label: The time of day for whoever hears the page, with the day if the event has several.
    """

    x: float
    width: float
    height: float
    photos: int
    start: str
    end: str
    label: str


@dataclass(frozen=True, slots=True)
class TimelineScene:
    """A scene on the strip.

    Attributes:
        number: From 1.
        x: Its left edge.
        width: Its width.
        time: When it begins, `10:05`.
        title: For the pointer: number, day, times and photos.
        first: The number of its first bin.
        last: The number of its last bin.
    """

    number: int
    x: float
    width: float
    time: str
    title: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole strip.

    Attributes:
        bins: From left to right.
        scenes: Likewise.
        untimed: The number of photos without a time.
    """

    bins: tuple[Bin, ...]
    scenes: tuple[TimelineScene, ...]
    untimed: int


def timeline_of(times: EventTimes, photos: int) -> Timeline | None:
    """The strip of an event; None if there is nothing to choose from: fewer than two moments.

    Args:
        times: Of the event.
        photos: The number of all photos of the event.
    """
    scenes = times.scenes
    if not scenes or scenes[0].start_s == scenes[-1].end_s:
        return None
    has_days = clock_time(scenes[0].start_s).date() != clock_time(scenes[-1].end_s).date()
    gap = min(_GAP, WIDTH / (4 * len(scenes)))
    weights = _weights(scenes)
    room = WIDTH - gap * (len(scenes) - 1)
    counted = [
        _counts(times, scene, max(1, round(_BINS * weight))) for scene, weight in zip(scenes, weights, strict=True)
    ]
    most = max(max(counts) for counts in counted)
    bins: list[Bin] = []
    shown: list[TimelineScene] = []
    x = 0.0
    for scene, weight, counts in zip(scenes, weights, counted, strict=True):
        first, width = len(bins), room * weight
        step_s = (scene.end_s - scene.start_s) / len(counts)
        for number, count in enumerate(counts):
            start = clock_time(scene.start_s + number * step_s)
            end = clock_time(scene.end_s if number + 1 == len(counts) else scene.start_s + (number + 1) * step_s)
            height = 0.0 if not count else _LEAST_BAR + (HEIGHT - _LEAST_BAR) * (count / most) ** 0.5
            bar = width / len(counts)
            bins.append(
                Bin(
                    round(x + number * bar, 2),
                    round(max(bar - 0.8, 0.6 * bar), 2),
                    round(height, 1),
                    count,
                    start.isoformat(timespec="milliseconds"),
                    end.isoformat(timespec="milliseconds"),
                    f"{start:%a %H:%M}" if has_days else f"{start:%H:%M}",
                )
            )
        began, ended = clock_time(scene.start_s), clock_time(scene.end_s)
        number_of = len(scene.image_paths)
        title = f"Scene {scene.number}: {day_text(began)}, {began:%H:%M} - {ended:%H:%M}, {number_of:,} "
        title += "photo" if number_of == 1 else "photos"
        label = f"{began:%a %H:%M}" if has_days else f"{began:%H:%M}"
        shown.append(TimelineScene(scene.number, round(x, 2), round(width, 2), label, title, first, len(bins) - 1))
        x += width + gap
    return Timeline(tuple(bins), tuple(shown), photos - len(times.taken_s))


def _weights(scenes: Sequence[Scene]) -> list[float]:
    """How much of the strip each scene takes; half of it by its photos, half by how long it took."""
    photos = sum(len(scene.image_paths) for scene in scenes)
    lasted_s = sum(scene.end_s - scene.start_s for scene in scenes)
    shares = [
        len(scene.image_paths) / photos + ((scene.end_s - scene.start_s) / lasted_s if lasted_s else 0.0)
        for scene in scenes
    ]
    least = sum(shares) / (8 * len(scenes))  # so that a scene of one photo can be hit, too
    shares = [max(share, least) for share in shares]
    return [share / sum(shares) for share in shares]


def _counts(times: EventTimes, scene: Scene, bins: int) -> list[int]:
    taken = [times.taken_s[path] for path in scene.image_paths]
    lasted_s = scene.end_s - scene.start_s
    if not lasted_s:
        return [len(taken)]
    edges = [scene.start_s + number * lasted_s / bins for number in range(1, bins)]
    places = [0, *(bisect_left(taken, edge) for edge in edges), len(taken)]
    return [end - start for start, end in pairwise(places)]
