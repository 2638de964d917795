"""When a photo was taken, in words: by which clock, and where it stands."""

from __future__ import annotations

from datetime import datetime

from curation.domain.bursts.clocks import PhotoTime
from curation.domain.measuring.taken import BY_NAME

__all__ = ["time_words"]

_DAY_AND_TIME, _TIME = "%Y-%m-%d %H:%M:%S", "%H:%M:%S"


def time_words(taken: PhotoTime | None, *, is_said: bool = False) -> str:
    """What to show of a photo's time.

    Args:
        taken: As the event knows it; None if it does not know the photo.
        is_said: Whether the user said how far the clock is ahead.

    Returns:
        Such as `2024-06-15 10:00:00`, `2024-06-15 10:00:00 (by the file's name)` or `2024-06-15 10:00:00 by the
        pictures, 11:00:00 by its clock`; empty if nothing is known.
    """
    if taken is None or taken.told is None:
        return ""
    told = taken.told
    if taken.time is None:
        return f"{told.time:{_DAY_AND_TIME}} by a clock that stood still" if taken.stood_still else ""
    words = f"{taken.time:{_DAY_AND_TIME}}"
    if told.is_utc:
        words += " (UTC)" if not taken.shift_s else ""
    elif round(taken.shift_s):
        whose = "as you said" if is_said else "by the pictures"
        words += f" {whose}, {_clock(told.time, taken.time)} by its clock"
    if told.place == BY_NAME:
        words += " (by the file's name)"
    elif told.is_weak:
        words += " (when the file was last changed)"
    if taken.step_s:
        words += " (its clock shows no seconds)" if taken.step_s <= 60 else " (its clock shows no time of day)"
    return words


def _clock(told: datetime, used: datetime) -> str:
    return f"{told:{_TIME if told.date() == used.date() else _DAY_AND_TIME}}"
