"""The blocks of metadata in a photo's file: XMP, EXIF and IPTC, wherever its container keeps them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, sniff
from curation.photos.told.boxes import box_blocks, jpeg_xl_blocks
from curation.photos.told.chunks import png_blocks, webp_blocks
from curation.photos.told.resources import RESOURCE_IPTC, RESOURCE_XMP, resources_of
from curation.photos.told.segments import jpeg_blocks
from curation.photos.told.tiff_tags import XMP_TAG, tiff_blocks
from curation.regular_files import open_regular

__all__ = ["NO_BLOCKS", "FileBlocks", "read_blocks"]

_RAF_JPEG_OFFSET = 84
_RAF_JPEG_BYTES = 2**21
_MAX_RESOURCES_BYTES = 64 * 2**20
_JPEG_XL = (b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a")


@dataclass(frozen=True, slots=True)
class FileBlocks:
    """The blocks of metadata of one file.

    Attributes:
        xmp: The packets in the order of the file; there should be one.
        xmp_rest: The rest of the first packet, which did not fit into a segment of a JPEG; empty without one.
        numbers: EXIF tags 0x4746, 0x4749 and 0x0112, by tag.
        iptc: The IPTC record; empty without one.
        notes: What is damaged, as ends of sentences.
    """

    xmp: tuple[bytes, ...] = ()
    xmp_rest: bytes = b""
    numbers: Mapping[int, int] = field(default_factory=dict)
    iptc: bytes = b""
    notes: tuple[str, ...] = ()


NO_BLOCKS = FileBlocks()
"""A file without metadata."""


def read_blocks(path: Path) -> FileBlocks:
    """The metadata of a photo's file; only headers are read, and what is damaged is left out.

    Raises:
        OSError: If the file cannot be read.
    """
    with open_regular(path) as file:
        start = file.read(SNIFF_BYTES)
        kind = sniff(start, path.suffix[1:].lower())
        file.seek(0)
        try:
            return _read(file, start, kind)
        except (struct.error, ValueError, OverflowError, IndexError):
            return FileBlocks(notes=("the metadata in the file is damaged and was not used",))


def _read(file: BinaryIO, start: bytes, kind: PhotoFormat | None) -> FileBlocks:
    if kind is PhotoFormat.JPEG:
        return _of_jpeg(file)
    if kind is PhotoFormat.PNG:
        found = png_blocks(file)
        return FileBlocks(found.xmp, numbers=_numbers(found.exif), iptc=found.iptc)
    if kind is PhotoFormat.WEBP:
        found = webp_blocks(file)
        return FileBlocks(found.xmp, numbers=_numbers(found.exif))
    if kind in (PhotoFormat.HEIF, PhotoFormat.AVIF, PhotoFormat.JPEG_2000) or (
        kind is PhotoFormat.RAW and start[4:8] == b"ftyp"
    ):
        xmp, exif = box_blocks(file)
        return FileBlocks(xmp, numbers=_numbers(exif))
    if start.startswith(_JPEG_XL):
        xmp, exif = jpeg_xl_blocks(file)
        return FileBlocks(xmp, numbers=_numbers(exif))
    if kind is PhotoFormat.PSD:
        return _of_psd(file)
    if kind is PhotoFormat.RAW and start.startswith(b"FUJIFILMCCD-RAW"):
        file.seek(_RAF_JPEG_OFFSET)
        file.seek(struct.unpack(">I", file.read(4))[0])
        return _of_jpeg(BytesIO(file.read(_RAF_JPEG_BYTES)))
    if kind in (PhotoFormat.TIFF, PhotoFormat.RAW):
        found_tags = tiff_blocks(file)
        xmp_block = found_tags.blobs.get(XMP_TAG, b"")
        iptc = found_tags.iptc or resources_of(found_tags.resources).get(RESOURCE_IPTC, b"")
        return FileBlocks((xmp_block,) if xmp_block else (), numbers=found_tags.numbers, iptc=iptc)
    return NO_BLOCKS


def _of_jpeg(file: BinaryIO) -> FileBlocks:
    found = jpeg_blocks(file)
    return FileBlocks(
        found.xmp,
        found.xmp_rest,
        _numbers(found.exif),
        resources_of(found.resources).get(RESOURCE_IPTC, b""),
        found.notes,
    )


def _of_psd(file: BinaryIO) -> FileBlocks:
    """A Photoshop document: header (26 bytes), colours, then the resources (Adobe's file format specification)."""
    file.seek(26)
    file.seek(struct.unpack(">I", file.read(4))[0], 1)
    size = struct.unpack(">I", file.read(4))[0]
    found = resources_of(file.read(min(size, _MAX_RESOURCES_BYTES)))
    xmp = found.get(RESOURCE_XMP, b"")
    return FileBlocks((xmp,) if xmp else (), iptc=found.get(RESOURCE_IPTC, b""))


def _numbers(exif: bytes) -> Mapping[int, int]:
    return tiff_blocks(BytesIO(exif.removeprefix(b"Exif\0\0"))).numbers if exif else {}
