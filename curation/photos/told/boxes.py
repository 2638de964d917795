"""Metadata in files that consist of boxes: HEIF and AVIF (items of `meta`), CR3, JPEG 2000 and JPEG XL.

ISO/IEC 14496-12 (boxes; `iinf`, `iloc`, `idat`), 15444-1 and 18181-2; Adobe's XMP specification, part 3 (`uuid`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["box_blocks", "jpeg_xl_blocks"]

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MAX_BOXES = 10_000
_MAX_META_BYTES = 16 * 2**20
_MAX_BLOCK_BYTES = 64 * 2**20  # of all items together, whose parts may all be the same bytes of the file
_MAX_EXTENTS = 100_000
_XMP_TYPE = b"application/rdf+xml"
_FULL = 4  # bytes of version and flags


class _Box(NamedTuple):
    kind: bytes
    start: int  # of its content
    end: int


def box_blocks(file: BinaryIO) -> tuple[tuple[bytes, ...], bytes]:
    """The packets of XMP, and EXIF from its byte order on; empty without.

    Raises:
        OSError: If the file cannot be read.
    """
    xmp: list[bytes] = []
    exif = b""
    for box in _boxes(file):
        if box.kind == b"meta" and box.end - box.start <= _MAX_META_BYTES:
            file.seek(box.start)
            items, block = _items(file, file.read(box.end - box.start), box.start)
            xmp += items
            exif = exif or block
        elif box.kind == b"uuid":
            file.seek(box.start)
            if file.read(16) == _XMP_UUID:
                xmp.append(file.read(min(box.end - box.start - 16, _MAX_BLOCK_BYTES)))
    return tuple(xmp), exif


def jpeg_xl_blocks(file: BinaryIO) -> tuple[tuple[bytes, ...], bytes]:
    """The same for JPEG XL, whose boxes are `xml ` and `Exif`; those that are compressed (`brob`) are not read."""
    xmp: list[bytes] = []
    exif = b""
    for box in _boxes(file):
        if box.kind not in (b"xml ", b"Exif"):
            continue
        file.seek(box.start)
        content = file.read(min(box.end - box.start, _MAX_BLOCK_BYTES))
        if box.kind == b"xml ":
            xmp.append(content)
        else:
            exif = exif or _exif(content)
    return tuple(xmp), exif


def _boxes(file: BinaryIO) -> Iterator[_Box]:
    """The boxes of the file itself; their content is not read."""
    total = file.seek(0, 2)
    place = 0
    for _ in range(_MAX_BOXES):
        file.seek(place)
        header = file.read(16)
        if len(header) < 8:
            return
        size, kind = struct.unpack_from(">I4s", header)
        start = place + 8
        if size == 1:
            if len(header) < 16:
                return
            size, start = struct.unpack_from(">Q", header, 8)[0], place + 16
        end = total if size == 0 else place + size
        if end <= place:
            return
        yield _Box(kind, start, min(end, total))
        place = end


def _children(content: bytes, start: int) -> Iterator[_Box]:
    place = start
    for _ in range(_MAX_BOXES):
        if place + 8 > len(content):
            return
        size, kind = struct.unpack_from(">I4s", content, place)
        if size == 0:
            size = len(content) - place
        if size < 8:
            return
        yield _Box(kind, place + 8, min(place + size, len(content)))
        place += size


def _items(file: BinaryIO, meta: bytes, meta_at: int) -> tuple[list[bytes], bytes]:
    """XMP packets and EXIF among the items of a `meta` box."""
    boxes = {box.kind: box for box in _children(meta, _FULL)}
    if b"iinf" not in boxes or b"iloc" not in boxes:
        return [], b""
    kinds = _kinds(meta[boxes[b"iinf"].start : boxes[b"iinf"].end])
    wanted = {item for item, kind in kinds.items() if kind in (b"Exif", _XMP_TYPE)}
    if not wanted:
        return [], b""
    data_at = meta_at + boxes[b"idat"].start if b"idat" in boxes else None
    xmp, exif, left = [], b"", _MAX_BLOCK_BYTES
    for item, extents in _extents(meta[boxes[b"iloc"].start : boxes[b"iloc"].end], wanted, data_at).items():
        pieces = []
        for place, size in extents:
            file.seek(place)
            pieces.append(file.read(min(size, left)))
            left -= len(pieces[-1])
        content = b"".join(pieces)
        if kinds[item] == _XMP_TYPE:
            xmp.append(content)
        else:
            exif = exif or _exif(content)
    return xmp, exif


def _exif(content: bytes) -> bytes:
    """EXIF from its byte order on: before it stand the four bytes of where it begins."""
    return content[4 + struct.unpack_from(">I", content)[0] :] if len(content) > 4 else b""


def _kinds(info: bytes) -> dict[int, bytes]:
    """The kind of each item: its four characters, or its content type if it is `mime`."""
    out: dict[int, bytes] = {}
    first = _FULL + (2 if info[0] == 0 else 4)
    for box in _children(info, first):
        if box.kind != b"infe":
            continue
        entry = info[box.start : box.end]
        version = entry[0]
        if version < 2:
            continue
        id_form = ">H" if version == 2 else ">I"
        at = _FULL + struct.calcsize(id_form)
        item = struct.unpack_from(id_form, entry, _FULL)[0]
        kind = entry[at + 2 : at + 6]
        if kind == b"mime":
            _, _, rest = entry[at + 6 :].partition(b"\0")
            kind = rest.split(b"\0", 1)[0]
        out[item] = kind
    return out


def _extents(location: bytes, wanted: set[int], data_at: int | None) -> dict[int, list[tuple[int, int]]]:
    """Place in the file and size of each part of the wanted items."""
    version = location[0]
    sizes = struct.unpack_from(">H", location, _FULL)[0]
    offset_bytes, length_bytes, base_bytes = sizes >> 12 & 15, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version in (1, 2) else 0
    place = _FULL + 2
    id_bytes = 4 if version == 2 else 2

    def number(count: int) -> int:
        nonlocal place
        if place + count > len(location):
            raise ValueError("the list of items is cut off")
        value = int.from_bytes(location[place : place + count], "big")
        place += count
        return value

    out: dict[int, list[tuple[int, int]]] = {}
    count = 0
    for _ in range(number(id_bytes)):
        item = number(id_bytes)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)  # the file that has it; 0 is this one
        base = number(base_bytes)
        extents = []
        parts = number(2)
        count += parts
        if count > _MAX_EXTENTS:
            raise ValueError("the items have too many parts")
        for _ in range(parts):
            number(index_bytes)
            offset, length = base + number(offset_bytes), number(length_bytes)
            extents.append((offset, length))
        if item not in wanted:
            continue
        if method == 0:
            out[item] = extents
        elif method == 1 and data_at is not None:
            out[item] = [(data_at + offset, length) for offset, length in extents]
    return out
