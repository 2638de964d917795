"""TIFFs that cost much: pages, loops, counts, strips."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from tests.photo_bombs.jpegs import jpeg_with, segment
from tests.photo_bombs.pngs import zeros_packed

__all__ = ["ifd", "sub_ifds", "tiff_deflate", "tiff_loop", "tiff_pages", "tiff_strips", "tiff_tag"]


def ifd(entries: list[tuple[int, int, int, int]], following: int, order: str = "<") -> bytes:
    body = b"".join(struct.pack(order + "HHII", *entry) for entry in sorted(entries))
    return struct.pack(order + "H", len(entries)) + body + struct.pack(order + "I", following)


def _tiff_entries(
    width: int, height: int, offset: int, size: int, compression: int = 1
) -> list[tuple[int, int, int, int]]:
    return [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
        (273, 4, 1, offset),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, size),
    ]


def tiff_pages(pages: int) -> bytes:
    """A small picture with very many directories behind it."""
    pixels = np.random.default_rng(1).integers(1, 255, 64 * 48, np.uint8).tobytes()
    out = bytearray(b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels)
    for number in range(pages):
        at = len(out)
        entries = _tiff_entries(64, 48, 8, len(pixels))
        out += ifd(entries, at + 2 + 12 * len(entries) + 4 if number + 1 < pages else 0)
    return bytes(out)


def tiff_loop() -> bytes:
    pixels = np.random.default_rng(1).integers(1, 255, 64 * 48, np.uint8).tobytes()
    return (
        b"II*\0"
        + struct.pack("<I", 8 + len(pixels))
        + pixels
        + ifd(_tiff_entries(64, 48, 8, len(pixels)), 8 + len(pixels))
    )


def tiff_tag(tag: int, kind: int, count: int) -> bytes:
    pixels = np.random.default_rng(1).integers(1, 255, 64 * 48, np.uint8).tobytes()
    entries = [*_tiff_entries(64, 48, 8, len(pixels)), (tag, kind, count, 8)]
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + ifd(entries, 0)


def tiff_strips(strips: int, *, overlapping: bool, unpacked: int = 2**24) -> bytes:
    """Strips of one row, all of which are the same long piece of the file."""
    width = 64
    packed = zeros_packed(unpacked) if overlapping else zlib.compress(bytes(width))
    counts_at = 8 + len(packed)
    offsets_at = counts_at + 4 * strips
    ifd_at = offsets_at + 4 * strips
    entries = [entry for entry in _tiff_entries(width, strips, 0, 0, compression=8) if entry[0] not in (273, 278, 279)]
    entries += [(273, 4, strips, offsets_at), (278, 4, 1, 1), (279, 4, strips, counts_at)]
    out = b"II*\0" + struct.pack("<I", ifd_at) + packed + struct.pack("<I", len(packed)) * strips
    return out + struct.pack("<I", 8) * strips + ifd(entries, 0)


def tiff_deflate(width: int, height: int) -> bytes:
    packed = zeros_packed(width * height + 2**20)
    return (
        b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + ifd(_tiff_entries(width, height, 8, len(packed), 8), 0)
    )


def sub_ifds(depth: int, width: int) -> bytes:
    """EXIF whose directories point to one another."""
    out = bytearray(b"II*\0\x08\0\0\0")
    out += ifd([(0x8769, 4, 1, 8), (0x014A, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8)], 8)
    return jpeg_with(segment(0xE1, b"Exif\0\0" + bytes(out)))
