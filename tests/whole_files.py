"""Made picture files of all formats, for tests of whether files are whole."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

from curation.errors import PhotoError
from curation.photos.decoding import open_photo_bytes

__all__ = ["MAKERS", "PLAIN_ROWS", "box", "full_box", "made", "outcome", "pictured"]

Maker = Callable[[Image.Image], bytes]


@cache
def pictured(look: str, width: int = 128, height: int = 96) -> Image.Image:
    """A picture that looks like a photo: smooth colours with noise.

    Args:
        look: `photo`; `letterbox` has black bars, `turned` black corners, `night` few lit places; `black` and `flat`
            have one colour, `drawing` has black shapes on white.
        width: In pixels.
        height: In pixels.
    """
    random = np.random.default_rng(len(look) + width)
    if look == "black":
        return Image.new("RGB", (width, height))
    if look == "flat":
        return Image.new("RGB", (width, height), (120, 131, 99))
    coarse = np.clip(random.normal(128, 45, (height // 12 + 2, width // 12 + 2, 3)), 30, 240).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    photo = np.clip(smooth + random.integers(-8, 9, smooth.shape), 1, 255).astype(np.uint8)
    if look == "letterbox":
        photo[: height // 6] = photo[-(height // 6) :] = 0
    elif look == "night":
        photo = np.clip(photo.astype(int) - 150, 0, 255).astype(np.uint8)
    elif look == "drawing":
        photo[:] = 255
        photo[height // 3 : height // 2, width // 5 : width // 2] = 0
        photo[height // 2 + 3, 3:-3] = 0
    image = Image.fromarray(photo)
    return image.rotate(17) if look == "turned" else image


def _saved(kind: str, **options: object) -> Maker:
    def make(image: Image.Image) -> bytes:
        buffer = BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return make


def _heif(image: Image.Image) -> bytes:
    import pillow_heif

    buffer = BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=80, chroma=420)
    return buffer.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    """A box of an ISO file."""
    return struct.pack(">I", len(body) + 8) + kind + body


def full_box(kind: bytes, body: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags) + body)


def _heif_of_tiles(image: Image.Image) -> bytes:
    """A HEIC of two by two tiles, as phones write them."""
    width = height = 64
    image = image.resize((2 * width, 2 * height))
    tiles = [_tile(image.crop((x, y, x + width, y + height))) for y in (0, height) for x in (0, width)]
    count, grid_number = len(tiles), len(tiles) + 1
    grid = bytes([0, 0, 1, 1]) + struct.pack(">HH", 2 * width, 2 * height)
    infos = b"".join(full_box(b"infe", struct.pack(">HH", k + 1, 0) + b"hvc1\0", 2, 1) for k in range(count))
    infos += full_box(b"infe", struct.pack(">HH", grid_number, 0) + b"grid\0", 2)
    sizes = full_box(b"ispe", struct.pack(">II", width, height)) + full_box(
        b"ispe", struct.pack(">II", 2 * width, 2 * height)
    )
    properties = b"".join(config for config, _ in tiles) + sizes
    links = b"".join(struct.pack(">HBBB", k + 1, 2, 0x81 + k, count + 1) for k in range(count))
    links += struct.pack(">HBB", grid_number, 1, count + 2)
    made_of = box(b"dimg", struct.pack(f">HH{count}H", grid_number, count, *range(1, count + 1)))

    def head(start: int) -> bytes:
        places = b"".join(
            struct.pack(">HHHHII", k + 1, 0, 0, 1, start + sum(len(one) for _, one in tiles[:k]), len(tiles[k][1]))
            for k in range(count)
        )
        places += struct.pack(">HHHHII", grid_number, 1, 0, 1, 0, len(grid))
        inner = full_box(b"hdlr", bytes(4) + b"pict" + bytes(13)) + full_box(b"pitm", struct.pack(">H", grid_number))
        inner += full_box(b"iinf", struct.pack(">H", count + 1) + infos) + full_box(b"iref", made_of)
        inner += box(b"iprp", box(b"ipco", properties) + full_box(b"ipma", struct.pack(">I", count + 1) + links))
        inner += full_box(b"iloc", b"\x44\0" + struct.pack(">H", count + 1) + places, 1) + box(b"idat", grid)
        return box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + full_box(b"meta", inner)

    return head(len(head(0)) + 8) + box(b"mdat", b"".join(coded for _, coded in tiles))


def _tile(image: Image.Image) -> tuple[bytes, bytes]:
    """The decoder's configuration and the coded picture of one tile."""
    data = _heif(image)
    at = data.index(b"hvcC") - 4
    config = data[at : at + int.from_bytes(data[at : at + 4], "big")]
    start = data.index(b"mdat")
    return config, data[start + 4 : start - 4 + int.from_bytes(data[start - 4 : start], "big")]


