"""Small files that cost much: they are valid, or nearly, and every decoder must read on and on."""

from __future__ import annotations

import struct
import zlib

__all__ = ["deflated_png", "many_scans", "many_small_pieces"]


def many_scans(side_px: int = 8000, scans: int = 450) -> bytes:
    """A progressive JPEG whose scans all say "nothing changes": each costs a pass over all blocks."""
    blocks = ((side_px + 7) // 8) ** 2
    frame = struct.pack(">BHHB", 8, side_px, side_px, 1) + bytes([1, 0x11, 0])
    parts = [
        b"\xff\xd8",
        _segment(0xDB, b"\x00" + b"\x01" * 64),
        _segment(0xC2, frame),
        _segment(0xC4, bytes([0x00, 1, *[0] * 15, 0])),  # a difference of nothing is the bit 0
        _segment(0xC4, bytes([0x10, 1, *[0] * 15, 0xE0])),  # so is "the next blocks have nothing", with 14 bits
        _segment(0xDA, bytes([1, 1, 0x00, 0, 0, 0x00])) + bytes((blocks + 7) // 8),
        _scan(blocks, 0x01),
        *[_scan(blocks, 0x10)] * (scans - 2),
        b"\xff\xd9",
    ]
    return b"".join(parts)


def deflated_png(side_px: int = 10_000) -> bytes:
    """A PNG of one colour: a few hundred kilobytes, which become hundreds of megabytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * side_px)
    data = b"".join(packer.compress(row) for _ in range(side_px)) + packer.flush()
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def many_small_pieces(pieces: int = 200_000) -> bytes:
    """A PPM with one comment after the other before its size."""
    return b"P6\n" + b"#\n" * pieces + b"64 64 255\n" + bytes(3 * 64 * 64)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _scan(blocks: int, approximation: int) -> bytes:
    bits, left = "", blocks
    while left > 0:
        run = min(left, 32767)
        bits += "0" + format(max(0, run - 16384), "014b")
        left -= max(run, 16384)
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    return _segment(0xDA, bytes([1, 1, 0x00, 1, 63, approximation])) + data


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
