"""PNGs and GIFs that cost much: packed texts, chunks, frames and comments without end."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

__all__ = ["gif", "gif_comment_first", "gif_comments", "gif_size", "png", "png_chunk", "png_size", "zeros_packed"]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(chunks: bytes = b"", *, behind: bytes = b"", size: tuple[int, int] = (64, 48)) -> bytes:
    rows = zlib.compress((b"\0" + bytes(range(3, 3 + 64)) * 3)[: 1 + 3 * size[0]] * size[1])
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    body = png_chunk(b"IDAT", rows)
    return b"\x89PNG\r\n\x1a\n" + head + chunks + body + behind + png_chunk(b"IEND", b"")


def zeros_packed(size: int) -> bytes:
    packer = zlib.compressobj(9)
    block, out = bytes(2**20), []
    for _ in range(size // 2**20):
        out.append(packer.compress(block))
    return b"".join([*out, packer.flush()])


def png_size(width: int, height: int) -> bytes:
    row = (width * 3 + 1) * height
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", zeros_packed(row + 2**20)) + png_chunk(b"IEND", b"")


def gif(frames: int) -> bytes:
    out = BytesIO()
    Image.effect_noise((64, 48), 60).convert("P").save(out, "GIF")
    first = out.getvalue()
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return first[:-1] + frame * frames + b"\x3b"


def gif_size(width: int, height: int) -> bytes:
    """A GIF of one colour whose codes double in length: few bytes for very many pixels."""
    out = BytesIO()
    Image.new("P", (width, height)).save(out, "GIF")
    return out.getvalue()


def gif_comments(count: int) -> bytes:
    whole = gif(0)
    return whole[:-1] + (b"\x21\xfe" + b"\x01x" + b"\0") * count + b"\x3b"


def gif_comment_first(size: int) -> bytes:
    whole = gif(0)
    table = 13 + (3 * 2 ** ((whole[10] & 7) + 1) if whole[10] & 0x80 else 0)
    blocks = (b"\xff" + b"c" * 255) * (size // 255)
    return whole[:table] + b"\x21\xfe" + blocks + b"\0" + whole[table:]
