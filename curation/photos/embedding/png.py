"""The description of a photo inside a PNG: XMP, and EXIF where it says the same.

XMP in an iTXt chunk (XMP specification, part 3, section 1.1.5), before the picture; EXIF in eXIf. All other chunks keep
their bytes.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy, Edit
from curation.photos.embedding.exif_facts import ExifBlock
from curation.photos.embedding.iptc import IPTC, keywords_in, parse_resources
from curation.photos.embedding.own_packet import OwnPacket, described, join_packets
from curation.photos.xmp.packet import MAX_PACKET_BYTES

__all__ = ["described_png", "own_of_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP_WORD = b"XML:com.adobe.xmp"
_XMP_PROFILE = b"Raw profile type xmp"
_IPTC_PROFILE = b"Raw profile type iptc"
_MAX_CHUNKS: Final = 250_000
_TEXTS = (b"iTXt", b"tEXt", b"zTXt")
_OLD_IPTC = "its IPTC profile was not changed: programs that read keywords there do not see the names"


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    start: int
    end: int
    content: bytes  # of texts and EXIF; of others it is not read


def described_png(file: BinaryIO, description: PhotoDescription) -> DescribedCopy | None:
    """A copy of a PNG that contains a photo's description.

    Args:
        file: The whole file.
        description: Of the photo.

    Returns:
        The copy; None if the file already contains the description, or the description is empty.

    Raises:
        PhotoUnreadableError: If its chunks or its packet are damaged, so that something could be lost.
        OSError: If the file cannot be read.
    """
    chunks = tuple(_chunks(file))
    exif_chunk, exif, own = _read(chunks)
    if description.is_silent:
        return None
    is_changed, more = described(own, description)
    block, notes = exif.described(description)
    if not is_changed and block is None:
        return None
    edits = []
    if block is not None and exif_chunk is not None:
        edits.append(Edit(exif_chunk.start, exif_chunk.end, _chunk(b"eXIf", block)))
    if is_changed:
        place = next(chunk.start for chunk in chunks if chunk.kind in (b"IDAT", b"IEND"))
        text = _XMP_WORD + b"\0\0\0\0\0" + own.packet.to_packet()
        edits += [Edit(chunk.start, chunk.end, b"") for chunk in chunks if _is_packet(chunk)]
        edits.append(Edit(place, place, _chunk(b"iTXt", text)))
    if description.tags and any(chunk.content.startswith(_IPTC_PROFILE) for chunk in chunks):
        more += (_OLD_IPTC,)
    return DescribedCopy(tuple(sorted(edits)), notes + more)


def own_of_png(file: BinaryIO) -> OwnPacket:
    """What a PNG says already.

    Raises:
        PhotoUnreadableError: If its chunks or its packet are damaged.
        OSError: If the file cannot be read.
    """
    return _read(tuple(_chunks(file)))[2]


def _read(chunks: tuple[_Chunk, ...]) -> tuple[_Chunk | None, ExifBlock, OwnPacket]:
    """The chunk with EXIF, what is in it, and the packet."""
    found = next((chunk for chunk in chunks if chunk.kind == b"eXIf"), None)
    exif = ExifBlock(None if found is None else found.content)
    packets: list[bytes] = []
    damaged = 0
    fault: PhotoUnreadableError | None = None
    for chunk in chunks:
        try:
            packets += [_packet_in(chunk)] if _is_packet(chunk) else []
        except PhotoUnreadableError as error:
            damaged, fault = damaged + 1, error
        if sum(map(len, packets)) > MAX_PACKET_BYTES:
            raise PhotoUnreadableError("its XMP packets are too large")
    packets += exif.packets
    if fault is not None and not packets:
        raise fault
    keywords = next((words for chunk in chunks if (words := _keywords_in(chunk))), exif.told.keywords)
    told = replace(exif.told, keywords=keywords)
    return found, exif, join_packets([(packet, None) for packet in packets], damaged=damaged, told=told)


def _chunks(file: BinaryIO) -> Iterator[_Chunk]:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if file.read(8) != _SIGNATURE:
        raise PhotoUnreadableError("it is not a PNG")
    at = 8
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            raise PhotoUnreadableError("its chunks are cut off")
        length, kind = struct.unpack(">I4s", head)
        end = at + 12 + length
        if end > size:
            raise PhotoUnreadableError("its chunks are cut off")
        wanted = kind in (*_TEXTS, b"eXIf") and length <= MAX_PACKET_BYTES
        content = file.read(length) if wanted else b""
        yield _Chunk(kind, at, end, content)
        if kind == b"IEND":
            return
        file.seek(end)
        at = end
    raise PhotoUnreadableError("it has too many chunks")


def _is_packet(chunk: _Chunk) -> bool:
    return chunk.kind in _TEXTS and chunk.content.partition(b"\0")[0] in (_XMP_WORD, _XMP_PROFILE)


def _keywords_in(chunk: _Chunk) -> tuple[str, ...]:
    """The IPTC keywords of a text chunk; what is damaged counts as absent."""
    if chunk.kind not in _TEXTS or chunk.content.partition(b"\0")[0] != _IPTC_PROFILE:
        return ()
    try:
        content = _packet_in(chunk)
        blocks = [each.content for each in parse_resources(content) if each.number == IPTC]
    except PhotoUnreadableError:
        return ()
    return tuple(word for block in blocks for word in keywords_in(block))


def _packet_in(chunk: _Chunk) -> bytes:
    """The packet of a text chunk, or the profile in it, as ImageMagick and old programs write it: in hexadecimal."""
    word, _, rest = chunk.content.partition(b"\0")
    try:
        if chunk.kind == b"iTXt":
            is_compressed = rest[:1] == b"\1"
            text = rest[2:].split(b"\0", 2)[2]
            text = _inflated(text) if is_compressed else text
        else:
            text = _inflated(rest[1:]) if chunk.kind == b"zTXt" else rest
        if word != _XMP_WORD:
            lines = text.strip(b"\n").split(b"\n", 2)  # name, length, and the content
            text = bytes.fromhex(b"".join(lines[2].split()).decode("ascii"))
    except (zlib.error, ValueError, IndexError) as error:
        raise PhotoUnreadableError(f"its XMP packet is damaged ({error})") from error
    return text


def _inflated(content: bytes) -> bytes:
    return zlib.decompressobj().decompress(content, MAX_PACKET_BYTES)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
