"""When a photo was taken: all places in a file where that may stand, in the order in which they are believed."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import BinaryIO, Final

from curation.domain.measuring.taken import TakenTime, is_unset, runs_from_default
from curation.errors import PhotoUnreadableError
from curation.photos.taken.blocks import MetadataBlocks, read_blocks
from curation.photos.taken.tiff_tags import read_gps_tags, read_tags
from curation.photos.taken.time_texts import ReadTime, parse_time

__all__ = ["EXIF_TIME_TAGS", "exif_original", "read_taken", "taken_of_blocks"]

_ORIGINAL, _DIGITIZED, _CHANGED = (0x9003, 0x9291, 0x9011), (0x9004, 0x9292, 0x9012), (0x0132, 0x9290, 0x9010)
EXIF_TIME_TAGS: Final = frozenset({*_ORIGINAL, *_DIGITIZED, *_CHANGED})
"""The tags of EXIF's times, of their fractions of a second and of their offsets from UTC."""
_GPS_TIME, _GPS_DAY = 0x0007, 0x001D
_EXIF_NS, _PHOTOSHOP_NS = "http://ns.adobe.com/exif/1.0/", "http://ns.adobe.com/photoshop/1.0/"
_XMP_NS, _TIFF_NS = "http://ns.adobe.com/xap/1.0/", "http://ns.adobe.com/tiff/1.0/"
_XMP_PLACES = (
    ("XMP exif:DateTimeOriginal", f"{{{_EXIF_NS}}}DateTimeOriginal"),
    ("XMP photoshop:DateCreated", f"{{{_PHOTOSHOP_NS}}}DateCreated"),
    ("XMP exif:DateTimeDigitized", f"{{{_EXIF_NS}}}DateTimeDigitized"),
    ("XMP xmp:CreateDate", f"{{{_XMP_NS}}}CreateDate"),
)
_XMP_CHANGED = ("XMP tiff:DateTime", f"{{{_TIFF_NS}}}DateTime")
_IPTC_PLACES = (("IPTC DateCreated", 55, 60), ("IPTC DigitalCreationDate", 62, 63))
_PNG_KEYWORDS = ("exif:datetimeoriginal", "exif:datetimedigitized", "creation time", "create-date", "creationtime")
_IPTC_CLOCK = re.compile(r"\s*(\d\d):?(\d\d):?(\d\d)(.*)")
_MAX_DATA_SETS = 2000
_QUARTER_MIN = 15
_FIX_AGE_S = 120.0  # of a satellite fix, at most, by which the time zone of another time is told
_MAX_OFFSET_MIN = 14 * 60


def read_taken(file: BinaryIO) -> TakenTime | None:
    """The time of capture in a photo's file; None if there is none. Reads the headers only.

    Args:
        file: At its start.

    Raises:
        OSError: If the file itself cannot be read.
    """
    return taken_of_blocks(read_blocks(file))


def taken_of_blocks(blocks: MetadataBlocks) -> TakenTime | None:
    """The time that is believed most of those in a file; see docs/files.md for the order.

    Raises:
        OSError: If the file that the blocks are in cannot be read.
    """
    runs_wrong = None
    for taken in _told(blocks):
        if is_unset(taken.time):
            continue
        if not runs_from_default(taken.time):
            return taken
        runs_wrong = runs_wrong or taken
    return runs_wrong


def exif_original(tags: Mapping[int, object]) -> TakenTime | None:
    """DateTimeOriginal, the time that stands first in the order, from the tags of `EXIF_TIME_TAGS`."""
    return next(
        (taken for taken in _of_exif(tags, "EXIF DateTimeOriginal", _ORIGINAL) if not is_unset(taken.time)), None
    )


def _told(blocks: MetadataBlocks) -> Iterator[TakenTime]:
    """The times in a file, the most believable first."""
    tags = _exif_tags(blocks)
    yield from _of_exif(tags, "EXIF DateTimeOriginal", _ORIGINAL)
    yield from _of_exif(tags, "EXIF CreateDate", _DIGITIZED)
    packet = _xmp_texts(blocks.xmp)
    for place, name in _XMP_PLACES:
        yield from _as_taken(parse_time(packet.get(name)), place)
    yield from _of_iptc(blocks.iptc)
    for keyword in _PNG_KEYWORDS:
        yield from _as_taken(parse_time(blocks.texts.get(keyword)), "PNG Creation Time")
    satellite = _of_satellites(blocks)
    changed = [
        *_of_exif(tags, "EXIF ModifyDate", _CHANGED),
        *_as_taken(parse_time(packet.get(_XMP_CHANGED[1])), _XMP_CHANGED[0]),
    ]
    if satellite is not None:
        # A last change at the moment of the fix was the taking, by the clock on the wall.
        for one in changed:
            offset = _offset_from(satellite.time, one.time)
            if offset is not None:
                yield TakenTime(one.time, f"{one.place} and GPS", utc_offset_min=offset)
        yield satellite
    yield from changed
    yield from _of_chunk(blocks.changed)


