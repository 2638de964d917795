"""Scenes: the parts of an event, told apart by the pauses between its photos.

A pause is large or small only beside the pauses around it: ten minutes mean nothing on a walk with a photo every five,
and end the ceremony at a wedding with a photo every ten seconds. So each pause is compared with the geometric mean of
those around it, as in Platt, Czerwinski and Field, "PhotoTOC: automatic clustering for browsing personal photographs"
(2003), from which the width of the window and the factor are taken.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Scene", "clock_seconds", "clock_time", "scenes_of"]

_AROUND = 10  # pauses before, and as many after
_FACTOR = 17.0
_SHORTEST_PAUSE_S = 180.0  # a shorter one never begins a scene, however fast the photos before it came
_NIGHT_S = 6 * 3600.0  # a longer one always does, so that the days of a journey with a photo a day are told apart
_QUICK_S = 5.0  # photos that came faster than this count as so far apart: a burst must not make every pause large
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Scene:
    """Photos that were taken without a pause that is large for their event.

    Attributes:
        number: From 1, by time.
        start_s: When the first photo was taken, in seconds as they were given, see `clock_seconds`.
        end_s: When the last photo was taken; `start_s` for a scene of one photo.
        image_paths: Its photos by time, those of one moment by path; at least one.
    """

    number: int
    start_s: float
    end_s: float
    image_paths: tuple[str, ...]


def clock_seconds(time: datetime) -> float:
    """A time by the camera's clock, without a time zone, as seconds since 1970 began on that clock.

    Raises:
        TypeError: If the time has a time zone.
    """
    return (time - _EPOCH).total_seconds()


def clock_time(seconds: float) -> datetime:
    """The inverse of `clock_seconds`."""
    return _EPOCH + timedelta(seconds=seconds)


def scenes_of(captured_s: Mapping[str, float]) -> tuple[Scene, ...]:
    """Divide an event into scenes.

    Args:
        captured_s: When each photo was taken, in seconds since any moment, by image path; in any order. Photos without
            a time are left out by the caller, and are in no scene.

    Returns:
        The scenes by time; each photo is in exactly one. None for no photos.

    Raises:
        ValueError: If a time is not a finite number.
    """
    for path, time_s in captured_s.items():
        if not math.isfinite(time_s):
            raise ValueError(f"the time of {path} is {time_s}: leave out photos without a time")
    by_time = sorted(captured_s, key=lambda path: (captured_s[path], path))
    times = [captured_s[path] for path in by_time]
    starts = [0, *_starts(times), len(times)] if times else []
    return tuple(
        Scene(number, times[start], times[end - 1], tuple(by_time[start:end]))
        for number, (start, end) in enumerate(itertools.pairwise(starts), start=1)
    )


def _starts(times: Sequence[float]) -> list[int]:
    """The places at which a scene begins, but for the first."""
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    logs = [math.log(max(pause, _QUICK_S)) for pause in pauses]
    sums = [0.0]
    for log in logs:
        sums.append(sums[-1] + log)
    return [place + 1 for place, pause in enumerate(pauses) if _is_large(place, pause, logs, sums)]


def _is_large(place: int, pause: float, logs: Sequence[float], sums: Sequence[float]) -> bool:
    """Whether a pause begins a scene; `sums[n]` is the sum of the first n logarithms."""
    if pause >= _NIGHT_S:
        return True
    if pause < _SHORTEST_PAUSE_S:
        return False
    first, end = max(0, place - _AROUND), min(len(logs), place + _AROUND + 1)
    if end - first == 1:
        return False  # two photos: there is nothing to compare their pause with
    # Without the pause itself, which would hide itself among few others.
    mean = (sums[end] - sums[first] - logs[place]) / (end - first - 1)
    return logs[place] >= math.log(_FACTOR) + mean
