"""The description of a photo inside a WebP: XMP, and EXIF where it says the same (RFC 9649, section 2.7).

A file without metadata is of the simple kind: it gets a VP8X chunk, which says what is in it. The picture keeps its
bytes.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy, Edit
from curation.photos.embedding.exif_facts import ExifBlock
from curation.photos.embedding.own_packet import OwnPacket, described, join_packets
from curation.photos.xmp.packet import MAX_PACKET_BYTES

__all__ = ["described_webp", "own_of_webp"]

_XMP, _EXIF, _EXTENDED, _LOSSY, _LOSSLESS = b"XMP ", b"EXIF", b"VP8X", b"VP8 ", b"VP8L"
_HAS_XMP: Final = 0x04
_HAS_ALPHA: Final = 0x10
_MAX_CHUNKS: Final = 100_000
_MAX_BYTES: Final = 2**32 - 10
_EXIF_MARK = b"Exif\0\0"
_HEAD_BYTES: Final = 10  # of a chunk of pixels: enough for its size


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    start: int
    end: int
    content: bytes  # of metadata; of pixels only the beginning


def described_webp(file: BinaryIO, description: PhotoDescription) -> DescribedCopy | None:
    """A copy of a WebP that contains a photo's description.

    Args:
        file: The whole file.
        description: Of the photo.

    Returns:
        The copy; None if the file already contains the description, or the description is empty.

    Raises:
        PhotoUnreadableError: If its chunks or its packet are damaged, so that something could be lost.
        OSError: If the file cannot be read.
    """
    chunks, end = _chunks(file)
    exif_chunk, exif, own = _read(chunks)
    if description.is_silent:
        return None
    edits: list[Edit] = []
    block, notes = exif.described(description)
    if block is not None and exif_chunk is not None:
        mark = _EXIF_MARK if exif_chunk.content.startswith(_EXIF_MARK) else b""
        edits.append(Edit(exif_chunk.start, exif_chunk.end, _chunk(_EXIF, mark + block)))
    is_changed, more = described(own, description)
    if is_changed:
        edits += [Edit(chunk.start, chunk.end, b"") for chunk in chunks if chunk.kind == _XMP]
        edits.append(Edit(end, end, _chunk(_XMP, own.packet.to_packet())))
        edits.append(_extended(chunks))
    if not edits:
        return None
    size = end - 8 + sum(len(edit.content) - (edit.end - edit.start) for edit in edits)
    if size > _MAX_BYTES:
        raise PhotoUnreadableError("it is too large: a WebP ends at 4 GB")
    edits.append(Edit(4, 8, struct.pack("<I", size)))
    return DescribedCopy(tuple(sorted(edits)), notes + more)


def own_of_webp(file: BinaryIO) -> OwnPacket:
    """What a WebP says already.

    Raises:
        PhotoUnreadableError: If its chunks or its packet are damaged.
        OSError: If the file cannot be read.
    """
    return _read(_chunks(file)[0])[2]


def _read(chunks: list[_Chunk]) -> tuple[_Chunk | None, ExifBlock, OwnPacket]:
    """The chunk with EXIF, what is in it, and the packet."""
    found = next((chunk for chunk in chunks if chunk.kind == _EXIF), None)
    exif = ExifBlock(None if found is None else found.content.removeprefix(_EXIF_MARK))
    packets = [*(chunk.content for chunk in chunks if chunk.kind == _XMP), *exif.packets]
    return found, exif, join_packets([(packet, None) for packet in packets], told=exif.told)


def _chunks(file: BinaryIO) -> tuple[list[_Chunk], int]:
    """The chunks, and where the last one ends."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise PhotoUnreadableError("it is not a WebP")
    end = 8 + int.from_bytes(head[4:8], "little")
    end += end % 2
    if end > size:
        raise PhotoUnreadableError("its chunks are cut off")
    found: list[_Chunk] = []
    at = 12
    while at < end:
        kind, length = struct.unpack("<4sI", file.read(8)) if at + 8 <= end else (b"", 0)
        after = at + 8 + length + length % 2
        if after > end or len(found) > _MAX_CHUNKS:
            raise PhotoUnreadableError("its chunks are damaged")
        is_read = kind in (_XMP, _EXIF, _EXTENDED) and length <= MAX_PACKET_BYTES
        found.append(_Chunk(kind, at, after, file.read(length if is_read else min(length, _HEAD_BYTES))))
        file.seek(after)
        at = after
    return found, end


def _extended(chunks: list[_Chunk]) -> Edit:
    """The VP8X chunk that says that there is XMP: a changed one, or a new one."""
    first = chunks[0] if chunks else None
    if first is not None and first.kind == _EXTENDED and len(first.content) == 10:
        flags = first.content[0] | _HAS_XMP
        return Edit(first.start + 8, first.start + 9, bytes([flags]))
    if first is not None and first.kind == _LOSSY and first.content[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", first.content, 6))
        flags = _HAS_XMP
    elif first is not None and first.kind == _LOSSLESS and first.content[:1] == b"\x2f":
        (bits,) = struct.unpack_from("<I", first.content, 1)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags = _HAS_XMP | (_HAS_ALPHA if bits >> 28 & 1 else 0)
    else:
        raise PhotoUnreadableError("its first chunk is of an unknown kind")
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return Edit(first.start, first.start, _chunk(_EXTENDED, bytes([flags, 0, 0, 0]) + sides))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
