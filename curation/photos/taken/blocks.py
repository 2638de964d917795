"""The blocks of metadata of a photo's file, in all containers: EXIF, XMP, IPTC and texts; the picture is not read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from curation.photos.files.formats import SNIFF_BYTES
from curation.photos.taken.iso_media import iso_blocks, walked_boxes
from curation.photos.taken.tiff_tags import read_tiff_block

__all__ = ["MetadataBlocks", "photoshop_resource", "read_blocks"]

_MAX_BLOCK_BYTES = 2**24
_MAX_SEGMENTS = 5000
_MAX_FILL_BYTES = 65536  # before one marker
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP_HEAD = b"Photoshop 3.0\0"
_IPTC, _PSD_EXIF, _PSD_XMP = 0x0404, 0x0422, 0x0424
_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP = 0x02BC, 0x83BB, 0x8649
_RAF_JPEG_OFFSET = 84
_CR3_HEADER_BYTES = 2**18
_CR3_BLOCKS = (b"CMT1", b"CMT2", b"CMT4")
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF_UUID = b"JpgTiffExif->JP2"
_GIF_BYTES = 2**20
_PNG_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_TEXT_BYTES = 256
_MAX_PACKED_BYTES = 2**26  # what all packed texts of a PNG may unpack to: some are as small as they unpack to much


@dataclass(slots=True)
class MetadataBlocks:
    """What is known about a picture besides the picture; every part may be missing.

    Attributes:
        exif: TIFF structures from their beginning, the one with the first directory first. That of a TIFF is the file
            itself, so that it has to be open as long as this is used.
        xmp: The packet.
        iptc: Data sets of IPTC-IIM.
        texts: Texts of a PNG by their lower-case keywords.
        changed: The seven bytes of a PNG's tIME.
    """

    exif: list[BinaryIO] = field(default_factory=list)
    xmp: bytes = b""
    iptc: bytes = b""
    texts: dict[str, str] = field(default_factory=dict)
    changed: bytes = b""


def read_blocks(file: BinaryIO) -> MetadataBlocks:
    """Read the blocks of a file that is at its start; whatever is damaged counts as absent.

    Raises:
        OSError: If the file itself cannot be read.
    """
    start = file.read(SNIFF_BYTES)
    file.seek(0)
    blocks = MetadataBlocks()
    try:
        _read(file, start, blocks)
    except (struct.error, ValueError, OverflowError, zlib.error, IndexError):
        return blocks
    return blocks


def _read(file: BinaryIO, start: bytes, blocks: MetadataBlocks) -> None:
    if start.startswith(b"\xff\xd8\xff"):
        _read_jpeg(file, blocks)
    elif start.startswith(b"\x89PNG"):
        _read_png(file, blocks)
    elif start.startswith(b"RIFF"):
        _read_riff(file, blocks)
    elif start.startswith(b"FUJIFILMCCD-RAW"):
        file.seek(_RAF_JPEG_OFFSET)
        file.seek(struct.unpack(">I", file.read(4))[0])
        _read_jpeg(BytesIO(file.read(_MAX_BLOCK_BYTES)), blocks)
    elif b"ftypcrx" in start:
        _read_cr3(file.read(_CR3_HEADER_BYTES), blocks)
    elif start[4:8] == b"ftyp":
        exif, blocks.xmp = iso_blocks(file)
        _add_exif(blocks, exif)
    elif start[4:8] in (b"JXL ", b"jP  "):
        _read_flat_boxes(file, blocks)
    elif start.startswith(b"8BPS"):
        _read_psd(file, blocks)
    elif start.startswith(b"GIF8"):
        content = file.read(_GIF_BYTES)
        begin, end = content.find(b"<x:xmpmeta"), content.find(b"</x:xmpmeta>")
        blocks.xmp = content[begin : end + 12] if 0 <= begin < end else b""
    elif start.startswith(b"\0MRM"):
        content = file.read(_CR3_HEADER_BYTES)
        _add_exif(blocks, content[content.find(b"\0TTW") + 8 :])
    elif start[:2] in (b"II", b"MM"):
        _read_tiff(file, blocks)


def _read_jpeg(file: BinaryIO, blocks: MetadataBlocks) -> None:
    for code, body in _segments(file):
        if code == 0xE1 and body.startswith(b"Exif\0") and not blocks.exif:
            _add_exif(blocks, body)
        elif code == 0xE1 and body.startswith(_XMP_HEAD) and not blocks.xmp:
            blocks.xmp = body[len(_XMP_HEAD) :]
        elif code == 0xED and body.startswith(_PHOTOSHOP_HEAD) and not blocks.iptc:
            blocks.iptc = photoshop_resource(body[len(_PHOTOSHOP_HEAD) :], _IPTC)


def _segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The application segments for metadata; others are stepped over."""
    file.seek(2)
    for _ in range(_MAX_SEGMENTS):
        byte = file.read(1)
        for _ in range(_MAX_FILL_BYTES):
            if byte != b"\xff" and not (byte and byte[0] in range(0xD0, 0xD9)):
                break
            byte = file.read(1)
        else:
            return
        if not byte or byte in (b"\xda", b"\xd9"):
            return
        size = file.read(2)
        length = struct.unpack(">H", size)[0] - 2 if len(size) == 2 else -1
        if length < 0:
            return
        if byte in (b"\xe1", b"\xed"):
            yield byte[0], file.read(length)
        else:
            file.seek(length, 1)
        if file.read(1) != b"\xff":
            return


