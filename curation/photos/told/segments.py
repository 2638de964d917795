"""The metadata segments of a JPEG: XMP with its extension, EXIF, Photoshop's resources."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["JpegBlocks", "jpeg_blocks"]

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_EXIF = b"Exif\0"
_NAME_BYTES = 32
_MAX_SEGMENTS = 5000
_MAX_FILL_BYTES = 65536  # before one marker
_MAX_REST_BYTES = 64 * 2**20
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_ENDS = frozenset({0xD9, 0xDA})
_APP1, _APP13 = 0xE1, 0xED


@dataclass(frozen=True, slots=True)
class JpegBlocks:
    """The blocks of a JPEG.

    Attributes:
        xmp: The packets in the order of the file.
        xmp_rest: The rest of the first one; empty if it has none, or parts of it are missing.
        exif: With its six-byte prefix; empty without one.
        resources: The bodies of the segments of Photoshop, joined.
        notes: What is damaged.
    """

    xmp: tuple[bytes, ...] = ()
    xmp_rest: bytes = b""
    exif: bytes = b""
    resources: bytes = b""
    notes: tuple[str, ...] = ()


def jpeg_blocks(file: BinaryIO) -> JpegBlocks:
    """Read the segments before the picture's data; the file is at its start.

    Only segments with metadata are read, the others are passed over. Where they are damaged, those before stand.

    Raises:
        OSError: If the file cannot be read.
    """
    file.seek(2)
    xmp: list[bytes] = []
    parts: dict[bytes, dict[int, bytes]] = {}
    totals: dict[bytes, int] = {}
    exif, resources = b"", b""
    for _ in range(_MAX_SEGMENTS):
        code = _next_code(file)
        if code is None or code in _ENDS:
            break
        if code in _STANDALONE:
            continue
        size = file.read(2)
        length = struct.unpack(">H", size)[0] - 2 if len(size) == 2 else -1
        if length < 0:
            break
        if code not in (_APP1, _APP13):
            file.seek(length, 1)
            continue
        body = file.read(length)
        if len(body) < length:
            break
        if code == _APP13 and body.startswith(_PHOTOSHOP):
            resources += body[len(_PHOTOSHOP) :]
        elif body.startswith(_XMP):
            xmp.append(body[len(_XMP) :])
        elif body.startswith(_EXTENSION) and len(body) >= len(_EXTENSION) + _NAME_BYTES + 8:
            name = body[len(_EXTENSION) : len(_EXTENSION) + _NAME_BYTES]
            total, offset = struct.unpack_from(">II", body, len(_EXTENSION) + _NAME_BYTES)
            totals[name] = total
            parts.setdefault(name, {})[offset] = body[len(_EXTENSION) + _NAME_BYTES + 8 :]
        elif body.startswith(_EXIF) and not exif:
            exif = body
    rest, notes = _rest(xmp, parts, totals)
    return JpegBlocks(tuple(xmp), rest, exif, resources, notes)


def _next_code(file: BinaryIO) -> int | None:
    byte = file.read(1)
    if byte != b"\xff":
        return None
    for _ in range(_MAX_FILL_BYTES):
        if byte != b"\xff":
            break
        byte = file.read(1)
    return byte[0] if byte not in (b"", b"\0", b"\xff") else None


def _rest(
    xmp: list[bytes], parts: dict[bytes, dict[int, bytes]], totals: dict[bytes, int]
) -> tuple[bytes, tuple[str, ...]]:
    """The rest that the first packet names; the others are left over from edits."""
    if not xmp:
        return b"", ()
    for name, pieces in parts.items():
        if name not in xmp[0]:
            continue
        joined = b""
        for offset, piece in sorted(pieces.items()):
            if offset != len(joined):
                break
            joined += piece
        if len(joined) == totals[name] <= _MAX_REST_BYTES:
            return joined, ()
        return b"", ("a part of its XMP packet is missing; the rest was used",)
    return b"", ()