def _exif_tags(blocks: MetadataBlocks) -> dict[int, object]:
    tags: dict[int, object] = {}
    for block in blocks.exif:
        try:
            block.seek(0)
            found = read_tags(block, EXIF_TIME_TAGS)
        except (struct.error, ValueError, OverflowError):
            continue
        tags = {**found, **tags}
    return tags


def _of_exif(tags: Mapping[int, object], place: str, names: tuple[int, int, int]) -> Iterator[TakenTime]:
    time, fraction, offset = (tags.get(tag) for tag in names)
    yield from _as_taken(parse_time(time, fraction, offset), place)


def _as_taken(read: ReadTime | None, place: str) -> Iterator[TakenTime]:
    if read is not None:
        yield TakenTime(read.time, place, read.is_utc, read.utc_offset_min)


def _xmp_texts(content: bytes) -> dict[str, str]:
    if not content:
        return {}
    from curation.photos.xmp.packet import XmpPacket

    try:
        packet = XmpPacket.parse(content.rstrip(b"\0 \n"))
    except PhotoUnreadableError:
        return {}
    texts = {name: packet.text(name) for name in (*(name for _, name in _XMP_PLACES), _XMP_CHANGED[1])}
    return {name: text for name, text in texts.items() if text}


def _of_iptc(content: bytes) -> Iterator[TakenTime]:
    """Days and times of day stand in data sets of their own: `20240615` and `100000+0200` (IPTC-IIM 4.2, record 2)."""
    sets: dict[int, str] = {}
    at = 0
    for _ in range(_MAX_DATA_SETS):
        if at + 5 > len(content) or content[at] != 0x1C:
            break
        record, number, size = struct.unpack_from(">BBH", content, at + 1)
        at += 5
        if size >= 0x8000:
            break  # a length of a length, for data larger than any time
        if record == 2:
            sets.setdefault(number, content[at : at + size].decode("latin-1"))
        at += size
    for place, day, clock in _IPTC_PLACES:
        written = _IPTC_CLOCK.match(sets.get(clock, ""))
        if written is not None:
            digits = "".join(char for char in sets.get(day, "") if char.isdigit())
            yield from _as_taken(parse_time(f"{digits}T{written[1]}{written[2]}{written[3]}", "", written[4]), place)


def _of_satellites(blocks: MetadataBlocks) -> TakenTime | None:
    for block in blocks.exif:
        try:
            block.seek(0)
            tags = read_gps_tags(block)
        except (struct.error, ValueError, OverflowError):
            continue
        day, clock = tags.get(_GPS_DAY), tags.get(_GPS_TIME)
        if not isinstance(day, str) or not isinstance(clock, tuple) or len(clock) < 3:
            continue
        date = parse_time(f"{day} 00:00:00")
        hour, minute, second = clock[:3]
        if date is None or not (0 <= hour < 25 and 0 <= minute < 60 and 0 <= second < 61):
            continue
        if date.time.year < 1981:  # the receiver had no fix: its count of weeks begins in 1980
            continue
        time = date.time + timedelta(hours=hour, minutes=minute, seconds=second)
        return TakenTime(time, "GPS", is_utc=True)
    return None


def _offset_from(utc: datetime, local: datetime) -> int | None:
    """How far a time is ahead of UTC, if it is of the moment of a satellite fix."""
    apart_s = (local - utc).total_seconds()
    offset = round(apart_s / (60 * _QUARTER_MIN)) * _QUARTER_MIN
    return offset if abs(apart_s - 60 * offset) <= _FIX_AGE_S and abs(offset) <= _MAX_OFFSET_MIN else None


def _of_chunk(content: bytes) -> Iterator[TakenTime]:
    """When a PNG was last changed, in UTC."""
    if len(content) == 7:
        year, *rest = struct.unpack(">HBBBBB", content)
        text = f"{year:04}-{rest[0]:02}-{rest[1]:02}T{rest[2]:02}:{rest[3]:02}:{rest[4]:02}Z"
        yield from _as_taken(parse_time(text), "PNG tIME")