def photoshop_resource(content: bytes, wanted: int) -> bytes:
    """The data of one of Photoshop's image resources; empty if there is none."""
    at = 0
    while content[at : at + 4] == b"8BIM" and at + 12 <= len(content):
        number, name = struct.unpack_from(">HB", content, at + 4)
        at += 6 + (name + 2) // 2 * 2
        (size,) = struct.unpack_from(">I", content, at)
        if number == wanted:
            return content[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return b""


def _read_png(file: BinaryIO, blocks: MetadataBlocks) -> None:
    file.seek(8)
    unpacker = _Unpacker()
    for _ in range(_MAX_SEGMENTS * 20):
        header = file.read(8)
        if len(header) < 8 or header[4:] == b"IEND":
            return
        length, kind = int.from_bytes(header[:4], "big"), header[4:]
        if kind in (b"eXIf", b"tIME", *_PNG_TEXTS) and length <= _MAX_BLOCK_BYTES:
            _take_chunk(kind, file.read(length), blocks, unpacker)
            file.seek(4, 1)
        else:
            file.seek(length + 4, 1)


def _take_chunk(kind: bytes, body: bytes, blocks: MetadataBlocks, unpacker: _Unpacker) -> None:
    if kind == b"eXIf":
        _add_exif(blocks, body)
        return
    if kind == b"tIME":
        blocks.changed = body
        return
    keyword, _, rest = body.partition(b"\0")
    name = keyword.decode("latin-1").casefold()
    is_packet = name == "xml:com.adobe.xmp" or name.startswith("raw profile type ")
    most = _MAX_BLOCK_BYTES if is_packet else _TEXT_BYTES
    if kind == b"zTXt":
        rest = unpacker.unpack(rest[1:], most)
    elif kind == b"iTXt":
        is_packed, rest = rest[:1] == b"\1", rest[2:]
        rest = rest.split(b"\0", 2)[-1]
        rest = unpacker.unpack(rest, most) if is_packed else rest
    if name == "xml:com.adobe.xmp":
        blocks.xmp = rest
    elif name.startswith("raw profile type "):
        _take_profile(name.rpartition(" ")[2], rest, blocks)
    else:
        blocks.texts.setdefault(name, rest[:_TEXT_BYTES].decode("utf-8" if kind == b"iTXt" else "latin-1", "replace"))


def _take_profile(kind: str, text: bytes, blocks: MetadataBlocks) -> None:
    """Metadata that ImageMagick wrote into a text, as the digits of its bytes behind a name and a length."""
    lines = text.strip().split(b"\n", 2)
    content = bytes.fromhex(b"".join(lines[2].split()).decode("ascii", "replace")) if len(lines) == 3 else b""
    if kind in ("exif", "app1") and content.startswith((b"Exif\0", b"II", b"MM")):
        _add_exif(blocks, content)
    elif kind in ("xmp", "app1"):
        blocks.xmp = blocks.xmp or content.removeprefix(_XMP_HEAD)
    elif kind == "iptc":
        blocks.iptc = photoshop_resource(content, _IPTC) or content


class _Unpacker:
    """Unpacks the texts of one file, up to a limit for all of them."""

    def __init__(self) -> None:
        self._left = _MAX_PACKED_BYTES

    def unpack(self, content: bytes, most: int) -> bytes:
        found = zlib.decompressobj().decompress(content, max(1, min(most, self._left)))
        self._left -= len(found)
        return found


def _read_riff(file: BinaryIO, blocks: MetadataBlocks) -> None:
    file.seek(12)
    for _ in range(_MAX_SEGMENTS):
        header = file.read(8)
        if len(header) < 8:
            return
        length = int.from_bytes(header[4:], "little")
        padded = length + length % 2
        if header[:4] in (b"EXIF", b"XMP ") and length <= _MAX_BLOCK_BYTES:
            body = file.read(padded)[:length]
            if header[:4] == b"EXIF":
                _add_exif(blocks, body)
            else:
                blocks.xmp = body
        else:
            file.seek(padded, 1)


def _read_tiff(file: BinaryIO, blocks: MetadataBlocks) -> None:
    blocks.exif.append(file)
    blocks.xmp = read_tiff_block(file, _TIFF_XMP)
    file.seek(0)
    blocks.iptc = read_tiff_block(file, _TIFF_IPTC)
    if not blocks.iptc:
        file.seek(0)
        blocks.iptc = photoshop_resource(read_tiff_block(file, _TIFF_PHOTOSHOP), _IPTC)


def _read_cr3(start: bytes, blocks: MetadataBlocks) -> None:
    """CR3 keeps the first directory, the EXIF and the satellite directory in blocks of their own."""
    for name in _CR3_BLOCKS:
        position = start.find(name)
        if position >= 0:
            (size,) = struct.unpack_from(">I", start, position - 4)
            blocks.exif.append(BytesIO(start[position + 4 : position - 4 + size]))
    position = start.find(_XMP_UUID)
    if position >= 8:
        (size,) = struct.unpack_from(">I", start, position - 8)
        blocks.xmp = start[position + 16 : position - 8 + size]


def _read_flat_boxes(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """JPEG 2000 and JPEG XL: boxes beside each other."""
    for kind, begin, end in walked_boxes(file, 0, None):
        if kind not in (b"uuid", b"Exif", b"xml "):
            continue
        file.seek(begin)
        body = file.read(min(_MAX_BLOCK_BYTES, end - begin))
        if kind == b"Exif":
            _add_exif(blocks, body[4 + int.from_bytes(body[:4], "big") :])
        elif kind == b"xml " or body.startswith(_XMP_UUID):
            blocks.xmp = blocks.xmp or body.removeprefix(_XMP_UUID)
        elif body.startswith(_EXIF_UUID):
            _add_exif(blocks, body[16:])


def _read_psd(file: BinaryIO, blocks: MetadataBlocks) -> None:
    file.seek(26)
    file.seek(int.from_bytes(file.read(4), "big"), 1)
    resources = file.read(min(int.from_bytes(file.read(4), "big"), _MAX_BLOCK_BYTES))
    _add_exif(blocks, photoshop_resource(resources, _PSD_EXIF))
    blocks.xmp = photoshop_resource(resources, _PSD_XMP)
    blocks.iptc = photoshop_resource(resources, _IPTC)


def _add_exif(blocks: MetadataBlocks, content: bytes) -> None:
    content = content.removeprefix(b"Exif\0\0")
    if content[:2] in (b"II", b"MM"):
        blocks.exif.append(BytesIO(content))
