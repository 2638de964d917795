"""Metadata in files that consist of chunks: PNG (iTXt, eXIf, text profiles of ImageMagick) and WebP (XMP, EXIF)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from curation.photos.told.resources import RESOURCE_IPTC, resources_of

__all__ = ["ChunkBlocks", "png_blocks", "webp_blocks"]

_MAX_CHUNKS = 100_000  # a PNG of 200 megapixels in chunks of 8 KiB has some 50,000
_MAX_BLOCK_BYTES = 64 * 2**20  # of one, and of all together: a few bytes can unpack to that
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_PROFILES = (b"Raw profile type xmp", b"Raw profile type iptc", b"Raw profile type exif", b"Raw profile type APP1")


@dataclass(frozen=True, slots=True)
class ChunkBlocks:
    """The packets of XMP, EXIF and IPTC; empty without one."""

    xmp: tuple[bytes, ...] = ()
    exif: bytes = b""
    iptc: bytes = b""


def png_blocks(file: BinaryIO) -> ChunkBlocks:
    """The metadata of a PNG, before and after its picture. Raises OSError if it cannot be read."""
    file.seek(8)
    xmp: list[bytes] = []
    exif, iptc = b"", b""
    left = _MAX_BLOCK_BYTES
    for _ in range(_MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        length, name = struct.unpack(">I4s", header)
        if name == b"IEND":
            break
        if name not in (b"iTXt", b"eXIf", b"tEXt", b"zTXt") or length > _MAX_BLOCK_BYTES:
            file.seek(length + 4, 1)
            continue
        body = file.read(length)
        file.seek(4, 1)
        if len(body) < length:
            break
        if name == b"eXIf":
            exif = exif or body
            continue
        keyword, _, rest = body.partition(b"\0")
        if name == b"iTXt" and keyword == _XMP_KEYWORD:
            packet = _international(rest, left)
            left -= len(packet)
            if packet:
                xmp.append(packet)
        elif keyword in _PROFILES:
            packed = rest[1:] if name == b"zTXt" else b""
            text = _unpacked(packed, left) if packed else rest if name == b"tEXt" else _international(rest, left)
            left -= len(text)
            profile = _profile(text)
            if keyword.endswith(b"xmp") and profile:
                xmp.append(profile)
            elif keyword.endswith(b"iptc"):
                iptc = iptc or resources_of(profile).get(RESOURCE_IPTC, profile)
            elif profile.startswith(b"Exif\0"):
                exif = exif or profile
    return ChunkBlocks(tuple(xmp), exif, iptc)


def webp_blocks(file: BinaryIO) -> ChunkBlocks:
    """The metadata of a WebP. Raises OSError if it cannot be read."""
    file.seek(12)
    xmp: list[bytes] = []
    exif = b""
    for _ in range(_MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        name, length = struct.unpack("<4sI", header)
        if name not in (b"XMP ", b"EXIF") or length > _MAX_BLOCK_BYTES:
            file.seek(length + length % 2, 1)
            continue
        body = file.read(length)
        file.seek(length % 2, 1)
        if name == b"EXIF":
            exif = exif or body
        else:
            xmp.append(body)
    return ChunkBlocks(tuple(xmp), exif)


def _international(rest: bytes, most: int) -> bytes:
    """The text of an iTXt chunk behind its keyword: compression flag and method, language, translated keyword, text."""
    if len(rest) < 2:
        return b""
    text = rest[2:].split(b"\0", 2)
    if len(text) < 3:
        return b""
    return _unpacked(text[2], most) if rest[0] else text[2]


def _unpacked(content: bytes, most: int) -> bytes:
    if most <= 0:
        return b""
    unpacking = zlib.decompressobj()
    try:
        return unpacking.decompress(content, most)
    except zlib.error:
        return b""


def _profile(text: bytes) -> bytes:
    r"""The bytes of a profile of ImageMagick: `\nxmp\n     123\n` and lines of hexadecimal digits."""
    parts = text.strip().split(b"\n", 2)
    if len(parts) < 3:
        return b""
    try:
        return bytes.fromhex("".join(parts[2].decode("ascii").split()))
    except ValueError:
        return b""
