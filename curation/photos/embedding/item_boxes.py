"""The boxes of a HEIF or AVIF file that say which items there are, and where they lie (ISO 14496-12, section 8.11)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.errors import PhotoUnreadableError

__all__ = ["IN_FILE", "Box", "Extent", "Item", "Location", "box", "boxes", "item_infos", "locations", "write_locations"]

_MAX_EXTENTS = 500_000  # of all items; their numbers can have no width, so that the size of the file is no limit

IN_FILE = 0
"""Construction method of items whose places count from the beginning of the file."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box within a block of bytes.

    Attributes:
        kind: Four letters.
        start: Where it begins.
        body: Where its content begins.
        end: Where it ends.
    """

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """What the file says of an item: its number, its type, and the type of content of items of type `mime`."""

    number: int
    kind: bytes
    content_type: bytes


@dataclass(frozen=True, slots=True)
class Extent:
    """A part of an item: where it begins, how long it is in bytes, and the index of the item that it is made from."""

    offset: int
    length: int
    index: int = 0


@dataclass(frozen=True, slots=True)
class Location:
    """Where an item lies.

    Attributes:
        number: Of the item.
        method: How its places count, see `IN_FILE`.
        reference: In which file; 0 is this one.
        extents: Its parts.
    """

    number: int
    method: int
    reference: int
    extents: tuple[Extent, ...]


def box(kind: bytes, body: bytes) -> bytes:
    """The bytes of a box."""
    return struct.pack(">I4s", len(body) + 8, kind) + body


def boxes(content: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes of a part of a block.

    Raises:
        PhotoUnreadableError: If one leads out of the part.
    """
    at = start
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", content, at + 8)
            body = at + 16
        after = end if size == 0 else at + size
        if after > end or after < body:
            raise PhotoUnreadableError("its boxes are damaged")
        yield Box(kind, at, body, after)
        at = after


def item_infos(content: bytes, found: Box) -> list[Item]:
    """The items that a box `iinf` lists.

    Raises:
        PhotoUnreadableError: If it is damaged.
    """
    start = found.body + (6 if content[found.body] == 0 else 8)
    items = []
    for each in boxes(content, start, found.end):
        version = content[each.body]
        at = each.body + 4
        if each.kind != b"infe" or version not in (2, 3):
            raise PhotoUnreadableError("its list of items is of an unknown kind")
        width = 2 if version == 2 else 4
        number = int.from_bytes(content[at : at + width], "big")
        at += width + 2
        kind = content[at : at + 4]
        _, _, rest = content[at + 4 : each.end].partition(b"\0")  # its name
        items.append(Item(number, kind, rest.partition(b"\0")[0] if kind == b"mime" else b""))
    return items


def locations(content: bytes, found: Box) -> list[Location]:
    """The places of items by a box `iloc`, with their bases added.

    Raises:
        PhotoUnreadableError: If it is damaged or of an unknown kind.
    """
    version = content[found.body]
    if version > 2:
        raise PhotoUnreadableError("its table of places is of an unknown kind")
    reader = _Reader(content, found.body + 4, found.end)
    sizes = reader.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    result = []
    total = 0
    for _ in range(reader.number(4 if version == 2 else 2)):
        number = reader.number(4 if version == 2 else 2)
        method = reader.number(2) & 15 if version else IN_FILE
        reference = reader.number(2)
        base = reader.number(base_size)
        extents = []
        count = reader.number(2)
        total += count
        if total > _MAX_EXTENTS:
            raise PhotoUnreadableError("its items have too many parts")
        for _ in range(count):
            index = reader.number(index_size)
            offset = base + reader.number(offset_size)
            length = reader.number(length_size)
            extents.append(Extent(offset, length, index))
        result.append(Location(number, method, reference, tuple(extents)))
    return result


def write_locations(found: Sequence[Location], *, is_wide: bool) -> bytes:
    """A box `iloc`.

    Args:
        found: The places of all items.
        is_wide: Whether places may be behind 4 GB.
    """
    width = 8 if is_wide else 4
    has_index = any(extent.index for each in found for extent in each.extents)
    is_numerous = any(each.number > 0xFFFF for each in found) or len(found) > 0xFFFF
    version = 2 if is_numerous else int(any(each.method for each in found))
    out = bytearray([version, 0, 0, 0])
    out += struct.pack(">H", width << 12 | width << 8 | (width if has_index and version else 0))
    number_bytes = 4 if is_numerous else 2
    out += len(found).to_bytes(number_bytes, "big")
    for each in found:
        out += each.number.to_bytes(number_bytes, "big")
        if version:
            out += struct.pack(">H", each.method)
        out += struct.pack(">HH", each.reference, len(each.extents))
        for extent in each.extents:
            if has_index and version:
                out += extent.index.to_bytes(width, "big")
            out += extent.offset.to_bytes(width, "big") + extent.length.to_bytes(width, "big")
    return box(b"iloc", bytes(out))


class _Reader:
    """Numbers of a block, one after the other."""

    def __init__(self, content: bytes, start: int, end: int) -> None:
        self._content = content
        self._at = start
        self._end = end

    def number(self, width: int) -> int:
        at, self._at = self._at, self._at + width
        if self._at > self._end or width not in (0, 2, 4, 8):
            raise PhotoUnreadableError("its table of places is damaged")
        return int.from_bytes(self._content[at : self._at], "big")
