"""EXIF and XMP of HEIF and AVIF files: where the boxes of ISO 14496-12 and 23008-12 say that they are."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["iso_blocks", "walked_boxes"]

_MAX_BOXES = 10_000
_MAX_META_BYTES = 2**23
_MAX_ITEM_BYTES = 2**24
_MAX_ITEMS = 20_000
_MAX_EXTENTS = 100_000  # of all items; their numbers can have no width, so that the size of the file is no limit

Box = tuple[bytes, int, int]
Extent = tuple[int, int, int]


def walked_boxes(file: BinaryIO, begin: int, end: int | None) -> Iterator[Box]:
    """The boxes from `begin` to `end`, or to the end of the file: type, and where the content begins and ends."""
    if end is None:
        end = file.seek(0, os.SEEK_END)
    for _ in range(_MAX_BOXES):
        if begin + 8 > end:
            return
        file.seek(begin)
        head = file.read(16)
        size, kind, skipped = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, skipped = int.from_bytes(head[8:16], "big"), 16
        size = size or end - begin
        if size < skipped:
            return
        yield kind, begin + skipped, min(begin + size, end)
        begin += size


def iso_blocks(file: BinaryIO) -> tuple[bytes, bytes]:
    """The EXIF block, which is a TIFF, and the XMP packet of a file; empty if there is none.

    Raises:
        OSError: If the file itself cannot be read.
        struct.error: If its boxes are damaged.
    """
    for kind, begin, end in walked_boxes(file, 0, None):
        if kind == b"meta" and end - begin <= _MAX_META_BYTES:
            return _of_meta(file, begin + 4, end)
    return b"", b""


def _of_meta(file: BinaryIO, begin: int, end: int) -> tuple[bytes, bytes]:
    parts = {kind: (first, last) for kind, first, last in walked_boxes(file, begin, end)}
    if b"iinf" not in parts or b"iloc" not in parts:
        return b"", b""
    exif_item, xmp_item = _items(file, *parts[b"iinf"])
    file.seek(parts[b"iloc"][0])
    places = _locations(file.read(parts[b"iloc"][1] - parts[b"iloc"][0]), {exif_item, xmp_item})
    data = parts.get(b"idat", (0, 0))[0]
    exif = _content(file, places.get(exif_item, []), data)
    # Behind a number that says how many bytes come before the TIFF.
    exif = exif[4 + int.from_bytes(exif[:4], "big") :] if len(exif) > 4 else b""
    return exif, _content(file, places.get(xmp_item, []), data)


def _items(file: BinaryIO, begin: int, end: int) -> tuple[int, int]:
    """The numbers of the items with EXIF and XMP; -1 for none."""
    file.seek(begin)
    version = file.read(1)
    first = begin + (6 if version == b"\0" else 8)
    exif = xmp = -1
    for kind, start, last in walked_boxes(file, first, end):
        if kind != b"infe":
            continue
        file.seek(start)
        body = file.read(min(last - start, 256))
        if not body or body[0] not in (2, 3):
            continue
        wide = body[0] == 3
        number = int.from_bytes(body[4 : 8 if wide else 6], "big")
        kind_at = 10 if wide else 8
        item_type, words = body[kind_at : kind_at + 4], body[kind_at + 4 :].split(b"\0")
        if item_type == b"Exif" and exif < 0:
            exif = number
        elif item_type == b"mime" and xmp < 0 and len(words) > 1 and words[1] == b"application/rdf+xml":
            xmp = number
    return exif, xmp


def _locations(body: bytes, wanted: set[int]) -> dict[int, list[Extent]]:
    """The parts of each item: how it is built, where it begins and how long it is."""
    version = body[0]
    sizes, more = body[4], body[5]
    offset_bytes, length_bytes, base_bytes = sizes >> 4, sizes & 15, more >> 4
    index_bytes = more & 15 if version in (1, 2) else 0
    at = 6
    wide = version == 2

    def number(size: int) -> int:
        nonlocal at
        if at + size > len(body):
            raise struct.error("the list of items is cut off")
        at += size
        return int.from_bytes(body[at - size : at], "big")

    found: dict[int, list[Extent]] = {}
    count = 0
    for _ in range(min(number(4 if wide else 2), _MAX_ITEMS)):
        item = number(4 if wide else 2)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(base_bytes)
        extents: list[Extent] = []
        parts = number(2)
        count += parts
        if count > _MAX_EXTENTS:
            raise struct.error("its items have too many parts")
        for _ in range(parts):
            number(index_bytes)
            offset = number(offset_bytes)
            extents.append((method, base + offset, number(length_bytes)))
        if item in wanted:
            found[item] = extents
    return found


def _content(file: BinaryIO, extents: list[Extent], data: int) -> bytes:
    # The parts of an item may all be the same bytes of the file.
    if sum(length for _, _, length in extents) > _MAX_ITEM_BYTES:
        return b""
    parts = []
    for method, offset, length in extents:
        if method not in (0, 1):
            return b""
        file.seek(offset + (data if method == 1 else 0))
        parts.append(file.read(length))
    return b"".join(parts)
