"""WebP, HEIF and JPEG 2000 files that cost much: frames, grids, boxes, extents, tiles."""

from __future__ import annotations

import struct
from io import BytesIO

from PIL import Image

from tests.photo_bombs.jpegs import segment

__all__ = [
    "box",
    "grid",
    "iloc_extents",
    "iloc_without_widths",
    "jpeg2000",
    "many_boxes",
    "nested_boxes",
    "webp",
    "webp_size",
]


def webp(frames: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (32, 32), (3, 90, 40)).save(out, "WEBP", lossless=True)
    bitstream = out.getvalue()[12:]
    frame = struct.pack("<HBHB", 0, 0, 0, 0) + struct.pack("<I", 31)[:3] + struct.pack("<I", 31)[:3] + b"\x01\0\0\0"
    anmf = b"ANMF" + struct.pack("<I", len(frame) + len(bitstream)) + frame + bitstream
    head = b"VP8X" + struct.pack("<IBBH", 10, 2, 0, 0) + struct.pack("<I", 31)[:3] + struct.pack("<I", 31)[:3]
    body = b"WEBP" + head + b"ANIM" + struct.pack("<IIH", 6, 0, 0) + anmf * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_size(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (3, 90, 40)).save(out, "WEBP", lossless=True, method=0)
    return out.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _full(kind: bytes, body: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags) + body)


def _heif(kind: str = "HEIF") -> bytes:
    import pillow_heif

    out = BytesIO()
    picture = Image.effect_noise((64, 64), 40).convert("RGB")
    if kind == "AVIF":
        picture.save(out, "AVIF")
    else:
        pillow_heif.from_pillow(picture).save(out, quality=50)
    return out.getvalue()


def grid(tiles: int) -> bytes:
    """A HEIC of tiles x tiles tiles, all of which are the same bytes of the file."""
    whole = _heif()
    ftyp = int.from_bytes(whole[:4], "big")
    meta_at = ftyp
    meta = whole[meta_at : meta_at + int.from_bytes(whole[meta_at : meta_at + 4], "big")]
    boxes, at = {}, 12
    while at < len(meta):
        size = int.from_bytes(meta[at : at + 4], "big")
        boxes[meta[at + 4 : at + 8]] = meta[at : at + size]
        at += size
    mdat = whole[whole.find(b"mdat") + 4 :]
    count = tiles * tiles
    infe = [_full(b"infe", struct.pack(">HH", number, 0) + b"hvc1\0", 2) for number in range(1, count + 1)]
    infe.append(_full(b"infe", struct.pack(">HH", count + 1, 0) + b"grid\0", 2))
    iinf = _full(b"iinf", struct.pack(">I", count + 1) + b"".join(infe), 1)
    refs = struct.pack(">HH", count + 1, count) + struct.pack(f">{count}H", *range(1, count + 1))
    iref = _full(b"iref", box(b"dimg", refs))
    iprp = boxes[b"iprp"]
    ipco = iprp[8 : 8 + int.from_bytes(iprp[8:12], "big")]
    ispe = _full(b"ispe", struct.pack(">II", 64 * tiles, 64 * tiles))
    kinds, at = [], 8
    while at < len(ipco):
        kinds.append(ipco[at + 4 : at + 8])
        at += int.from_bytes(ipco[at : at + 4], "big")
    config, size = kinds.index(b"hvcC") + 1, kinds.index(b"ispe") + 1
    links = b"".join(struct.pack(">HBBB", number, 2, config | 0x80, size) for number in range(1, count + 1))
    links += struct.pack(">HBB", count + 1, 1, len(kinds) + 1)
    new_iprp = box(b"iprp", box(b"ipco", ipco[8:] + ispe) + _full(b"ipma", struct.pack(">I", count + 1) + links))
    grid = struct.pack(">BBBBII", 0, 1, tiles - 1, tiles - 1, 64 * tiles, 64 * tiles)
    head = ftyp + 12 + len(boxes[b"hdlr"]) + 14 + len(iinf) + len(iref) + len(new_iprp)

    def iloc(offset: int) -> bytes:
        places = b"".join(
            struct.pack(">HHHHII", number, 0, 0, 1, offset + len(grid), len(mdat)) for number in range(1, count + 1)
        )
        places += struct.pack(">HHHHII", count + 1, 0, 0, 1, offset, len(grid))
        return _full(b"iloc", struct.pack(">BBH", 0x44, 0, count + 1) + places, 1)

    head += len(iloc(0)) + 8
    inside = boxes[b"hdlr"] + _full(b"pitm", struct.pack(">H", count + 1)) + iloc(head) + iinf + iref + new_iprp
    return whole[:ftyp] + _full(b"meta", inside) + box(b"mdat", grid + mdat)


def nested_boxes(depth: int, kind: bytes = b"meta") -> bytes:
    """Boxes in boxes, each of which holds only the next one."""
    size = depth * 8 + 8
    boxes = b"".join(
        struct.pack(">I", size - 8 * number) + (b"iprp" if number % 2 else b"ipco") for number in range(depth)
    )
    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return ftyp + _full(kind, boxes + bytes(8))


def many_boxes(count: int) -> bytes:
    return _heif() + box(b"free", b"") * count


def iloc_extents(count: int) -> bytes:
    """An item of very many extents that are all the same bytes."""
    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    extents = struct.pack(">II", 64, 2**20) * count
    iloc = _full(
        b"iloc", struct.pack(">BBH", 0x44, 0, 1) + struct.pack(">HHHH", 1, 0, 0, min(count, 65535)) + extents, 1
    )
    iinf = _full(b"iinf", struct.pack(">H", 1) + _full(b"infe", struct.pack(">HH", 1, 0) + b"Exif\0", 2))
    meta = _full(b"meta", _full(b"hdlr", bytes(4) + b"pict" + bytes(13)) + _full(b"pitm", b"\0\1") + iinf + iloc)
    return ftyp + meta + box(b"mdat", bytes(2**21))


def iloc_without_widths(items: int) -> bytes:
    """Items of very many parts each, of which no number has a width, so that they take no bytes."""
    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    places = b"".join(struct.pack(">HHHH", number + 1, 0, 0, 65535) for number in range(items))
    iloc = _full(b"iloc", struct.pack(">BBH", 0, 0, items) + places, 1)
    entries = [_full(b"infe", struct.pack(">HH", 1, 0) + b"Exif\0", 2)]
    iinf = _full(b"iinf", struct.pack(">H", len(entries)) + b"".join(entries))
    meta = _full(b"meta", _full(b"hdlr", bytes(4) + b"pict" + bytes(13)) + _full(b"pitm", b"\0\1") + iinf + iloc)
    return ftyp + meta + box(b"mdat", bytes(64))


def jpeg2000(width: int, height: int, tile: int) -> bytes:
    """A code stream of very many tiles, each only a header, with the most layers and levels that there can be."""
    siz = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, tile, tile, 0, 0, 1) + b"\x07\1\1"
    cod = b"\0" + struct.pack(">BHB", 0, 65535, 0) + bytes([32, 4, 4, 0, 1])
    qcd = b"\x40" + bytes([0x40] * 97)
    head = b"\xff\x4f" + segment(0x51, siz) + segment(0x52, cod) + segment(0x5C, qcd)
    tiles = -(-width // tile) * -(-height // tile)
    parts = b"".join(
        segment(0x90, struct.pack(">HIBB", number, 14 + 2, 0, 1)) + b"\xff\x93" + bytes(2)
        for number in range(min(tiles, 65535))
    )
    return head + parts + b"\xff\xd9"
