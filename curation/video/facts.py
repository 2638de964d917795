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

from curation.video.files import open_file
from curation.video.timeline import rate_of

__all__ = ["Survey", "capture_time_of", "last_length", "start_timecode_of", "surveyed"]

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
        ticks = array.array("q")
        keys: set[int] = set()
        latest, told = -(2**62), 0
        are_told = True
        try:
            for _, tick, length, is_key, is_shown, is_told in (stamp for stamp, _ in file.packets()):
                are_told = are_told and is_told
                if is_shown:
                    ticks.append(tick)
                    if is_key:
                        keys.add(tick)
                    if tick > latest:
                        latest, told = tick, length
        except av.FFmpegError:
            pass  # what could be read is what there is; reading it again says why
        if not ticks:
            return Survey(Fraction(0), Fraction(0), 0, False, (), file.is_indexed)
        shown = sorted(set(ticks))
        # Where a file is cut off, pictures are missing among the last ones, as they are stored out of order.
        steps = [later - earlier for earlier, later in pairwise(shown[:-_OUT_OF_ORDER] or shown)]
        return Survey(
            first=file.time_of(shown[0]),
            end=file.time_of(shown[-1]) + last_length(file.stream, told) * file.base,
            count=len(shown),
            # Both ends of a step are rounded to a tick.
            is_vfr=len(steps) > 1 and max(steps) - min(steps) > 2,
            keys=tuple(file.time_of(key) for key in sorted(keys)) if are_told else (),
            is_indexed=file.is_indexed,
        )
    finally:
        file.close()


def last_length(stream: Any, told: int) -> Fraction:
    """For how many ticks the last picture is shown: as the file tells, unless that is far too short to be true."""
    step = 1 / rate_of(stream) / Fraction(stream.time_base)
    return Fraction(told) if told >= step / 2 else step


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
