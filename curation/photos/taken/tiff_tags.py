"""Values of tags from a TIFF structure, which EXIF and most RAW files are (TIFF 6.0; EXIF 2.32, section 4.6)."""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import BinaryIO

__all__ = ["TagValue", "read_tags"]

TagValue = str | int | float

_EXIF_IFD = 0x8769
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_SIZES = {_ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8}
_MAX_ENTRIES = 1000  # of one directory; cameras write fewer than 100
_MAX_VALUE_BYTES = 256
# RW2 (0x55) and ORF ("RO", "RS") are TIFF with another magic number.
_MAGIC_NUMBERS = frozenset({42, 0x55, 0x4F52, 0x5352})


def read_tags(file: BinaryIO, wanted: Collection[int]) -> dict[int, TagValue]:
    """The values of some tags from the first directory and the EXIF directory it points to.

    Texts, and the first number of each list of whole or rational numbers, are read; whatever is damaged, of another
    type or divided by 0 counts as absent.

    Args:
        file: At the start of a TIFF structure.
        wanted: The tags.

    Raises:
        OSError: If the file itself cannot be read.
    """
    start = file.tell()
    header = file.read(8)
    if len(header) < 8 or header[:2] not in (b"II", b"MM"):
        return {}
    order = "<" if header[:2] == b"II" else ">"
    magic, first = struct.unpack(order + "HI", header[2:])
    if magic not in _MAGIC_NUMBERS:
        return {}
    found = _read_directory(file, start, first, order, {*wanted, _EXIF_IFD})
    exif = found.pop(_EXIF_IFD, None)
    if isinstance(exif, int):
        found |= _read_directory(file, start, exif, order, set(wanted))
    return found


def _read_directory(
    file: BinaryIO, start: int, offset: int, order: str, wanted: Collection[int]
) -> dict[int, TagValue]:
    file.seek(start + offset)
    raw_count = file.read(2)
    if len(raw_count) < 2:
        return {}
    entries = file.read(12 * min(struct.unpack(order + "H", raw_count)[0], _MAX_ENTRIES))
    found: dict[int, TagValue] = {}
    for position in range(0, len(entries) - 11, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", entries, position)
        if tag not in wanted or kind not in _SIZES or not number:
            continue
        value = entries[position + 8 : position + 12]
        size = min(_SIZES[kind] * number, _MAX_VALUE_BYTES)
        if _SIZES[kind] * number > 4:
            file.seek(start + struct.unpack(order + "I", value)[0])
            value = file.read(size)
        read = _value(kind, value[:size], order)
        if read is not None:
            found[tag] = read
    return found


def _value(kind: int, content: bytes, order: str) -> TagValue | None:
    if kind == _ASCII:
        return content.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
    if len(content) < _SIZES[kind]:
        return None
    if kind == _RATIONAL:
        over, under = struct.unpack_from(order + "II", content)
        return over / under if under else None
    whole: int = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), content)[0]
    return whole
