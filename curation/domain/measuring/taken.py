"""When a photo was taken, and how well its file says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

__all__ = ["BY_NAME", "TakenTime", "better_of", "is_unset", "read_source", "runs_from_default"]

BY_NAME = "file name"
"""The place of times that stand in the name of a file: a copy of the file may have another one."""

_UTC = " (UTC)"
_OFFSET = re.compile(r" \(UTC([+-])(\d\d):(\d\d)\)$")
_WEAK = frozenset({"EXIF ModifyDate", "XMP tiff:DateTime", "PNG tIME"})
# The first moment of what computers count from, and of what cameras take up after a change of batteries.
_DEFAULT_DAYS = frozenset({date(1900, 1, 1), date(1904, 1, 1), date(1970, 1, 1), date(1980, 1, 1), date(2000, 1, 1)})
_QUARTER_S = 900
_AGREEING_S = 120  # a satellite fix is as old as this at most in a photo that has just been taken


@dataclass(frozen=True, slots=True)
class TakenTime:
    """A time of capture.

    Attributes:
        time: Without a time zone: by the camera's own clock, or in UTC if `is_utc`.
        place: Where it stands, such as `EXIF DateTimeOriginal`.
        is_utc: Whether only the time in UTC is known, and not the time at the place of the photo.
        utc_offset_min: How far `time` is ahead of UTC, if the file says so.
    """

    time: datetime
    place: str
    is_utc: bool = False
    utc_offset_min: int | None = None

    @property
    def is_weak(self) -> bool:
        """Whether it is the time of the last change, which is that of the capture only in files that nobody edited."""
        return self.place in _WEAK

    @property
    def source(self) -> str:
        """The place with what is known of the time zone: `EXIF DateTimeOriginal (UTC+02:00)`, `GPS (UTC)`."""
        if self.is_utc:
            return self.place + _UTC
        if self.utc_offset_min is None:
            return self.place
        sign, minutes = "-" if self.utc_offset_min < 0 else "+", abs(self.utc_offset_min)
        return f"{self.place} (UTC{sign}{minutes // 60:02}:{minutes % 60:02})"


def read_source(time: datetime, source: str) -> TakenTime:
    """The inverse of `TakenTime.source`; any other text is a place."""
    if source.endswith(_UTC):
        return TakenTime(time, source.removesuffix(_UTC), is_utc=True)
    found = _OFFSET.search(source)
    if found is None:
        return TakenTime(time, source)
    minutes = 60 * int(found[2]) + int(found[3])
    return TakenTime(time, source[: found.start()], utc_offset_min=-minutes if found[1] == "-" else minutes)


def is_unset(time: datetime) -> bool:
    """Whether a time is the one that a clock shows which was never set: midnight of the day it counts from."""
    return runs_from_default(time) and time.replace(microsecond=0) == datetime(time.year, 1, 1)


def runs_from_default(time: datetime) -> bool:
    """Whether a clock was probably not set: durations mean something, the day does not."""
    return time.date() in _DEFAULT_DAYS


def better_of(told: TakenTime | None, named: TakenTime | None) -> TakenTime | None:
    """The time to use of a photo whose file and whose name tell one.

    What stands in the file counts more, but for the time of its last change, a clock that was not set, and a time in
    UTC where the name has the local one of the same moment.

    Args:
        told: From the content of the file; None if there is none.
        named: From its name; None if there is none.
    """
    if told is None or named is None:
        return named if told is None else told
    if told.is_weak or (runs_from_default(told.time) and not runs_from_default(named.time)):
        return named
    if told.is_utc and not named.is_utc and _same_moment(told.time, named.time):
        return named
    return told


def _same_moment(utc: datetime, local: datetime) -> bool:
    """Whether two times differ by what time zones differ by."""
    apart = (local - utc).total_seconds()
    zone = round(apart / _QUARTER_S) * _QUARTER_S
    return abs(apart - zone) <= _AGREEING_S and abs(zone) <= timedelta(hours=14).total_seconds()
