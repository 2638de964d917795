"""Hostile pictures: small files that would take a decoder minutes, gigabytes, or a deep stack.

Each is made here, byte by byte, so that nothing hostile has to be kept. `BOMBS` names them all.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np
from PIL import Image

__all__ = [
    "BOMBS",
    "arithmetic",
    "iloc_extents",
    "iloc_without_widths",
    "jpeg2000",
    "many_scans",
    "png",
    "png_chunk",
    "psd",
    "tiff_strips",
]


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _dqt() -> bytes:
    return _segment(0xDB, b"\0" + b"\1" * 64)


def _sof(marker: int, width: int, height: int, components: int = 1) -> bytes:
    factors = b"".join(bytes([number + 1, 0x11, 0]) for number in range(components))
    return _segment(marker, struct.pack(">BHHB", 8, height, width, components) + factors)


def _dht(kind: int, codes: Mapping[int, bytes]) -> bytes:
    """A Huffman table; `codes` maps lengths to symbols."""
    counts = bytes(len(codes.get(length, b"")) for length in range(1, 17))
    return _segment(0xC4, bytes([kind]) + counts + b"".join(codes.get(length, b"") for length in range(1, 17)))


def _sos(first: int, last: int, high: int, low: int, components: int = 1) -> bytes:
    body = bytes([components]) + b"".join(bytes([number + 1, 0]) for number in range(components))
    return _segment(0xDA, body + bytes([first, last, high << 4 | low]))


def _packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0") if bits else b""


def many_scans(width: int, height: int, scans: int, *, is_wide: bool = False) -> bytes:
    """A progressive JPEG, all grey, with one scan of its brightness and many that each refine one coefficient.

    With `is_wide` each of them refines all coefficients once more, which is the most work, and not quite allowed.
    """
    blocks = -(-width // 8) * -(-height // 8)
    runs, left = "", blocks
    while left:
        length = max(n for n in range(15) if 2**n <= left)
        taken = min(left, 2 ** (length + 1) - 1)
        runs += (
            f"{length:04b}1" if False else _EOB_CODES[length] + (f"{taken - 2**length:0{length}b}" if length else "")
        )
        left -= taken
    empty = _packed(runs)
    out = bytearray(b"\xff\xd8" + _dqt() + _sof(0xC2, width, height))
    out += _dht(0x00, {1: b"\0"}) + _dht(0x10, {4: bytes(n << 4 for n in range(15))})
    out += _sos(0, 0, 0, 0) + bytes(-(-blocks // 8))
    rounds = [(low, k) for low in range(13, -1, -1) for k in range(1, 64)]
    for low, k in [] if is_wide else rounds[: scans - 1]:
        out += _sos(k, k, 0 if low == 13 else low + 1, low) + empty
    for _ in range(scans - 1 if is_wide else 0):
        out += _sos(1, 63, 1, 0) + empty
    return bytes(out + b"\xff\xd9")


_EOB_CODES = tuple(f"{n:04b}" for n in range(15))


def _real_progressive(width: int, height: int) -> bytes:
    out = BytesIO()
    noise = np.random.default_rng(3).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(out, "JPEG", progressive=True, quality=30)
    return out.getvalue()


def arithmetic(width: int, height: int, marker: int = 0xC9, components: int = 3) -> bytes:
    """An arithmetic coded JPEG without data: its decoder reads zeros for ever, and does not complain."""
    out = b"\xff\xd8" + _dqt() + _sof(marker, width, height, components)
    return out + _sos(0, 63 if marker == 0xC9 else 0, 0, 0, components) + bytes(64) + b"\xff\xd9"


def _huge_baseline(width: int, height: int) -> bytes:
    blocks = -(-width // 8) * -(-height // 8)
    out = b"\xff\xd8" + _dqt() + _sof(0xC0, width, height) + _dht(0, {1: b"\0"}) + _dht(0x10, {1: b"\0"})
    return out + _sos(0, 63, 0, 0) + bytes(-(-blocks // 4)) + b"\xff\xd9"


def _jpeg_with(segments: bytes) -> bytes:
    out = BytesIO()
    Image.new("RGB", (320, 240), (90, 120, 70)).save(out, "JPEG")
    return b"\xff\xd8" + segments + out.getvalue()[2:]


def _restart_rubbish(markers: int) -> bytes:
    out = BytesIO()
    Image.effect_noise((320, 240), 60).save(out, "JPEG", restart_marker_blocks=1)
    whole = out.getvalue()
    at = whole.find(b"\xff\xda")
    return whole[: at + 300] + b"\xff\xd0\xff\xd3\x5a" * markers + whole[at + 300 :]


def _dnl_rubbish(markers: int) -> bytes:
    out = BytesIO()
    Image.effect_noise((320, 240), 60).save(out, "JPEG")
    whole = out.getvalue()
    return whole[:-2] + _segment(0xDC, b"\0\xf0") * markers + whole[-2:]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(chunks: bytes = b"", *, behind: bytes = b"", size: tuple[int, int] = (64, 48)) -> bytes:
    rows = zlib.compress((b"\0" + bytes(range(3, 3 + 64)) * 3)[: 1 + 3 * size[0]] * size[1])
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    body = png_chunk(b"IDAT", rows)
    return b"\x89PNG\r\n\x1a\n" + head + chunks + body + behind + png_chunk(b"IEND", b"")


def _zeros_packed(size: int) -> bytes:
    packer = zlib.compressobj(9)
    block, out = bytes(2**20), []
    for _ in range(size // 2**20):
        out.append(packer.compress(block))
    return b"".join([*out, packer.flush()])


def _png_size(width: int, height: int) -> bytes:
    row = (width * 3 + 1) * height
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", _zeros_packed(row + 2**20)) + png_chunk(b"IEND", b"")


def _gif(frames: int) -> bytes:
    out = BytesIO()
    Image.effect_noise((64, 48), 60).convert("P").save(out, "GIF")
    first = out.getvalue()
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return first[:-1] + frame * frames + b"\x3b"


def _gif_size(width: int, height: int) -> bytes:
    """A GIF of one colour whose codes double in length: few bytes for very many pixels."""
    out = BytesIO()
    Image.new("P", (width, height)).save(out, "GIF")
    return out.getvalue()


def _gif_comments(count: int) -> bytes:
    whole = _gif(0)
    return whole[:-1] + (b"\x21\xfe" + b"\x01x" + b"\0") * count + b"\x3b"


def _gif_comment_first(size: int) -> bytes:
    whole = _gif(0)
    table = 13 + (3 * 2 ** ((whole[10] & 7) + 1) if whole[10] & 0x80 else 0)
    blocks = (b"\xff" + b"c" * 255) * (size // 255)
    return whole[:table] + b"\x21\xfe" + blocks + b"\0" + whole[table:]


def _ifd(entries: list[tuple[int, int, int, int]], following: int, order: str = "<") -> bytes:
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


def _tiff_pages(pages: int) -> bytes:
    """A small picture with very many directories behind it."""
    pixels = np.random.default_rng(1).integers(1, 255, 64 * 48, np.uint8).tobytes()
    out = bytearray(b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels)
    for number in range(pages):
        at = len(out)
        entries = _tiff_entries(64, 48, 8, len(pixels))
        out += _ifd(entries, at + 2 + 12 * len(entries) + 4 if number + 1 < pages else 0)
    return bytes(out)


def _tiff_loop() -> bytes:
    pixels = np.random.default_rng(1).integers(1, 255, 64 * 48, np.uint8).tobytes()
    return (
        b"II*\0"
        + struct.pack("<I", 8 + len(pixels))
        + pixels
        + _ifd(_tiff_entries(64, 48, 8, len(pixels)), 8 + len(pixels))
    )


def _tiff_tag(tag: int, kind: int, count: int) -> bytes:
    pixels = np.random.default_rng(1).integers(1, 255, 64 * 48, np.uint8).tobytes()
    entries = [*_tiff_entries(64, 48, 8, len(pixels)), (tag, kind, count, 8)]
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + _ifd(entries, 0)


def tiff_strips(strips: int, *, overlapping: bool, unpacked: int = 2**24) -> bytes:
    """Strips of one row, all of which are the same long piece of the file."""
    width = 64
    packed = _zeros_packed(unpacked) if overlapping else zlib.compress(bytes(width))
    counts_at = 8 + len(packed)
    offsets_at = counts_at + 4 * strips
    ifd_at = offsets_at + 4 * strips
    entries = [entry for entry in _tiff_entries(width, strips, 0, 0, compression=8) if entry[0] not in (273, 278, 279)]
    entries += [(273, 4, strips, offsets_at), (278, 4, 1, 1), (279, 4, strips, counts_at)]
    out = b"II*\0" + struct.pack("<I", ifd_at) + packed + struct.pack("<I", len(packed)) * strips
    return out + struct.pack("<I", 8) * strips + _ifd(entries, 0)


def _tiff_deflate(width: int, height: int) -> bytes:
    packed = _zeros_packed(width * height + 2**20)
    return (
        b"II*\0"
        + struct.pack("<I", 8 + len(packed))
        + packed
        + _ifd(_tiff_entries(width, height, 8, len(packed), 8), 0)
    )


def _sub_ifds(depth: int, width: int) -> bytes:
    """EXIF whose directories point to one another."""
    out = bytearray(b"II*\0\x08\0\0\0")
    out += _ifd([(0x8769, 4, 1, 8), (0x014A, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8)], 8)
    return _jpeg_with(_segment(0xE1, b"Exif\0\0" + bytes(out)))


def _webp(frames: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (32, 32), (3, 90, 40)).save(out, "WEBP", lossless=True)
    bitstream = out.getvalue()[12:]
    frame = struct.pack("<HBHB", 0, 0, 0, 0) + struct.pack("<I", 31)[:3] + struct.pack("<I", 31)[:3] + b"\x01\0\0\0"
    anmf = b"ANMF" + struct.pack("<I", len(frame) + len(bitstream)) + frame + bitstream
    head = b"VP8X" + struct.pack("<IBBH", 10, 2, 0, 0) + struct.pack("<I", 31)[:3] + struct.pack("<I", 31)[:3]
    body = b"WEBP" + head + b"ANIM" + struct.pack("<IIH", 6, 0, 0) + anmf * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_size(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (3, 90, 40)).save(out, "WEBP", lossless=True, method=0)
    return out.getvalue()


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _full(kind: bytes, body: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + body)


def _heif(kind: str = "HEIF") -> bytes:
    import pillow_heif

    out = BytesIO()
    picture = Image.effect_noise((64, 64), 40).convert("RGB")
    if kind == "AVIF":
        picture.save(out, "AVIF")
    else:
        pillow_heif.from_pillow(picture).save(out, quality=50)
    return out.getvalue()


def _grid(tiles: int) -> bytes:
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
    iref = _full(b"iref", _box(b"dimg", refs))
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
    new_iprp = _box(b"iprp", _box(b"ipco", ipco[8:] + ispe) + _full(b"ipma", struct.pack(">I", count + 1) + links))
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
    return whole[:ftyp] + _full(b"meta", inside) + _box(b"mdat", grid + mdat)


def _nested_boxes(depth: int, kind: bytes = b"meta") -> bytes:
    """Boxes in boxes, each of which holds only the next one."""
    size = depth * 8 + 8
    boxes = b"".join(
        struct.pack(">I", size - 8 * number) + (b"iprp" if number % 2 else b"ipco") for number in range(depth)
    )
    ftyp = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return ftyp + _full(kind, boxes + bytes(8))


def _many_boxes(count: int) -> bytes:
    return _heif() + _box(b"free", b"") * count


def iloc_extents(count: int) -> bytes:
    """An item of very many extents that are all the same bytes."""
    ftyp = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    extents = struct.pack(">II", 64, 2**20) * count
    iloc = _full(
        b"iloc", struct.pack(">BBH", 0x44, 0, 1) + struct.pack(">HHHH", 1, 0, 0, min(count, 65535)) + extents, 1
    )
    iinf = _full(b"iinf", struct.pack(">H", 1) + _full(b"infe", struct.pack(">HH", 1, 0) + b"Exif\0", 2))
    meta = _full(b"meta", _full(b"hdlr", bytes(4) + b"pict" + bytes(13)) + _full(b"pitm", b"\0\1") + iinf + iloc)
    return ftyp + meta + _box(b"mdat", bytes(2**21))


def iloc_without_widths(items: int) -> bytes:
    """Items of very many parts each, of which no number has a width, so that they take no bytes."""
    ftyp = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    places = b"".join(struct.pack(">HHHH", number + 1, 0, 0, 65535) for number in range(items))
    iloc = _full(b"iloc", struct.pack(">BBH", 0, 0, items) + places, 1)
    entries = [_full(b"infe", struct.pack(">HH", 1, 0) + b"Exif\0", 2)]
    iinf = _full(b"iinf", struct.pack(">H", len(entries)) + b"".join(entries))
    meta = _full(b"meta", _full(b"hdlr", bytes(4) + b"pict" + bytes(13)) + _full(b"pitm", b"\0\1") + iinf + iloc)
    return ftyp + meta + _box(b"mdat", bytes(64))


def jpeg2000(width: int, height: int, tile: int) -> bytes:
    """A code stream of very many tiles, each only a header, with the most layers and levels that there can be."""
    siz = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, tile, tile, 0, 0, 1) + b"\x07\1\1"
    cod = b"\0" + struct.pack(">BHB", 0, 65535, 0) + bytes([32, 4, 4, 0, 1])
    qcd = b"\x40" + bytes([0x40] * 97)
    head = b"\xff\x4f" + _segment(0x51, siz) + _segment(0x52, cod) + _segment(0x5C, qcd)
    tiles = -(-width // tile) * -(-height // tile)
    parts = b"".join(
        _segment(0x90, struct.pack(">HIBB", number, 14 + 2, 0, 1)) + b"\xff\x93" + bytes(2)
        for number in range(min(tiles, 65535))
    )
    return head + parts + b"\xff\xd9"


def psd(width: int, height: int, *, layers: int = 0, resources: int = 0, packed: bool = True) -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3)
    res = b"8BIM\x04\x00\0\0\0\0\0\0" * resources
    layer = struct.pack(">iiiiH", 0, 0, 1, 1, 0) + b"8BIMnorm\xff\0\0\0" + struct.pack(">I", 12) + bytes(12)
    info = struct.pack(">h", min(layers, 32767)) + layer * layers
    section = struct.pack(">I", len(info) + 4) + struct.pack(">I", len(info)) + info if layers else struct.pack(">I", 0)
    run = b"\x81\0" * -(-width // 128)
    rows = struct.pack(">H", 1) + struct.pack(">H", len(run)) * (3 * height) + run * (3 * height)
    return head + struct.pack(">I", 0) + struct.pack(">I", len(res)) + res + section + rows


def _jxl(width: int, height: int) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpegxl_encode(np.zeros((height, width, 3), np.uint8), lossless=True, effort=1))


def _jxl_boxes(count: int) -> bytes:
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + _box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return head + _box(b"free", b"") * count + _box(b"jxlc", _jxl(32, 32))


def _bmp_rle(width: int, height: int) -> bytes:
    """RLE whose jumps are all that there is: a few bytes for a picture of any size."""
    palette = bytes(1024)
    data = b"\0\1"
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024 + len(data), 0, 0, 54 + 1024) + info + palette + data


def _bmp_jumps(width: int, height: int, jumps: int) -> bytes:
    data = b"\0\2\xff\xff" * jumps + b"\0\1"
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024 + len(data), 0, 0, 54 + 1024) + info + bytes(1024) + data


def _icc(size: int) -> bytes:
    """A colour profile with tables of very many entries, in parts of a JPEG."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile += bytes(size)
    profile[:4] = struct.pack(">I", len(profile))
    parts = [bytes(profile[at : at + 65000]) for at in range(0, len(profile), 65000)][:255]
    return _jpeg_with(
        b"".join(
            _segment(0xE2, b"ICC_PROFILE\0" + bytes([number + 1, len(parts)]) + part)
            for number, part in enumerate(parts)
        )
    )


