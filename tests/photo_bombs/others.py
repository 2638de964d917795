"""Photoshop documents, JPEG XL, BMP, profiles and plain maps that cost much."""

from __future__ import annotations

import struct

import numpy as np

from tests.photo_bombs.containers import box
from tests.photo_bombs.jpegs import jpeg_with, segment

__all__ = ["bmp_jumps", "bmp_rle", "icc", "icc_tags", "jxl", "jxl_boxes", "pnm_numbers", "psd"]


def psd(width: int, height: int, *, layers: int = 0, resources: int = 0, packed: bool = True) -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3)
    res = b"8BIM\x04\x00\0\0\0\0\0\0" * resources
    layer = struct.pack(">iiiiH", 0, 0, 1, 1, 0) + b"8BIMnorm\xff\0\0\0" + struct.pack(">I", 12) + bytes(12)
    info = struct.pack(">h", min(layers, 32767)) + layer * layers
    section = struct.pack(">I", len(info) + 4) + struct.pack(">I", len(info)) + info if layers else struct.pack(">I", 0)
    run = b"\x81\0" * -(-width // 128)
    rows = struct.pack(">H", 1) + struct.pack(">H", len(run)) * (3 * height) + run * (3 * height)
    return head + struct.pack(">I", 0) + struct.pack(">I", len(res)) + res + section + rows


def jxl(width: int, height: int) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpegxl_encode(np.zeros((height, width, 3), np.uint8), lossless=True, effort=1))


def jxl_boxes(count: int) -> bytes:
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return head + box(b"free", b"") * count + box(b"jxlc", jxl(32, 32))


def bmp_rle(width: int, height: int) -> bytes:
    """RLE whose jumps are all that there is: a few bytes for a picture of any size."""
    palette = bytes(1024)
    data = b"\0\1"
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024 + len(data), 0, 0, 54 + 1024) + info + palette + data


def bmp_jumps(width: int, height: int, jumps: int) -> bytes:
    data = b"\0\2\xff\xff" * jumps + b"\0\1"
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024 + len(data), 0, 0, 54 + 1024) + info + bytes(1024) + data


def icc(size: int) -> bytes:
    """A colour profile with tables of very many entries, in parts of a JPEG."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile += bytes(size)
    profile[:4] = struct.pack(">I", len(profile))
    parts = [bytes(profile[at : at + 65000]) for at in range(0, len(profile), 65000)][:255]
    return jpeg_with(
        b"".join(
            segment(0xE2, b"ICC_PROFILE\0" + bytes([number + 1, len(parts)]) + part)
            for number, part in enumerate(parts)
        )
    )


def icc_tags(count: int) -> bytes:
    """A profile whose list of tags says that there are very many, and that all are the same."""
    tags = struct.pack(">I", count) + (b"rXYZ" + struct.pack(">II", 132, 2**16)) * min(count, 5000)
    head = bytearray(128)
    head[12:24] = b"mntrRGB XYZ "
    head[36:40] = b"acsp"
    head[:4] = struct.pack(">I", 128 + len(tags))
    return jpeg_with(segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(head) + tags))


def pnm_numbers(count: int) -> bytes:
    side = int(count**0.5)
    return b"P2 %d %d 255\n" % (side, side) + b"7 " * (side * side)
