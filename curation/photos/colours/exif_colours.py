"""Adobe RGB as cameras tell it: by tags of EXIF, without a colour profile (EXIF 2.32, 4.6.5 and 4.7; DCF 2.0)."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import BinaryIO

__all__ = ["block_tells_adobe_rgb", "raw_tells_adobe_rgb", "tiff_tells_adobe_rgb"]

_PRIMARY_CHROMATICITIES = 0x013F
_DNG_VERSION = 0xC612
_EXIF_IFD = 0x8769
_COLOR_SPACE = 0xA001
_INTEROP_IFD = 0xA005
_INTEROP_INDEX = 0x0001
_SRGB = 1
_ADOBE_RGB = 2  # in no standard, but written by several makers
_UNCALIBRATED = 0xFFFF
_MAX_ENTRIES = 1000
_EXIF_PREFIX = b"Exif\0\0"
_MAGIC_NUMBERS = frozenset({42, 0x55, 0x4F52, 0x5352})
_ADOBE_GREEN = (0.21, 0.71)


def block_tells_adobe_rgb(block: bytes) -> bool:
    """Whether an EXIF block says that the picture is in Adobe RGB; False for a broken one.

    Args:
        block: With or without its six-byte prefix `Exif`.
    """
    return tiff_tells_adobe_rgb(BytesIO(block.removeprefix(_EXIF_PREFIX)))


def tiff_tells_adobe_rgb(file: BinaryIO) -> bool:
    """Whether the EXIF in a TIFF structure that starts at the file's position says that its picture is in Adobe RGB.

    `ColorSpace` must not be sRGB, and one of these holds: it is 2; the index of interoperability is R03; the primaries
    are those of Adobe RGB.

    Raises:
        OSError: If the file itself cannot be read.
    """
    start = file.tell()
    header = file.read(8)
    if len(header) < 8 or header[:2] not in (b"II", b"MM"):
        return False
    order = "<" if header[:2] == b"II" else ">"
    magic, first = struct.unpack(order + "HI", header[2:])
    if magic not in _MAGIC_NUMBERS:
        return False
    main = _directory(file, start, first, order)
    exif = _directory(file, start, _number(main.get(_EXIF_IFD), order), order)
    space = _number(exif.get(_COLOR_SPACE), order)
    if space == _SRGB:
        return False
    index = _directory(file, start, _number(exif.get(_INTEROP_IFD), order), order).get(_INTEROP_INDEX, (0, 0, b""))[2]
    if index.startswith(b"R03"):
        return True
    if index.startswith(b"R98"):
        return False
    if space == _ADOBE_RGB:
        return True
    return space == _UNCALIBRATED and _has_adobe_primaries(file, start, main.get(_PRIMARY_CHROMATICITIES), order)


def raw_tells_adobe_rgb(file: BinaryIO) -> bool:
    """Whether the EXIF of a RAW file says that the camera's picture, which is its preview, is in Adobe RGB.

    Not for a DNG, whose preview may be another program's, nor for files that are no TIFF.

    Raises:
        OSError: If the file itself cannot be read.
    """
    start = file.tell()
    header = file.read(8)
    if len(header) < 8 or header[:2] not in (b"II", b"MM"):
        return False
    order = "<" if header[:2] == b"II" else ">"
    if _DNG_VERSION in _directory(file, start, struct.unpack(order + "I", header[4:])[0], order):
        return False
    file.seek(start)
    return tiff_tells_adobe_rgb(file)


_Entry = tuple[int, int, bytes]
"""Type, count and the four bytes of a value or of where it stands."""


def _directory(file: BinaryIO, start: int, offset: int, order: str) -> dict[int, _Entry]:
    if not offset:
        return {}
    file.seek(start + offset)
    count = file.read(2)
    if len(count) < 2:
        return {}
    entries = file.read(12 * min(struct.unpack(order + "H", count)[0], _MAX_ENTRIES))
    found: dict[int, _Entry] = {}
    for at in range(0, len(entries) - 11, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", entries, at)
        found[tag] = (kind, number, entries[at + 8 : at + 12])
    return found


def _number(entry: _Entry | None, order: str) -> int:
    """A whole number; 0 if there is none."""
    if entry is None or entry[1] != 1 or entry[0] not in (3, 4, 13):
        return 0
    return int(struct.unpack(order + ("H" if entry[0] == 3 else "I"), entry[2][: 2 if entry[0] == 3 else 4])[0])


def _has_adobe_primaries(file: BinaryIO, start: int, entry: _Entry | None, order: str) -> bool:
    if entry is None or entry[:2] != (5, 6):
        return False
    file.seek(start + struct.unpack(order + "I", entry[2])[0])
    data = file.read(48)
    if len(data) < 48:
        return False
    numbers = struct.unpack(order + "12I", data)
    x, y = (numbers[i] / (numbers[i + 1] or 1) for i in (4, 6))
    return bool(abs(x - _ADOBE_GREEN[0]) < 0.01 and abs(y - _ADOBE_GREEN[1]) < 0.01)