def _text_ppm(image: Image.Image) -> bytes:
    rows = np.asarray(image).reshape(image.height, -1)
    head = f"P3\n{image.width} {image.height}\n255\n"
    return (head + "\n".join(" ".join(map(str, row)) for row in rows) + "\n").encode()


def _psd(image: Image.Image, *, packed: bool) -> bytes:
    head = b"8BPS" + struct.pack(">HxxxxxxHIIHH", 1, 3, image.height, image.width, 8, 3) + bytes(12)
    rows = [row.tobytes() for band in image.split() for row in np.asarray(band)]
    if not packed:
        return head + struct.pack(">H", 0) + b"".join(rows)
    short = [_packed_row(row) for row in rows]
    return head + struct.pack(f">H{len(short)}H", 1, *map(len, short)) + b"".join(short)


def _packed_row(row: bytes) -> bytes:
    """PackBits: runs of three and more equal bytes as two bytes, all else as it is."""
    packed, plain, at = b"", b"", 0
    while at < len(row):
        run = 1
        while at + run < len(row) and run < 128 and row[at + run] == row[at]:
            run += 1
        if run >= 3:
            packed += _plain(plain) + bytes([257 - run, row[at]])
            plain = b""
        else:
            plain += row[at : at + run]
        at += run
    return packed + _plain(plain)


def _plain(row: bytes) -> bytes:
    return b"".join(bytes([len(row[k : k + 128]) - 1]) + row[k : k + 128] for k in range(0, len(row), 128))


MAKERS: dict[str, Maker] = {
    "png": _saved("PNG"),
    "gif": _saved("GIF"),
    "webp": _saved("WEBP", quality=85),
    "webp lossless": _saved("WEBP", lossless=True),
    "heic": _heif,
    "heic of tiles": _heif_of_tiles,
    "avif": _saved("AVIF", quality=80),
    "jp2": _saved("JPEG2000", quality_mode="rates", quality_layers=[12, 4]),
    "j2k of tiles": _saved("JPEG2000", no_jp2=True, tile_size=(64, 64)),
    "psd packed": lambda image: _psd(image, packed=True),
    "psd": lambda image: _psd(image, packed=False),
    "bmp": _saved("BMP"),
    "ppm": _saved("PPM"),
    "ppm as text": _text_ppm,
    "jpeg": _saved("JPEG", quality=90),
    "jpeg with own tables": _saved("JPEG", quality=90, optimize=True),
    "jpeg with restarts": _saved("JPEG", quality=90, restart_marker_rows=1),
    "tiff": _saved("TIFF"),
    "tiff lzw": _saved("TIFF", compression="tiff_lzw"),
    "tiff deflate": _saved("TIFF", compression="tiff_adobe_deflate"),
    "tiff packed": _saved("TIFF", compression="packbits"),
}
"""How a picture is saved in each format; add more here, and the tests of all formats try them."""

PLAIN_ROWS = {"psd": (40, 128), "bmp": (54, 384), "ppm": (15, 384), "tiff": (140, 384)}
"""Formats of plain pixels: where the first row begins and the bytes of a row, in files that `made` makes."""


@cache
def made(name: str, look: str = "photo") -> bytes:
    """A file of a format of `MAKERS`."""
    return MAKERS[name](pictured(look))


def outcome(content: bytes, whole: bytes) -> str:
    """What becomes of a file.

    Args:
        content: The file.
        whole: As it was.

    Returns:
        `refused`, `told` (a fault is told), `same` (all pixels are as they were), or `silent`.
    """
    try:
        photo = open_photo_bytes(content, max_megapixels=10)
        pixels = photo.full().array
    except PhotoError:
        return "refused"
    if photo.faults:
        return "told"
    return "same" if np.array_equal(pixels, open_photo_bytes(whole, max_megapixels=10).full().array) else "silent"