def _icc_tags(count: int) -> bytes:
    """A profile whose list of tags says that there are very many, and that all are the same."""
    tags = struct.pack(">I", count) + (b"rXYZ" + struct.pack(">II", 132, 2**16)) * min(count, 5000)
    head = bytearray(128)
    head[12:24] = b"mntrRGB XYZ "
    head[36:40] = b"acsp"
    head[:4] = struct.pack(">I", 128 + len(tags))
    return _jpeg_with(_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(head) + tags))


_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_RDF = b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="adobe:ns:meta/"'


def _xmp_text(inside: bytes, start: bytes = b"") -> bytes:
    return (
        start
        + b"<x:xmpmeta "
        + _RDF
        + b"><rdf:RDF><rdf:Description>"
        + inside
        + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def _laughs() -> bytes:
    entities = b'<!ENTITY a0 "lollollollollol">' + b"".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.encode() for n in range(1, 12)
    )
    return _xmp_text(b"<x:a>&a11;</x:a>", b"<!DOCTYPE x [" + entities + b"]>")


def _quadratic() -> bytes:
    return _xmp_text(b"<x:a>" + b"&a;" * 9000 + b"</x:a>", b'<!DOCTYPE x [<!ENTITY a "' + b"b" * 25000 + b'">]>')


def _xmp_deep(depth: int) -> bytes:
    return _xmp_text(b"<x:a>" * depth + b"</x:a>" * depth)


