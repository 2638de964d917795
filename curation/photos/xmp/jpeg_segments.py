"""The XMP packet of a JPEG file: finding it, and replacing it.

Segments as in JPEG (ITU-T T.81, annex B); XMP in APP1 (XMP specification, part 3, section 1.1.3); offsets in the
multi-picture index (CIPA DC-007) are adjusted. The picture's data is copied unchanged.

A packet that does not fit into one segment is split into a main part and a rest in further segments, which the
specification calls extended XMP.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from curation.errors import PhotoUnreadableError

__all__ = ["MAX_XMP_BYTES", "FoundPacket", "JpegSegment", "JpegSegments", "read_segments", "rest_name", "with_xmp"]

_SOI = b"\xff\xd8"
_SOS = 0xDA
_EOI = 0xD9
_APP0, _APP1, _APP2 = 0xE0, 0xE1, 0xE2
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_MAX_SEGMENTS = 5000  # a packet of 64 MB takes 1100
_MAX_FILL_BYTES = 4096
_PICTURE_ENTRIES = 0xB002  # tag of the multi-picture index
_MAX_SEGMENT_BYTES = 65533

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_EXIF = b"Exif\0"
_MULTI_PICTURE = b"MPF\0"
_NAME_BYTES = 32
_EXTENSION_HEAD_BYTES = len(_EXTENSION) + _NAME_BYTES + 8

MAX_XMP_BYTES: Final = _MAX_SEGMENT_BYTES - len(_XMP)
"""The longest packet that fits into one segment."""


@dataclass(frozen=True, slots=True)
class JpegSegment:
    """A segment: its code, its offset in the file, all its bytes, and how many of them precede its body."""

    code: int
    offset: int
    raw: bytes
    head_bytes: int

    @property
    def body(self) -> bytes:
        """What is in it."""
        return self.raw[self.head_bytes :]

    def begins(self, code: int, mark: bytes) -> bool:
        """Whether it is an application segment of this kind."""
        return self.code == code and self.raw.startswith(mark, self.head_bytes)

    @property
    def leads(self) -> bool:
        """Whether it stays before the packet: JFIF, and EXIF, which some readers look for in the first segment only."""
        return self.code == _APP0 or self.begins(_APP1, _EXIF)

    @property
    def rest_name(self) -> bytes | None:
        """The name of the rest of which it contains a part; None if it contains none."""
        if not self.begins(_APP1, _EXTENSION) or len(self.body) < _EXTENSION_HEAD_BYTES:
            return None
        return self.body[len(_EXTENSION) : len(_EXTENSION) + _NAME_BYTES]


@dataclass(frozen=True, slots=True)
class FoundPacket:
    """An XMP packet of a JPEG.

    Attributes:
        content: As it stands in its segment.
        rest: What did not fit into the segment; None if there is none.
        rest_name: The name by which the packet refers to its rest.
    """

    content: bytes
    rest: bytes | None = None
    rest_name: bytes | None = None


@dataclass(frozen=True, slots=True)
class JpegSegments:
    """The segments before a JPEG's picture data.

    Attributes:
        packets: The XMP packets in the order of the file; one, unless a program added another one.
        damaged: How many more packets there are that cannot be read; only besides whole ones.
        segments: All segments in the order of the file.
        data_offset: Where the picture data begins, in bytes.
    """

    packets: tuple[FoundPacket, ...]
    damaged: int
    segments: tuple[JpegSegment, ...]
    data_offset: int


def rest_name(rest: bytes) -> str:
    """The name by which a packet refers to its rest."""
    return hashlib.md5(rest, usedforsecurity=False).hexdigest().upper()


def read_segments(file: BinaryIO, find_rest_name: Callable[[bytes], str | None]) -> JpegSegments:
    """Read the segments before the picture data; the file is at its start.

    Args:
        file: A JPEG.
        find_rest_name: Returns the name of a packet's rest, None if it has none; raises a PhotoUnreadableError for a
            damaged packet.

    Raises:
        PhotoUnreadableError: If the segments do not lead to the picture data without a gap, or there are packets
            and all of them are damaged.
        OSError: If the file cannot be read.
    """
    if file.read(2) != _SOI:
        raise PhotoUnreadableError("it is not a JPEG")
    segments: list[JpegSegment] = []
    for _ in range(_MAX_SEGMENTS):
        segment = _next_segment(file)
        if segment.code == _SOS:
            packets, damaged = _packets(segments, find_rest_name)
            return JpegSegments(packets, damaged, tuple(segments), segment.offset)
        segments.append(segment)
    raise PhotoUnreadableError("its header has too many segments")


def _packets(
    segments: list[JpegSegment], find_rest_name: Callable[[bytes], str | None]
) -> tuple[tuple[FoundPacket, ...], int]:
    """The packets that can be read, and how many cannot."""
    found: list[FoundPacket] = []
    faults: list[PhotoUnreadableError] = []
    for segment in segments:
        if not segment.begins(_APP1, _XMP):
            continue
        content = segment.body[len(_XMP) :]
        try:
            name = find_rest_name(content)
            encoded = None if name is None else name.encode("ascii", "replace")
            rest = None if encoded is None else _joined(segments, encoded)
        except PhotoUnreadableError as error:
            faults.append(error)
            continue
        found.append(FoundPacket(content, rest, encoded))
    if faults and not found:
        raise faults[0]
    return tuple(found), len(faults)


def _next_segment(file: BinaryIO) -> JpegSegment:
    offset = file.tell()
    raw = file.read(2)
    while raw.endswith(b"\xff\xff") and len(raw) <= _MAX_FILL_BYTES:  # fill bytes
        more = file.read(1)
        if not more:
            break
        raw += more
    if len(raw) < 2 or raw[0] != 0xFF or raw[-1] in (0x00, 0xFF, _EOI):
        raise PhotoUnreadableError("its header is damaged, or has bytes outside of segments")
    code = raw[-1]
    if code in _STANDALONE:
        return JpegSegment(code, offset, raw, len(raw))
    size = file.read(2)
    length = struct.unpack(">H", size)[0] - 2 if len(size) == 2 else -1
    body = file.read(length) if length >= 0 else b""
    if length < 0 or len(body) < length:
        raise PhotoUnreadableError("its header is cut off")
    return JpegSegment(code, offset, raw + size + body, len(raw) + 2)


def _joined(segments: list[JpegSegment], name: bytes) -> bytes:
    """The rest of a packet, joined from the segments with its name."""
    parts: dict[int, bytes] = {}
    total = -1
    for segment in segments:
        if segment.rest_name == name:
            body = segment.body
            total, offset = struct.unpack_from(">II", body, len(_EXTENSION) + _NAME_BYTES)
            parts[offset] = body[_EXTENSION_HEAD_BYTES:]
    ordered = sorted(parts.items())
    ends = [0, *(offset + len(part) for offset, part in ordered)]
    if [offset for offset, _ in ordered] != ends[:-1] or ends[-1] != total:
        raise PhotoUnreadableError("a part of its XMP packet is missing")
    return b"".join(part for _, part in ordered)


def with_xmp(
    source: JpegSegments, packet: bytes, rest: bytes | None, *, changed: Mapping[int, bytes | None] | None = None
) -> bytes:
    """The bytes before the picture data, with one packet in the place of all that are there.

    The packet is placed after EXIF. Everything else keeps its order and its bytes, except the multi-picture index,
    whose offsets are relative to the index itself.

    Args:
        source: From the file.
        packet: At most `MAX_XMP_BYTES`.
        rest: Of the packet, if it is longer; the packet refers to it by `rest_name`.
        changed: New bodies of other segments by their place in `source.segments`, at most 65533 bytes each; None takes
            the segment away.

    Returns:
        The new bytes for [0, `source.data_offset`).
    """
    changed = changed or {}
    rests = {each.rest_name for each in source.packets if each.rest_name is not None}
    kept: list[tuple[JpegSegment, bytes]] = []
    for place, segment in enumerate(source.segments):
        if segment.begins(_APP1, _XMP) or segment.rest_name in rests:
            continue
        body = changed.get(place, segment.body)
        if body is not None:
            kept.append((segment, segment.raw if body == segment.body else _with_body(segment, body)))
    new = _segment(_XMP + packet) + b"".join(_rest_segments(rest or b""))
    size = len(_SOI) + len(new) + sum(len(raw) for _, raw in kept)
    grown = size - source.data_offset
    place = next((at for at, (segment, _) in enumerate(kept) if not segment.leads), len(kept))
    out = bytearray(_SOI)
    for at, (segment, raw) in enumerate(kept):
        if at == place:
            out += new
        if segment.begins(_APP2, _MULTI_PICTURE):
            moved = len(out) - segment.offset
            raw = raw[: segment.head_bytes] + _index_moved(segment.body, grown - moved, grown)
        out += raw
    if place == len(kept):
        out += new
    return bytes(out)


def _with_body(segment: JpegSegment, body: bytes) -> bytes:
    if len(body) > _MAX_SEGMENT_BYTES:
        raise PhotoUnreadableError("its description does not fit into its header")
    return segment.raw[: segment.head_bytes - 2] + struct.pack(">H", len(body) + 2) + body


def _segment(body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, _APP1, len(body) + 2) + body


def _rest_segments(rest: bytes) -> Iterator[bytes]:
    name = rest_name(rest).encode("ascii")
    room = _MAX_SEGMENT_BYTES - _EXTENSION_HEAD_BYTES
    for offset in range(0, len(rest), room):
        head = _EXTENSION + name + struct.pack(">II", len(rest), offset)
        yield _segment(head + rest[offset : offset + room])


def _index_moved(body: bytes, farther: int, grown: int) -> bytes:
    """A multi-picture index whose pictures are `farther` away, and whose first picture has `grown`, in bytes."""
    start = len(_MULTI_PICTURE)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(body[start : start + 4])
    if order is None:
        return body
    out = bytearray(body)
    try:
        directory = start + struct.unpack_from(order + "I", body, start + 4)[0]
        (count,) = struct.unpack_from(order + "H", body, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, _, length, value = struct.unpack_from(order + "HHII", body, entry)
            if tag != _PICTURE_ENTRIES:
                continue
            for picture in range(start + value, start + value + length - 15, 16):
                size, offset = struct.unpack_from(order + "II", body, picture + 4)
                first = offset == 0 and picture == start + value
                sizes = (size + grown, 0) if first else (size, offset + farther if offset else 0)
                struct.pack_into(order + "II", out, picture + 4, *sizes)
    except struct.error:  # a damaged index is not changed
        return body
    return bytes(out)
