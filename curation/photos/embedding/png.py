"""The description of a photo inside a PNG: XMP, and EXIF where it says the same.

XMP in an iTXt chunk (XMP specification, part 3, section 1.1.5), before the picture; EXIF in eXIf. All other chunks keep
their bytes.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy, Edit, edited
from curation.photos.embedding.exif_facts import exif_changes, exif_stars
from curation.photos.embedding.own_packet import described, join_packets
from curation.photos.embedding.tiff_directory import TiffDirectory
from curation.photos.xmp.packet import MAX_PACKET_BYTES, XmpPacket

__all__ = ["described_png", "packet_of_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP_WORD = b"XML:com.adobe.xmp"
_XMP_PROFILE = b"Raw profile type xmp"
_IPTC_PROFILE = b"Raw profile type iptc"
_MAX_CHUNKS: Final = 1_000_000
_TEXTS = (b"iTXt", b"tEXt", b"zTXt")
_OLD_EXIF = "its EXIF block is damaged and was not changed: programs that read stars there see the old ones"
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
    packets = [(chunk, packet) for chunk in chunks if (packet := _packet_in(chunk)) is not None]
    own = join_packets([(packet, None) for _, packet in packets])
    exif = next((chunk for chunk in chunks if chunk.kind == b"eXIf"), None)
    directory: TiffDirectory | None = None
    notes: tuple[str, ...] = ()
    if exif is not None:
        try:
            directory = TiffDirectory(io.BytesIO(exif.content))
        except PhotoUnreadableError:
            notes = (_OLD_EXIF,)
    if description.is_empty:
        return None
    is_changed, more = described(own, description, None if directory is None else exif_stars(directory))
    changes = {} if directory is None else exif_changes(directory, description)
    if not is_changed and not changes:
        return None
    edits = []
    if changes and exif is not None and directory is not None:
        edits.append(Edit(exif.start, exif.end, _chunk(b"eXIf", edited(exif.content, directory.edits(changes)))))
    if is_changed:
        place = next(chunk.start for chunk in chunks if chunk.kind in (b"IDAT", b"IEND"))
        text = _XMP_WORD + b"\0\0\0\0\0" + own.packet.to_packet()
        edits += [Edit(chunk.start, chunk.end, b"") for chunk, _ in packets]
        edits.append(Edit(place, place, _chunk(b"iTXt", text)))
    if description.tags and any(chunk.content.startswith(_IPTC_PROFILE) for chunk in chunks):
        more += (_OLD_IPTC,)
    return DescribedCopy(tuple(sorted(edits)), notes + more)


def packet_of_png(file: BinaryIO) -> XmpPacket:
    """The XMP packet of a PNG; empty if it has none.

    Raises:
        PhotoUnreadableError: If its chunks or its packet are damaged.
        OSError: If the file cannot be read.
    """
    packets = (_packet_in(chunk) for chunk in _chunks(file))
    return join_packets([(packet, None) for packet in packets if packet is not None]).packet


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


def _packet_in(chunk: _Chunk) -> bytes | None:
    """The XMP packet of a text chunk, also as ImageMagick and old programs write it; None for other chunks."""
    word, _, rest = chunk.content.partition(b"\0")
    if chunk.kind not in _TEXTS or word not in (_XMP_WORD, _XMP_PROFILE):
        return None
    try:
        if chunk.kind == b"iTXt":
            is_compressed = rest[:1] == b"\1"
            text = rest[2:].split(b"\0", 2)[2]
            text = _inflated(text) if is_compressed else text
        else:
            text = _inflated(rest[1:]) if chunk.kind == b"zTXt" else rest
        if word == _XMP_PROFILE:
            text = bytes.fromhex(b"".join(text.split()[2:]).decode("ascii"))
    except (zlib.error, ValueError, IndexError) as error:
        raise PhotoUnreadableError(f"its XMP packet is damaged ({error})") from error
    return text


def _inflated(content: bytes) -> bytes:
    return zlib.decompressobj().decompress(content, MAX_PACKET_BYTES)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
