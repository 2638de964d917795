"""Metadata in TIFF and in RAW files that are TIFF: the XMP packet, IPTC, Photoshop's resources, and ratings."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import BinaryIO, Final

__all__ = ["ORIENTATION_TAG", "PERCENT_TAG", "RATING_TAG", "XMP_TAG", "TiffBlocks", "tiff_blocks"]

RATING_TAG: Final = 0x4746
"""Stars, 0 to 5, as Windows writes them into EXIF."""
PERCENT_TAG: Final = 0x4749
"""The same in percent, 0 to 99."""
XMP_TAG: Final = 700
ORIENTATION_TAG: Final = 0x0112
_IPTC_TAG = 33723
_PHOTOSHOP_TAG = 34377
_NUMBERS = frozenset({RATING_TAG, PERCENT_TAG, ORIENTATION_TAG})
_BLOBS = frozenset({XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG})
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 13: 4, 16: 8}
_MAX_ENTRIES = 1000
_MAX_BLOB_BYTES = 64 * 2**20
# RW2 (0x55) and ORF ("RO", "RS") are TIFF with another magic number; 43 is BigTIFF.
_MAGIC_NUMBERS = frozenset({42, 0x55, 0x4F52, 0x5352})
_BIG = 43


@dataclass(frozen=True, slots=True)
class TiffBlocks:
    """What the first directory has.

    Attributes:
        blobs: The bytes of XMP, IPTC and Photoshop's resources, by tag.
        numbers: The numbers of the two tags for ratings and of the orientation.
    """

    blobs: dict[int, bytes] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)

    @property
    def iptc(self) -> bytes:
        """The IPTC record; empty without one."""
        return self.blobs.get(_IPTC_TAG, b"")

    @property
    def resources(self) -> bytes:
        """Photoshop's resources; empty without them."""
        return self.blobs.get(_PHOTOSHOP_TAG, b"")


def tiff_blocks(file: BinaryIO) -> TiffBlocks:
    """Read the first directory of a TIFF structure, which begins where the file is.

    Raises:
        OSError: If the file cannot be read.
    """
    start = file.tell()
    header = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(header[:2])
    if order is None or len(header) < 8:
        return TiffBlocks()
    magic = struct.unpack_from(order + "H", header, 2)[0]
    is_big = magic == _BIG
    if magic not in _MAGIC_NUMBERS and not (is_big and len(header) == 16):
        return TiffBlocks()
    file.seek(start + struct.unpack_from(order + ("Q" if is_big else "I"), header, 8 if is_big else 4)[0])
    count_form, entry_bytes, inline = ("Q", 20, 8) if is_big else ("H", 12, 4)
    raw = file.read(struct.calcsize(count_form))
    if len(raw) < struct.calcsize(count_form):
        return TiffBlocks()
    count = min(struct.unpack(order + count_form, raw)[0], _MAX_ENTRIES)
    entries = file.read(entry_bytes * count)
    found = TiffBlocks()
    for place in range(0, len(entries) - entry_bytes + 1, entry_bytes):
        tag, kind = struct.unpack_from(order + "HH", entries, place)
        if tag not in _BLOBS and tag not in _NUMBERS:
            continue
        number = struct.unpack_from(order + ("Q" if is_big else "I"), entries, place + 4)[0]
        size = _SIZES.get(kind, 0) * number
        if not 0 < size <= _MAX_BLOB_BYTES:
            continue
        value_at = place + entry_bytes - inline
        content = entries[value_at : value_at + inline]
        if size > inline:
            file.seek(start + struct.unpack(order + ("Q" if is_big else "I"), content)[0])
            content = file.read(size)
        if tag in _BLOBS:
            found.blobs[tag] = content[:size]
        elif kind in (1, 3, 4):
            found.numbers[tag] = struct.unpack_from(order + {1: "B", 3: "H", 4: "I"}[kind], content)[0]
    return found
