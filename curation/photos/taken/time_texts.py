"""Times as programs and cameras write them into photos, which is not always as the standards say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_tz

__all__ = ["ReadTime", "parse_offset", "parse_time"]

_FIRST_YEAR, _LAST_YEAR = 1826, 2200  # the oldest photograph; digital clocks that count from elsewhere
_MAX_CHARS = 80
_DAY = r"(?P<year>\d{4})\s*[:\-/._ ]?\s*(?P<month>\d{1,2})\s*[:\-/._ ]?\s*(?P<day>\d{1,2})"
_DAY_FIRST = r"(?P<day>\d{1,2})(?P<mark>[./\-])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4})"
_CLOCK = (
    r"[\sT_,]+(?P<hour>\d{1,2})\s*[:.\-h]\s*(?P<minute>\d{1,2})(?:\s*[:.\-m]\s*(?P<second>\d{1,2})"
    r"(?:[.,:](?P<fraction>\d+))?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+\-]\d{2}:?\d{2})?(?!\d)"
)
_TIME = re.compile(_DAY + _CLOCK)
_TIME_DAY_FIRST = re.compile(_DAY_FIRST + _CLOCK)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)[T_ ]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)"
    r"(?:[.,](?P<fraction>\d+))?(?P<half>(?!))?\s*(?P<zone>Z|UTC|GMT|[+\-]\d{2}:?\d{2})?(?!\d)"
)
_OFFSET = re.compile(r"\s*([+\-])\s*(\d{1,2}):?(\d{2})?\s*$")
_WORDS = re.compile(r"[A-Za-z]{3}")
_MAX_OFFSET_MIN = 14 * 60


@dataclass(frozen=True, slots=True)
class ReadTime:
    """A time that was read.

    Attributes:
        time: As written, without its zone.
        is_utc: Whether it says to be in UTC.
        utc_offset_min: How far it says to be ahead of UTC; None if it says nothing, or UTC itself.
    """

    time: datetime
    is_utc: bool = False
    utc_offset_min: int | None = None


def parse_time(text: object, fraction: object = "", offset: object = "") -> ReadTime | None:
    """Read a day and a time of day; None for anything else, as for a day alone.

    Args:
        text: Such as `2024:06:15 10:00:00`, with other marks, a `T`, one digit, a zone, or without seconds.
        fraction: Digits of the fraction of a second that stand elsewhere.
        offset: From UTC, if that stands elsewhere: `+02:00`.
    """
    if not isinstance(text, str):
        return None
    text = text.replace("\0", " ").strip()[:_MAX_CHARS]
    found = _COMPACT.match(text) or _TIME.match(text)
    if found is None:
        found = _TIME_DAY_FIRST.match(text)
        # Whether 06/07 is in June or in July depends on the country.
        if found is not None and found["mark"] != "." and int(found["day"]) <= 12:
            return None
    if found is None:
        return _in_words(text)
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"][0] in "Pp" else 0)
    digits = found["fraction"] or ""
    if not digits and isinstance(fraction, str) and fraction.strip().isascii() and fraction.strip().isdigit():
        digits = fraction.strip()
    day = int(found["year"]), int(found["month"]), int(found["day"])
    time = _time(day, (hour, int(found["minute"]), int(found["second"] or 0)), digits)
    return None if time is None else _zoned(time, found["zone"] or "", offset)


def parse_offset(text: object) -> int | None:
    """Minutes ahead of UTC from `+02:00`, `-0330` or `+2`; None for anything else."""
    found = _OFFSET.match(text.replace("\0", " ")) if isinstance(text, str) else None
    if found is None:
        return None
    minutes = 60 * int(found[2]) + int(found[3] or 0)
    if minutes > _MAX_OFFSET_MIN:
        return None
    return -minutes if found[1] == "-" else minutes


def _zoned(time: datetime, zone: str, offset: object) -> ReadTime:
    if zone in ("Z", "UTC", "GMT"):
        return ReadTime(time, is_utc=True)
    return ReadTime(time, utc_offset_min=parse_offset(zone or offset))


def _time(date: tuple[int, int, int], clock: tuple[int, int, int], digits: str) -> datetime | None:
    (year, month, day), (hour, minute, second) = date, clock
    if not _FIRST_YEAR <= year <= _LAST_YEAR or hour > 24 or minute > 59 or second > 60:
        return None
    if hour == 24 and (minute or second):
        return None
    try:
        # 24:00:00 is the next day's beginning, and a second 60 the next minute's.
        return datetime(year, month, day, microsecond=int(digits[:6].ljust(6, "0"))) + timedelta(
            hours=hour, minutes=minute, seconds=second
        )
    except ValueError:  # cameras whose clock was not set write zeros
        return None


def _in_words(text: str) -> ReadTime | None:
    """`Sat, 15 Jun 2024 10:00:00 +0200`, as PNG files have it, and `Sat Jun 15 10:00:00 2024`."""
    if not _WORDS.search(text) or ":" not in text:
        return None
    try:
        read = parsedate_tz(text)
    except (ValueError, IndexError, TypeError):  # odd texts fall through its checks
        return None
    if read is None:
        return None
    year, month, day, hour, minute, second, *_, offset_s = read
    time = _time((year, month, day), (hour, minute, second), "")
    if time is None:
        return None
    if text.rstrip().endswith(("GMT", "UTC", "Z")):
        return ReadTime(time, is_utc=True)
    known = offset_s is not None and not text.rstrip().endswith("-0000") and _has_zone(text)
    return ReadTime(time, utc_offset_min=int(offset_s) // 60 if known and offset_s is not None else None)


def _has_zone(text: str) -> bool:
    return re.search(r"[+\-]\d{4}\)?\s*$", text) is not None