def _xmp_rdf_deep(depth: int) -> bytes:
    open_ = b'<x:a rdf:parseType="Resource">'
    return _xmp_text(open_ * depth + b"</x:a>" * depth)


def _xmp_attributes(count: int) -> bytes:
    return _xmp_text(b"<x:a " + b" ".join(b'x:b%d="1"' % n for n in range(count)) + b"/>")


def _xmp_jpeg(packet: bytes) -> bytes:
    return _jpeg_with(_segment(0xE1, _XMP + packet[:65000]))


def _xmp_png(packet: bytes) -> bytes:
    return png(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))


def _xmp_png_packed(packet: bytes) -> bytes:
    return png(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)))


def _thumbnail_bomb() -> bytes:
    """EXIF whose thumbnail is a JPEG of very many scans."""
    small = many_scans(8000, 8000, 200)[:60000]
    ifd0 = _ifd([(0x0112, 3, 1, 1)], 8 + 18)
    ifd1 = _ifd([(0x0201, 4, 1, 8 + 18 + 30), (0x0202, 4, 1, len(small))], 0)
    return _jpeg_with(_segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + ifd0 + ifd1 + small))


def _mpo(pictures: int) -> bytes:
    one = _jpeg_with(b"")
    entries = b"".join(struct.pack("<IIIHH", 0, len(one), 0, 0, 0) for _ in range(pictures))[:65000]
    count = len(entries) // 16
    index = (
        b"II*\0\x08\0\0\0"
        + _ifd([(0xB000, 7, 4, 0x30303130), (0xB001, 4, 1, count), (0xB002, 7, len(entries), 50)], 0)
        + entries
    )
    return _jpeg_with(_segment(0xE2, b"MPF\0" + index)) + one * 3


