"""Notes in pictures that cost much: XMP, thumbnails, multi-picture indices."""

from __future__ import annotations

import struct
import zlib

from tests.photo_bombs.jpegs import jpeg_with, many_scans, segment
from tests.photo_bombs.pngs import png, png_chunk
from tests.photo_bombs.tiffs import ifd

__all__ = [
    "laughs",
    "mpo",
    "quadratic",
    "thumbnail_bomb",
    "xmp_attributes",
    "xmp_deep",
    "xmp_jpeg",
    "xmp_png",
    "xmp_png_packed",
    "xmp_rdf_deep",
    "xmp_text",
]


_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_RDF = b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="adobe:ns:meta/"'


def xmp_text(inside: bytes, start: bytes = b"") -> bytes:
    return (
        start
        + b"<x:xmpmeta "
        + _RDF
        + b"><rdf:RDF><rdf:Description>"
        + inside
        + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def laughs() -> bytes:
    entities = b'<!ENTITY a0 "lollollollollol">' + b"".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.encode() for n in range(1, 12)
    )
    return xmp_text(b"<x:a>&a11;</x:a>", b"<!DOCTYPE x [" + entities + b"]>")


def quadratic() -> bytes:
    return xmp_text(b"<x:a>" + b"&a;" * 9000 + b"</x:a>", b'<!DOCTYPE x [<!ENTITY a "' + b"b" * 25000 + b'">]>')


def xmp_deep(depth: int) -> bytes:
    return xmp_text(b"<x:a>" * depth + b"</x:a>" * depth)


def xmp_rdf_deep(depth: int) -> bytes:
    open_ = b'<x:a rdf:parseType="Resource">'
    return xmp_text(open_ * depth + b"</x:a>" * depth)


def xmp_attributes(count: int) -> bytes:
    return xmp_text(b"<x:a " + b" ".join(b'x:b%d="1"' % n for n in range(count)) + b"/>")


def xmp_jpeg(packet: bytes) -> bytes:
    return jpeg_with(segment(0xE1, _XMP + packet[:65000]))


def xmp_png(packet: bytes) -> bytes:
    return png(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))


def xmp_png_packed(packet: bytes) -> bytes:
    return png(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)))


def thumbnail_bomb() -> bytes:
    """EXIF whose thumbnail is a JPEG of very many scans."""
    small = many_scans(8000, 8000, 200)[:60000]
    ifd0 = ifd([(0x0112, 3, 1, 1)], 8 + 18)
    ifd1 = ifd([(0x0201, 4, 1, 8 + 18 + 30), (0x0202, 4, 1, len(small))], 0)
    return jpeg_with(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + ifd0 + ifd1 + small))


def mpo(pictures: int) -> bytes:
    one = jpeg_with(b"")
    entries = b"".join(struct.pack("<IIIHH", 0, len(one), 0, 0, 0) for _ in range(pictures))[:65000]
    count = len(entries) // 16
    index = (
        b"II*\0\x08\0\0\0"
        + ifd([(0xB000, 7, 4, 0x30303130), (0xB001, 4, 1, count), (0xB002, 7, len(entries), 50)], 0)
        + entries
    )
    return jpeg_with(segment(0xE2, b"MPF\0" + index)) + one * 3
