"""Pictures that were changed by chance: bytes, and the parts of their containers.

Changing bytes alone breaks a checksum or a size, and decoders stop there. So parts of containers (segments of a JPEG,
chunks of a PNG, boxes, entries of a TIFF's directory) are dropped, doubled, moved and filled with other numbers, with
checksums and sizes mended.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageCms

from tests.photo_files import exif_block, four_corners, write_dng
from tests.whole_files import MAKERS, pictured

__all__ = ["boxes_changed", "bytes_changed", "mutated", "seeds"]

_NUMBERS = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_MOST_BYTES = 2**21
_XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="3">
<dc:subject><rdf:Bag><rdf:li>Anna</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""

Parts = list[bytes]


@cache
def seeds(more: str = "") -> tuple[tuple[str, bytes], ...]:
    """Names and contents of whole pictures of all formats.

    Args:
        more: A folder with more of them, of which the small ones are taken; "" for none.
    """
    found = [
        (f"a.{name.split()[0].replace('jpeg', 'jpg').replace('tiff', 'tif')}", make(pictured("photo", 64, 48)))
        for name, make in MAKERS.items()
    ]
    image = pictured("photo", 64, 48)
    notes = {"exif": b"Exif\0\0" + exif_block(orientation=6), "xmp": _XMP}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind, name, options in (
        ("JPEG", "a.jpg", {"progressive": True, "icc_profile": profile, **notes}),
        ("JPEG", "b.jpg", {"exif": notes["exif"], "restart_marker_blocks": 2}),
        ("PNG", "b.png", {"icc_profile": profile, "exif": notes["exif"]}),
        ("WEBP", "b.webp", {"icc_profile": profile, **notes}),
        ("TIFF", "b.tif", {"compression": "jpeg", "icc_profile": profile}),
        ("GIF", "b.gif", {"save_all": True, "append_images": [image.rotate(90), image.rotate(9)]}),
        ("MPO", "a.mpo", {"save_all": True, "append_images": [image.rotate(9)]}),
    ):
        out = BytesIO()
        image.save(out, kind, **options)
        found.append((name, out.getvalue()))
    for mode in ("L", "P", "CMYK", "LA", "I;16"):
        out = BytesIO()
        changed = (
            Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
            if mode == "I;16"
            else image.convert(mode)
        )
        changed.save(out, "TIFF" if mode == "CMYK" else "PNG")
        found.append(("c.tif" if mode == "CMYK" else "c.png", out.getvalue()))
    floats = (four_corners(24, 16) / 255).astype("<f4")
    found.append(("a.pfm", b"PF\n24 16\n-1.0\n" + floats.tobytes()))
    found.append(("d.tif", _float_tiff(floats)))
    found.append(("a.dng", _dng()))
    found += _jpeg_xl()
    if more:
        found += [
            (path.name, path.read_bytes())
            for path in sorted(Path(more).rglob("*"))
            if path.is_file() and 0 < path.stat().st_size < 60_000
        ]
    return tuple(found)


def _float_tiff(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    import tifffile

    out = BytesIO()
    tifffile.imwrite(out, values, compression="zlib", photometric="rgb")
    return out.getvalue()


def _dng() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return write_dng(Path(folder, "a.dng"), size=(64, 48), preview=(64, 48)).read_bytes()


def _jpeg_xl() -> list[tuple[str, bytes]]:
    try:
        import imagecodecs
    except ImportError:
        return []
    return [("a.jxl", bytes(imagecodecs.jpegxl_encode(four_corners(48, 32))))]


def mutated(chance: random.Random, more: str = "") -> tuple[str, bytes]:
    """A picture that was changed, and a name for its file."""
    whole = seeds(more)
    name, content = chance.choice(whole)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        if chance.random() < 0.6:
            content = _parts_changed(content, chance)
        else:
            content = bytes_changed(content, chance, chance.choice(whole)[1])
        content = content[:_MOST_BYTES]
    if chance.random() < 0.03:
        name = chance.choice(whole)[0]
    return name, content


# Bytes, whatever they are


def _flipped(content: bytes, chance: random.Random, other: bytes) -> bytes:
    out = bytearray(content)
    for _ in range(chance.choice((1, 2, 8, 40))):
        if out:
            out[_place(out, chance)] = chance.choice((0, 255, chance.randrange(256)))
    return bytes(out)


def _numbered(content: bytes, chance: random.Random, other: bytes) -> bytes:
    width = chance.choice((1, 2, 4, 8))
    number = (chance.choice(_NUMBERS) % (1 << 8 * width)).to_bytes(width, _order(chance))
    at = _place(content, chance)
    return content[:at] + number + content[at + width :]


def _order(chance: random.Random) -> Literal["big", "little"]:
    return "big" if chance.random() < 0.5 else "little"


def _cut(content: bytes, chance: random.Random, other: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _removed(content: bytes, chance: random.Random, other: bytes) -> bytes:
    at = _place(content, chance)
    return content[:at] + content[at + chance.choice((1, 2, 16, 200)) :]


def _repeated(content: bytes, chance: random.Random, other: bytes) -> bytes:
    at, size = _place(content, chance), chance.choice((1, 3, 16, 100))
    return content[:at] + content[at : at + size] * chance.choice((2, 20, 3000)) + content[at:]


def _zeroed(content: bytes, chance: random.Random, other: bytes) -> bytes:
    at, size = _place(content, chance), chance.choice((4, 64, 512))
    return content[:at] + bytes(len(content[at : at + size])) + content[at + size :]


def _spliced(content: bytes, chance: random.Random, other: bytes) -> bytes:
    at, there = _place(content, chance), _place(other, chance)
    return content[:at] + other[there:]


def _place(content: bytes | bytearray, chance: random.Random) -> int:
    """Anywhere, the beginning more often."""
    most = min(len(content), 400) if chance.random() < 0.6 else len(content)
    return chance.randrange(most) if most else 0


def bytes_changed(content: bytes, chance: random.Random, other: bytes) -> bytes:
    """Bytes changed as if nothing were known of the file; some may come from another one."""
    return chance.choice(_PLAIN)(content, chance, other)


_PLAIN: tuple[Callable[[bytes, random.Random, bytes], bytes], ...] = (
    _flipped, _flipped, _numbered, _numbered, _cut, _removed, _repeated, _zeroed, _spliced,
)  # fmt: skip


# Parts of containers


def _parts_changed(content: bytes, chance: random.Random) -> bytes:
    if content.startswith(b"\xff\xd8\xff"):
        return b"".join(_shuffled(_jpeg_parts(content), chance, _jpeg_part))
    if content.startswith(b"\x89PNG"):
        return content[:8] + b"".join(_shuffled(_png_parts(content), chance, _png_part))
    if content.startswith(b"RIFF"):
        body = b"".join(_shuffled(_riff_parts(content), chance, _riff_part))
        return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    if content[4:8] in (b"ftyp", b"jP  ", b"JXL "):
        return boxes_changed(content, chance, 0)
    if content[:4] in (b"II*\0", b"MM\0*"):
        return _tiff_changed(content, chance)
    return _flipped(content, chance, b"")


def _shuffled(parts: Parts, chance: random.Random, change: Callable[[bytes, random.Random], bytes]) -> Parts:
    if not parts:
        return parts
    at = chance.randrange(len(parts))
    what = chance.randrange(6)
    if what == 0:
        del parts[at]
    elif what == 1:
        parts[at:at] = [parts[at]] * chance.choice((1, 2, 300))
    elif what == 2:
        parts.insert(chance.randrange(len(parts) + 1), parts.pop(at))
    else:
        parts[at] = change(parts[at], chance)
    return parts


def _jpeg_parts(content: bytes) -> Parts:
    parts, at = [content[:2]], 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] not in (0xDA, 0xD9):
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        parts.append(content[at:end])
        at = end
    rest = content[at:]
    scans = [place for place in range(len(rest) - 1) if rest[place : place + 2] == b"\xff\xda"][:200]
    return parts + [rest[a:b] for a, b in zip(scans, [*scans[1:], len(rest)], strict=True)] if scans else [*parts, rest]


def _jpeg_part(part: bytes, chance: random.Random) -> bytes:
    body = _flipped(part[4:], chance, b"") if chance.random() < 0.5 else _numbered(part[4:], chance, b"")
    if part[1:2] in (b"\xc0", b"\xc2") and chance.random() < 0.5:
        size = struct.pack(">HH", *(chance.choice((0, 1, 8, 640, 3000, 65535)) for _ in range(2)))
        body = part[4:5] + size + part[9:]
    length = part[2:4] if chance.random() < 0.7 else struct.pack(">H", chance.choice(_NUMBERS) % 65536)
    return part[:2] + length + body


def _png_parts(content: bytes) -> Parts:
    parts, at = [], 8
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        parts.append(content[at:end])
        at = end
    return parts


def _png_part(part: bytes, chance: random.Random) -> bytes:
    kind, body = part[4:8], part[8:-4]
    if kind == b"IHDR" and chance.random() < 0.7:
        sizes = (chance.choice((0, 1, 64, 5000, 2**31 - 1)) for _ in range(2))
        body = struct.pack(
            ">IIBBBBB", *sizes, chance.choice((1, 8, 16)), chance.randrange(7), 0, 0, chance.randrange(2)
        )
    elif kind == b"IDAT" and chance.random() < 0.5:
        body = zlib.compress(bytes(chance.choice((0, 100, 10**6, 10**7))))
    elif chance.random() < 0.5:
        kind = chance.choice((b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"cICP", b"acTL", b"fdAT", b"PLTE", b"tRNS", b"gAMA"))
        if kind in (b"iTXt", b"zTXt", b"iCCP"):
            flag = b"\1\0\0\0" if kind == b"iTXt" else b"\0"
            word = b"XML:com.adobe.xmp" if chance.random() < 0.5 else b"Raw profile type exif"
            body = word + b"\0" + flag + zlib.compress(_XMP * chance.choice((1, 1000)))
    else:
        body = _numbered(body, chance, b"") if body else b"\0"
    checksum = struct.pack(">I", zlib.crc32(kind + body)) if chance.random() < 0.9 else part[-4:]
    return struct.pack(">I", len(body)) + kind + body + checksum


def _riff_parts(content: bytes) -> Parts:
    parts, at = [], 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        parts.append(content[at:end])
        at = end
    return parts


def _riff_part(part: bytes, chance: random.Random) -> bytes:
    body = _flipped(part[8:], chance, b"") if chance.random() < 0.6 else _numbered(part[8:], chance, b"")
    size = len(body) if chance.random() < 0.8 else chance.choice(_NUMBERS)
    return part[:4] + struct.pack("<I", size % 2**32) + body


_HOLDERS = frozenset(
    {b"meta", b"iprp", b"ipco", b"iref", b"iinf", b"jp2h"}
    | {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex", b"udta"}
)


def boxes_changed(content: bytes, chance: random.Random, skipped: int = 0) -> bytes:
    """Boxes of an ISO base media file dropped, doubled, moved and filled otherwise; `skipped` bytes stay in front."""
    parts, at = [content[:skipped]] if skipped else [], skipped
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big") or len(content) - at
        parts.append(content[at : at + max(8, size)])
        at += max(8, size)
    return b"".join(_shuffled(parts, chance, _box_changed))


def _box_changed(part: bytes, chance: random.Random) -> bytes:
    kind, body = part[4:8], part[8:]
    if kind in _HOLDERS and chance.random() < 0.8:
        skipped = {b"meta": 4, b"iref": 4, b"iinf": 6}.get(kind, 0)
        body = boxes_changed(body, chance, skipped)
    else:
        body = _numbered(body, chance, b"") if chance.random() < 0.6 else _flipped(body, chance, b"")
    size = len(body) + 8 if chance.random() < 0.9 else chance.choice(_NUMBERS)
    return struct.pack(">I", size % 2**32) + kind + body


def _tiff_changed(content: bytes, chance: random.Random) -> bytes:
    order = "<" if content[:2] == b"II" else ">"
    at = int.from_bytes(content[4:8], "little" if order == "<" else "big")
    if at + 2 > len(content):
        return _numbered(content, chance, b"")
    count = struct.unpack_from(order + "H", content, at)[0]
    end = at + 2 + 12 * count
    if end > len(content) or not count:
        return _numbered(content, chance, b"")
    entries = [content[place : place + 12] for place in range(at + 2, end, 12)]

    def change(entry: bytes, chance: random.Random) -> bytes:
        tag, kind, number, value = struct.unpack(order + "HHII", entry)
        what = chance.randrange(4)
        if what == 0:
            tag = chance.choice(
                (254, 258, 259, 262, 273, 277, 279, 317, 322, 324, 325, 330, 347, 34665, 700, chance.randrange(65536))
            )
        elif what == 1:
            kind = chance.randrange(20)
        elif what == 2:
            number = chance.choice(_NUMBERS) % 2**32
        else:
            value = chance.choice((*_NUMBERS, at, len(content) - 4)) % 2**32
        return struct.pack(order + "HHII", tag, kind, number, value)

    changed = _shuffled(entries, chance, change)[:count]
    changed += [bytes(12)] * (count - len(changed))
    following = content[end : end + 4] if chance.random() < 0.8 else struct.pack(order + "I", at)
    return content[: at + 2] + b"".join(changed) + following + content[end + 4 :]
