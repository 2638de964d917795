"""The colours that a HEIF or AVIF file tells of its primary picture (ISO/IEC 14496-12, 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from curation.photos.colours.cicp import Cicp
from curation.photos.colours.hevc_colours import hevc_colours

__all__ = ["IsoColours", "read_iso_colours"]

_MAX_META_BYTES = 16 * 2**20
_MAX_BOXES = 10_000
_UNSPECIFIED = 2


class IsoColours(NamedTuple):
    """What the boxes tell.

    Attributes:
        cicp: Code points in the box `colr`, or else in the coded picture of HEVC; None if nothing is said.
        bits: Of each value; 8 if nothing is said.
    """

    cicp: Cicp | None = None
    bits: int = 8


def read_iso_colours(file: BinaryIO) -> IsoColours:
    """Read the boxes; whatever is broken in them counts as not said.

    Args:
        file: At its start.

    Raises:
        OSError: If it cannot be read.
    """
    meta = _meta(file)
    try:
        return _colours(meta)
    except (IndexError, ValueError):
        return IsoColours()


def _meta(file: BinaryIO) -> bytes:
    """What the first box `meta` holds, without its version and flags."""
    for _ in range(_MAX_BOXES):
        start = file.tell()
        header = file.read(16)
        if len(header) < 8:
            return b""
        size, head = int.from_bytes(header[:4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(header[8:], "big"), 16
        if header[4:8] == b"meta":
            file.seek(start + head + 4)
            return file.read(min(max(size - head - 4, 0) if size else _MAX_META_BYTES, _MAX_META_BYTES))
        if size < head:
            return b""
        file.seek(start + size)
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if size == 0:
            size = len(data) - at
        if size < head:
            raise ValueError("a box is smaller than its header")
        yield data[at + 4 : at + 8], data[at + head : at + size]
        at += size


def _colours(meta: bytes) -> IsoColours:
    boxes = dict(_boxes(meta))
    if b"pitm" not in boxes or b"iprp" not in boxes:
        return IsoColours()
    parts = dict(_boxes(boxes[b"iprp"]))
    properties = list(_boxes(parts[b"ipco"])) if b"ipco" in parts else []
    uses = _associations(parts.get(b"ipma", b"\0\0\0\0\0\0\0\0"))
    item = _number(boxes[b"pitm"][4:])
    own = _of_item(item, uses, properties)
    tile = _first_part(item, boxes.get(b"iref", b""))
    tiles = _of_item(tile, uses, properties) if tile is not None else []
    bits, coded = 8, None
    for kind, body in (*own, *tiles):
        if kind == b"hvcC" and coded is None:
            coded = hevc_colours(body)
            bits = max(bits, 8 + (body[17] & 7))
        elif kind == b"av1C" and len(body) > 2:
            bits = max(bits, (12 if body[2] & 0x20 else 10) if body[2] & 0x40 else 8)
    for kind, body in (*own, *tiles):
        if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
            told = Cicp(int.from_bytes(body[4:6], "big"), int.from_bytes(body[6:8], "big"))
            if told.transfer != _UNSPECIFIED or coded is None:
                return IsoColours(told, bits)
    return IsoColours(coded, bits)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _of_item(item: int, uses: dict[int, list[int]], properties: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [properties[index - 1] for index in uses.get(item, ()) if 1 <= index <= len(properties)]


def _associations(ipma: bytes) -> dict[int, list[int]]:
    """The numbers of its properties for each item, from 1."""
    version, is_wide = ipma[0], ipma[3] & 1
    count = _number(ipma[4:8])
    item_bytes = 4 if version else 2
    at, found = 8, {}
    for _ in range(min(count, _MAX_BOXES)):
        item = _number(ipma[at : at + item_bytes])
        number = ipma[at + item_bytes]
        at += item_bytes + 1
        step = 2 if is_wide else 1
        mask = 0x7FFF if is_wide else 0x7F
        found[item] = [_number(ipma[i : i + step]) & mask for i in range(at, at + number * step, step)]
        at += number * step
    return found


def _first_part(item: int, iref: bytes) -> int | None:
    """The first of the pictures that a grid is made of."""
    if not iref:
        return None
    item_bytes = 4 if iref[0] else 2
    for kind, body in _boxes(iref[4:]):
        if kind == b"dimg" and _number(body[:item_bytes]) == item:
            return _number(body[item_bytes + 2 : 2 * item_bytes + 2])
    return None