def _pnm_numbers(count: int) -> bytes:
    side = int(count**0.5)
    return b"P2 %d %d 255\n" % (side, side) + b"7 " * (side * side)


BOMBS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg-450-scans": ("a.jpg", lambda: many_scans(4800, 4800, 450)),
    "jpeg-450-scans-wide": ("a.jpg", lambda: many_scans(4800, 4800, 450, is_wide=True)),
    "jpeg-90-scans-wide": ("a.jpg", lambda: many_scans(7000, 7000, 90, is_wide=True)),
    "jpeg-450-scans-large": ("a.jpg", lambda: many_scans(12000, 10000, 450)),
    "jpeg-90-scans-huge": ("a.jpg", lambda: many_scans(21000, 21000, 90)),
    "jpeg-progressive-65500": ("a.jpg", lambda: many_scans(65500, 65500, 20)[:400000]),
    "jpeg-progressive-20000": ("a.jpg", lambda: many_scans(20000, 20000, 20)),
    "jpeg-arithmetic": ("a.jpg", lambda: arithmetic(65500, 65500)),
    "jpeg-arithmetic-progressive": ("a.jpg", lambda: arithmetic(17000, 17000, 0xCA)),
    "jpeg-baseline-65500": ("a.jpg", lambda: _huge_baseline(65500, 65500)),
    "jpeg-restart-rubbish": ("a.jpg", lambda: _restart_rubbish(2_000_000)),
    "jpeg-dnl-rubbish": ("a.jpg", lambda: _dnl_rubbish(2_000_000)),
    "jpeg-segments": ("a.jpg", lambda: _jpeg_with(_segment(0xFE, b"") * 3_000_000)),
    "jpeg-fill": ("a.jpg", lambda: _jpeg_with(b"\xff" * 30_000_000)),
    "jpeg-standalone": ("a.jpg", lambda: _jpeg_with(b"\xff\x01" * 10_000_000)),
    "jpeg-exif-loop": ("a.jpg", lambda: _sub_ifds(1000, 4)),
    "jpeg-thumbnail": ("a.jpg", _thumbnail_bomb),
    "jpeg-mpo": ("a.mpo", lambda: _mpo(4000)),
    "jpeg-icc-large": ("a.jpg", lambda: _icc(16_000_000)),
    "jpeg-icc-tags": ("a.jpg", lambda: _icc_tags(2**31)),
    "xmp-laughs-jpeg": ("a.jpg", lambda: _xmp_jpeg(_laughs())),
    "xmp-laughs-png": ("a.png", lambda: _xmp_png(_laughs())),
    "xmp-quadratic": ("a.png", lambda: _xmp_png(_quadratic())),
    "xmp-deep": ("a.png", lambda: _xmp_png(_xmp_deep(1_000_000))),
    "xmp-deep-structs": ("a.png", lambda: _xmp_png(_xmp_rdf_deep(300_000))),
    "xmp-attributes": ("a.png", lambda: _xmp_png(_xmp_attributes(500_000))),
    "xmp-100mb": ("a.png", lambda: _xmp_png(_xmp_text(b"<x:a>" + b"a" * 100_000_000 + b"</x:a>"))),
    "xmp-packed": ("a.png", lambda: _xmp_png_packed(_xmp_text(b"<x:a>" + b"a" * 500_000_000 + b"</x:a>"))),
    "xmp-elements": ("a.png", lambda: _xmp_png(_xmp_text(b"<x:a>b</x:a>" * 1_000_000))),
    "png-ztxt": ("a.png", lambda: png(png_chunk(b"zTXt", b"a\0\0" + _zeros_packed(2**30)))),
    "png-itxt": ("a.png", lambda: png(png_chunk(b"iTXt", b"a\0\1\0\0\0" + _zeros_packed(2**30)))),
    "png-iccp": ("a.png", lambda: png(png_chunk(b"iCCP", b"a\0\0" + _zeros_packed(2**30)))),
    "png-ztxt-many": ("a.png", lambda: png(png_chunk(b"zTXt", b"a\0\0" + _zeros_packed(2**20)) * 3000)),
    "png-ztxt-behind": ("a.png", lambda: png(behind=png_chunk(b"zTXt", b"a\0\0" + _zeros_packed(2**20)) * 3000)),
    "png-exif-profile": (
        "a.png",
        lambda: png(
            png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n 99999999\n" + b"00" * 10**8))
        ),
    ),
    "png-chunks": ("a.png", lambda: png(png_chunk(b"tEXt", b"a\0b") * 100_000)),
    "png-chunks-million": ("a.png", lambda: png(png_chunk(b"prVt", b"") * 900_000)),
    "png-idat-million": ("a.png", lambda: png(behind=png_chunk(b"IDAT", b"") * 900_000)),
    "png-size": ("a.png", lambda: _png_size(10_900, 10_900)),
    "png-exif-huge": ("a.png", lambda: png(png_chunk(b"eXIf", b"II*\0\x08\0\0\0" + b"\xff\xff" * 10_000_000))),
    "gif-frames": ("a.gif", lambda: _gif(1_000_000)),
    "gif-size": ("a.gif", lambda: _gif_size(10_900, 10_900)),
    "gif-comments": ("a.gif", lambda: _gif_comments(2_000_000)),
    "gif-comment-first": ("a.gif", lambda: _gif_comment_first(60_000_000)),
    "tiff-pages": ("a.tif", lambda: _tiff_pages(1_000_000)),
    "tiff-loop": ("a.tif", _tiff_loop),
    "tiff-tag-count": ("a.tif", lambda: _tiff_tag(0xC000, 12, 2**31 - 1)),
    "tiff-tag-rational": ("a.tif", lambda: _tiff_tag(0xC000, 5, 2**29)),
    "tiff-tag-strips": ("a.tif", lambda: _tiff_tag(0x0111, 4, 2**30)),
    "tiff-strips-overlapping": ("a.tif", lambda: tiff_strips(60_000, overlapping=True)),
    "tiff-strips-many": ("a.tif", lambda: tiff_strips(1_500_000, overlapping=False)),
    "tiff-deflate": ("a.tif", lambda: _tiff_deflate(10_900, 10_900)),
    "webp-frames": ("a.webp", lambda: _webp(300_000)),
    "webp-size": ("a.webp", lambda: _webp_size(7_700, 7_700)),
    "heic-grid": ("a.heic", lambda: _grid(150)),
    "heic-grid-255": ("a.heic", lambda: _grid(255)),
    "heic-nested": ("a.heic", lambda: _nested_boxes(200_000)),
    "heic-boxes": ("a.heic", lambda: _many_boxes(3_000_000)),
    "heic-parts-without-width": ("a.heic", lambda: iloc_without_widths(20_000)),
    "heic-extents": ("a.heic", lambda: iloc_extents(65_535)),
    "jpeg2000-tiles": ("a.j2k", lambda: jpeg2000(6_900, 6_900, 43)),
    "jpeg2000-layers": ("a.j2k", lambda: jpeg2000(6_000, 6_000, 6_000)),
    "psd-size": ("a.psd", lambda: psd(10_900, 10_900)),
    "psd-layers": ("a.psd", lambda: psd(64, 48, layers=1_000_000)),
    "psd-resources": ("a.psd", lambda: psd(64, 48, resources=3_000_000)),
    "jxl-size": ("a.jxl", lambda: _jxl(10_900, 10_900)),
    "jxl-boxes": ("a.jxl", lambda: _jxl_boxes(3_000_000)),
    "bmp-rle": ("a.bmp", lambda: _bmp_rle(10_900, 10_900)),
    "bmp-rle-jumps": ("a.bmp", lambda: _bmp_jumps(10_900, 10_900, 4_000_000)),
    "bmp-rle-jumps-far": ("a.bmp", lambda: _bmp_jumps(1, 100_000_000, 1_000_000)),
    "ppm-comment": ("a.ppm", lambda: b"P6\n#" + b"c" * 100_000_000 + b"\n64 48\n255\n" + bytes(range(1, 97)) * 96),
    "ppm-comments": ("a.ppm", lambda: b"P6\n" + b"#c\n" * 30_000_000 + b"64 48\n255\n" + bytes(range(1, 97)) * 96),
    "ppm-spaces": ("a.ppm", lambda: b"P6\n" + b" " * 100_000_000 + b"64 48\n255\n" + bytes(range(1, 97)) * 96),
    "ppm-numbers": ("a.pgm", lambda: _pnm_numbers(100_000_000)),
    "ppm-plain-comment": ("a.pgm", lambda: b"P2 64 48 255\n#" + b"c" * 100_000_000 + b"\n" + b"7 " * 3072),
    "ppm-plain-spaces": ("a.pgm", lambda: b"P2 64 48 255\n" + b" " * 100_000_000 + b"7 " * 3072),
    "ppm-long-number": ("a.pgm", lambda: b"P2 64 48 255\n" + b"7" * 50_000_000 + b" 7" * 3072),
    "pfm-header": ("a.pfm", lambda: b"PF\n" + b" " * 50_000_000 + b"64 48\n-1.0\n" + bytes(64 * 48 * 12)),
    "pfm-long-number": ("a.pfm", lambda: b"PF\n" + b"6" * 50_000_000 + b" 48\n-1.0\n" + bytes(64 * 48 * 12)),
}
"""By name: the name of the file, and what makes its bytes."""
