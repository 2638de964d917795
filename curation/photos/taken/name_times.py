"""Times in the names of photos, as phones, messengers and download programs write them."""

from __future__ import annotations

import re
from datetime import datetime

from curation.domain.measuring.taken import BY_NAME, TakenTime

__all__ = ["time_of_name"]

_FIRST_YEAR, _LAST_YEAR = 1990, 2099
_DAY = r"(?P<year>(?:19|20)\d\d)(?P<mark>[-_.: ]?)(?P<month>\d\d)(?P=mark)(?P<day>\d\d)"
# A counter behind the time has another length than milliseconds: DJI_20240615100000_0001, IMG_20240615_100000(1).
_FRACTION = r"(?:[-_.]?(?P<fraction>\d{3})(?!\d)|(?!\d))"
_CLOCK = (
    r"(?P<split>[-_.:h ]?)(?P<minute>\d\d)(?:(?P=split)|m)(?P<second>\d\d)"
    rf"{_FRACTION}s?(?:\s?(?P<half>[AaPp])\.?[Mm](?![A-Za-z]))?(?P<zone>Z(?![A-Za-z]))?"
)
# An own pattern for times without any mark, so that no digits of longer numbers are taken for one.
_FORMS = (
    re.compile(rf"(?<!\d){_DAY}[-_. T@]+(?:at |um |à )?(?P<hour>\d{{1,2}}){_CLOCK}"),
    re.compile(rf"(?<!\d){_DAY}(?P<hour>\d\d){_CLOCK}"),
)
# Google's phones write UTC; all others are known to write local time.
_UTC_PREFIX = "pxl_"


def time_of_name(name: str) -> TakenTime | None:
    """The time in a file's name; None for a name without one, or with a day only, as `IMG-20240615-WA0012.jpg`.

    Args:
        name: Without folders.
    """
    stem = name.rpartition(".")[0] or name
    for form in _FORMS:
        for found in form.finditer(stem):
            time = _time(found)
            if time is not None:
                is_utc = stem.casefold().startswith(_UTC_PREFIX) or found["zone"] is not None
                return TakenTime(time, BY_NAME, is_utc=is_utc)
    return None


def _time(found: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second = (
        int(found[part]) for part in ("year", "month", "day", "hour", "minute", "second")
    )
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    if len(found["hour"]) == 1 and not found["split"]:
        return None
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    try:
        return datetime(year, month, day, hour, minute, second, 1000 * int(found["fraction"] or 0))
    except ValueError:  # digits that are no time
        return None
