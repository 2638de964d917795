"""Values of tags from a TIFF structure, which EXIF and most RAW files are (TIFF 6.0; EXIF 2.32, section 4.6)."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from typing import BinaryIO

__all__ = ["TagValue", "read_gps_tags", "read_tags", "read_tiff_block"]

TagValue = str | int | float

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _IFD, _UTF8 = 1, 2, 3, 4, 5, 7, 13, 129
_SIZES = {_BYTE: 1, _ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1, _IFD: 4, _UTF8: 1}
_TEXTS = frozenset({_ASCII, _UTF8})
_MAX_ENTRIES = 1000  # of one directory; cameras write fewer than 100
_MAX_VALUE_BYTES = 256
_MAX_BLOCK_BYTES = 2**24
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
    order, first = _header(file)
    if first is None:
        return {}
    found = _read_directory(file, start, first, order, {*wanted, _EXIF_IFD})
    exif = found.pop(_EXIF_IFD, None)
    if isinstance(exif, int):
        found |= _read_directory(file, start, exif, order, set(wanted))
    return found


def read_gps_tags(file: BinaryIO) -> dict[int, str | tuple[float, ...]]:
    """Texts and lists of rational numbers of the directory of the satellite receiver.

    Takes and raises what `read_tags` does; whatever is damaged counts as absent.
    """
    start = file.tell()
    order, first = _header(file)
    if first is None:
        return {}
    # CR3 keeps this directory as the first one of a block of its own.
    place = _read_directory(file, start, first, order, {_GPS_IFD}).get(_GPS_IFD, first)
    found: dict[int, str | tuple[float, ...]] = {}
    for tag, kind, content in _entries(file, start, int(place), order):
        if kind in _TEXTS:
            found[tag] = _text(content)
        elif kind == _RATIONAL:
            pairs = list(struct.iter_unpack(order + "II", content[: len(content) // 8 * 8]))
            if pairs and all(under for _, under in pairs):
                found[tag] = tuple(over / under for over, under in pairs)
    return found


def read_tiff_block(file: BinaryIO, tag: int) -> bytes:
    """The bytes of one tag of the first directory, as of an XMP packet or of IPTC data; empty if there is none.

    Raises:
        OSError: If the file itself cannot be read.
    """
    start = file.tell()
    order, first = _header(file)
    if first is None:
        return b""
    return next(
        (content for found, _, content in _entries(file, start, first, order, {tag}, _MAX_BLOCK_BYTES) if found == tag),
        b"",
    )


def _header(file: BinaryIO) -> tuple[str, int | None]:
    """The byte order, and where the first directory is; None if this is no TIFF."""
    header = file.read(8)
    if len(header) < 8 or header[:2] not in (b"II", b"MM"):
        return "<", None
    order = "<" if header[:2] == b"II" else ">"
    magic, first = struct.unpack(order + "HI", header[2:])
    return order, first if magic in _MAGIC_NUMBERS else None


def _read_directory(
    file: BinaryIO, start: int, offset: int, order: str, wanted: Collection[int]
) -> dict[int, TagValue]:
    found: dict[int, TagValue] = {}
    for tag, kind, content in _entries(file, start, offset, order, wanted):
        read = _value(kind, content, order)
        if read is not None:
            found[tag] = read
    return found


def _entries(
    file: BinaryIO,
    start: int,
    offset: int,
    order: str,
    wanted: Collection[int] | None = None,
    most_bytes: int = _MAX_VALUE_BYTES,
) -> Iterator[tuple[int, int, bytes]]:
    """The tags of a directory with their types and contents; all tags if none are named."""
    file.seek(start + offset)
    raw_count = file.read(2)
    if len(raw_count) < 2:
        return
    entries = file.read(12 * min(struct.unpack(order + "H", raw_count)[0], _MAX_ENTRIES))
    for position in range(0, len(entries) - 11, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", entries, position)
        if (wanted is not None and tag not in wanted) or kind not in _SIZES or not number:
            continue
        value = entries[position + 8 : position + 12]
        size = min(_SIZES[kind] * number, most_bytes)
        if _SIZES[kind] * number > 4:
            file.seek(start + struct.unpack(order + "I", value)[0])
            value = file.read(size)
        yield tag, kind, value[:size]


def _text(content: bytes) -> str:
    return content.split(b"\0", 1)[0].decode("utf-8", "replace").strip()


def _value(kind: int, content: bytes, order: str) -> TagValue | None:
    # Some programs write texts as bytes of no type; those are told from numbers by their length.
    if kind in _TEXTS or (kind in (_BYTE, _UNDEFINED) and len(content) > 4):
        return _text(content)
    if len(content) < _SIZES[kind] or kind in (_BYTE, _UNDEFINED):
        return None
    if kind == _RATIONAL:
        over, under = struct.unpack_from(order + "II", content)
        return over / under if under else None
    whole: int = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), content)[0]
    return whole
