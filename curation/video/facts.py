"""What a film's file tells of it: how long, how fast, when it was taken; by reading its packets, without decoding."""

from __future__ import annotations

import array
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from curation.video.files import FilmFile, open_file
from curation.video.timeline import rate_of

__all__ = ["Survey", "capture_time_of", "last_duration", "start_timecode_of", "surveyed"]

_FIRST_YEAR: Final = 1980  # earlier ones are clocks that were never set: 1904 and 1970
_OUT_OF_ORDER: Final = 4
_CAPTURE_KEYS: Final = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "icrd", "date")


@dataclass(frozen=True, slots=True)
class Survey:
    """What the packets of a film tell.

    Attributes:
        first: When the first picture is shown.
        end: Until when the last one is.
        count: Number of pictures.
        is_vfr: Whether the time between pictures varies by more than rounding.
        keys: Times of the pictures that need no others, ascending; only those that reading can begin with.
        is_indexed: Whether reading can begin anywhere without reading what is before.
    """

    first: Fraction
    end: Fraction
    count: int
    is_vfr: bool
    keys: tuple[Fraction, ...]
    is_indexed: bool


def surveyed(path: Path) -> Survey:
    """Read all packets of a film; kept for the last few files.

    Raises:
        ClipUnreadableError: The file is missing, no film, or holds no moving picture.
    """
    try:
        status = path.stat()
    except OSError:
        return _survey(path, 0, 0)
    return _survey(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _survey(path: Path, size: int, modified_ns: int) -> Survey:
    import av

    file = open_file(path)
    try:
        base = Fraction(file.stream.time_base)
        ticks = array.array("q")
        keys: set[int] = set()
        last_told = Fraction(0)
        latest = -(2**62)
        are_told = True
        try:
            for stamp, _ in file.packets():
                are_told = are_told and stamp.is_told
                if not stamp.is_shown:
                    continue
                tick = round(stamp.time / base)
                ticks.append(tick)
                if stamp.is_key:
                    keys.add(tick)
                if tick > latest:
                    latest, last_told = tick, stamp.duration
        except av.FFmpegError:
            pass
        if not ticks:
            return Survey(Fraction(0), Fraction(0), 0, False, (), file.is_indexed)
        shown = sorted(set(ticks))
        # Times are whole ticks from the container's start, which need not be one.
        offset = _offset(file, base)
        # Where a file is cut off, pictures are missing among the last ones, as they are stored out of order.
        steps = [later - earlier for earlier, later in pairwise(shown[:-_OUT_OF_ORDER] or shown)]
        return Survey(
            first=shown[0] * base + offset,
            end=shown[-1] * base + offset + last_duration(file.stream, last_told),
            count=len(shown),
            # Both ends of a step are rounded to a tick.
            is_vfr=len(steps) > 1 and max(steps) - min(steps) > 2,
            keys=tuple(key * base + offset for key in sorted(keys)) if are_told else (),
            is_indexed=file.is_indexed,
        )
    finally:
        file.close()


def _offset(file: FilmFile, base: Fraction) -> Fraction:
    """What rounding a time to ticks takes away, the same for all times."""
    return -file.start - round(-file.start / base) * base


def last_duration(stream: Any, told: Fraction) -> Fraction:
    """For how long the last picture is shown: as the file tells, unless that is far too short to be true."""
    step = 1 / rate_of(stream)
    return told if told >= step / 2 else step


def capture_time_of(container: Any) -> str:
    """When a film was taken, ISO 8601; empty if its file does not tell."""
    for metadata in (container.metadata, *(stream.metadata for stream in container.streams)):
        values = {key.lower(): value for key, value in metadata.items()}
        for key in _CAPTURE_KEYS:
            text = values.get(key, "").strip()
            if len(text) < len("2024-01-01"):
                continue
            try:
                time = datetime.fromisoformat(text)
            except ValueError:
                continue
            if time.year >= _FIRST_YEAR:
                return time.isoformat()
    return ""


def start_timecode_of(container: Any) -> str:
    """SMPTE time code of the first picture, such as `01:00:00:00`; empty if the file has none."""
    for metadata in (container.metadata, *(stream.metadata for stream in container.streams)):
        for key, value in metadata.items():
            if key.lower() == "timecode" and value.strip():
                return str(value).strip()
    return ""
