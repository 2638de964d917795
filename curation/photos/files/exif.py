"""The two EXIF facts that are needed to open a photo, orientation and time of capture, and turning it upright.

A time that stands elsewhere than in DateTimeOriginal is read by `curation.photos.taken.times`, only for photos that
have none there. Only those tags are read, directly from the TIFF structure (EXIF 2.32, section 4.6; TIFF 6.0), so that
damage elsewhere in the metadata causes neither warnings nor errors.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from curation.photos.taken.tiff_tags import read_tags
from curation.photos.taken.times import EXIF_TIME_TAGS, exif_original

__all__ = ["NO_FACTS", "ExifFacts", "is_raw_tiff", "read_exif_block", "read_tiff_facts", "sides_swapped", "upright"]

_SUBFILE_TYPE = 0x00FE
_ORIENTATION = 0x0112
_SUB_IFDS = 0x014A
_DNG_VERSION = 0xC612
_EXIF_IFD = 0x8769

_TYPE_SHORT = 3
_TYPE_LONG = 4

_MAX_ENTRIES = 1000  # of one directory; cameras write fewer than 100
_EXIF_PREFIX = b"Exif\0\0"
# BigTIFF (43) has another layout; RW2 (0x55) and ORF ("RO", "RS") are TIFF with another magic number.
_TIFF_MAGIC_NUMBERS = frozenset({42, 0x55, 0x4F52, 0x5352})


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """What EXIF says about a photo.

    Attributes:
        orientation: 1 to 8 as in EXIF; None when absent or invalid.
        capture_time: DateTimeOriginal with SubSecTimeOriginal in the camera's local time, without a
            time zone; None when absent or invalid.
        time_source: Where the time stands in the file; empty if it is unknown.
    """

    orientation: int | None = None
    capture_time: datetime | None = None
    time_source: str = field(default="", compare=False)


NO_FACTS = ExifFacts()


def read_exif_block(block: bytes) -> ExifFacts:
    """Read the facts from an EXIF block, with or without its six-byte prefix `Exif`; never raises."""
    return read_tiff_facts(BytesIO(block.removeprefix(_EXIF_PREFIX)))


def read_tiff_facts(file: BinaryIO) -> ExifFacts:
    """Read the facts from a TIFF structure that starts at the file's current position.

    The first directory and the EXIF directory it points to are read; anything damaged in them
    counts as absent.

    Raises:
        OSError: If the file itself cannot be read.
    """
    start = file.tell()
    tags, order = _first_directory(file, start)
    exif_ifd = tags.get(_EXIF_IFD)
    if exif_ifd is not None:
        tags |= _read_directory(file, start, exif_ifd, order)
    orientation = tags.get(_ORIENTATION)
    file.seek(start)
    try:
        taken = exif_original(read_tags(file, EXIF_TIME_TAGS))
    except (struct.error, OverflowError, ValueError):
        taken = None
    return ExifFacts(
        orientation=orientation if orientation is not None and 1 <= orientation <= 8 else None,
        capture_time=None if taken is None else taken.time,
        time_source="" if taken is None else taken.source,
    )


def is_raw_tiff(file: BinaryIO) -> bool:
    """Whether the TIFF that starts at the file's current position is a camera's RAW file or a DNG, by its tags.

    In both the first directory is often a small preview, and the sensor's picture stands in a sub-directory.

    Raises:
        OSError: If the file itself cannot be read.
    """
    tags, _ = _first_directory(file, file.tell())
    return _DNG_VERSION in tags or (tags.get(_SUBFILE_TYPE) == 1 and _SUB_IFDS in tags)


def _first_directory(file: BinaryIO, start: int) -> tuple[dict[int, int], str]:
    """The tags of the first directory, empty if there is none, and the byte order."""
    header = file.read(8)
    if len(header) < 8 or header[:2] not in (b"II", b"MM"):
        return {}, "<"
    order = "<" if header[:2] == b"II" else ">"
    magic, first_ifd = struct.unpack(order + "HI", header[2:])
    if magic not in _TIFF_MAGIC_NUMBERS:
        return {}, order
    return _read_directory(file, start, first_ifd, order), order


def _read_directory(file: BinaryIO, start: int, offset: int, order: str) -> dict[int, int]:
    """The tags that are used, from the directory at `start + offset`."""
    file.seek(start + offset)
    raw_count = file.read(2)
    if len(raw_count) < 2:
        return {}
    count = min(struct.unpack(order + "H", raw_count)[0], _MAX_ENTRIES)
    entries = file.read(12 * count)
    tags: dict[int, int] = {}
    for position in range(0, len(entries) - 11, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", entries, position)
        value = entries[position + 8 : position + 12]
        if tag in (_SUB_IFDS, _DNG_VERSION):
            tags[tag] = number
        elif tag in (_SUBFILE_TYPE, _ORIENTATION, _EXIF_IFD) and number == 1:
            if kind == _TYPE_SHORT:
                tags[tag] = struct.unpack(order + "H", value[:2])[0]
            elif kind == _TYPE_LONG:
                tags[tag] = struct.unpack(order + "I", value)[0]
    return tags


def sides_swapped(orientation: int) -> bool:
    """Whether turning upright swaps width and height."""
    return orientation >= 5


def upright(array: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn a stored picture upright without copying it.

    Args:
        array: (H, W, ...) as stored in the file.
        orientation: 1 to 8 as in EXIF tag 0x0112: where row 0 and column 0 of the stored picture are.

    Returns:
        A view of `array`, (W, H, ...) for orientations 5 to 8.
    """
    if sides_swapped(orientation):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
