"""Made photo files for tests: a picture whose corners tell how it is turned, EXIF, a DNG."""

from __future__ import annotations

import struct
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["EXIF_TRANSPOSITIONS", "corner_colours", "exif_block", "four_corners", "save", "stamp", "write_dng"]

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 30), (30, 30, 220), (220, 220, 30)

EXIF_TRANSPOSITIONS = {
    # How to store an upright picture so that this orientation turns it back.
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def four_corners(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """An upright picture: red and green above, blue and yellow below."""
    array = np.empty((height, width, 3), dtype=np.uint8)
    array[: height // 2, : width // 2] = RED
    array[: height // 2, width // 2 :] = GREEN
    array[height // 2 :, : width // 2] = BLUE
    array[height // 2 :, width // 2 :] = YELLOW
    return array


def corner_colours(array: NDArray[np.uint8]) -> list[str]:
    """The names of the colours at the corners, row by row: an upright picture gives r g b y."""
    height, width = array.shape[:2]
    names = {"r": RED, "g": GREEN, "b": BLUE, "y": YELLOW}
    corners = [array[y, x].astype(int) for y in (height // 8, -height // 8) for x in (width // 8, -width // 8)]
    return [min(names, key=lambda name: int(np.abs(np.array(names[name]) - corner).sum())) for corner in corners]


def exif_block(
    orientation: int | None = None, taken: str | None = None, sub_sec: str | None = None, *, order: str = "<"
) -> bytes:
    """An EXIF block without its prefix: a TIFF structure in the byte order `order`."""
    first = [] if orientation is None else [(0x0112, 3, 1, struct.pack(order + "HH", orientation, 0))]
    texts = [(tag, text) for tag, text in ((0x9003, taken), (0x9291, sub_sec)) if text is not None]
    exif_offset = 8 + 2 + 12 * (len(first) + 1) + 4
    data_offset = exif_offset + 2 + 12 * len(texts) + 4
    entries, data = [], b""
    for tag, text in texts:
        value = text.encode() + b"\0"
        if len(value) <= 4:
            entries.append((tag, 2, len(value), value.ljust(4, b"\0")))
        else:
            entries.append((tag, 2, len(value), struct.pack(order + "I", data_offset + len(data))))
            data += value
    first.append((0x8769, 4, 1, struct.pack(order + "I", exif_offset)))
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + _directory(first, order) + _directory(entries, order) + data


def _directory(entries: list[tuple[int, int, int, bytes]], order: str = "<") -> bytes:
    packed = b"".join(struct.pack(order + "HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return struct.pack(order + "H", len(entries)) + packed + struct.pack(order + "I", 0)


def stamp(path: Path, taken: datetime, camera: str) -> None:
    """Write into a PNG when and with what it was taken."""
    exif = Image.Exif()
    exif[0x0110] = camera
    exif.get_ifd(0x8769)[0x9003] = f"{taken:%Y:%m:%d %H:%M:%S}"
    with Image.open(path) as image:
        image.load()
    image.save(path, exif=exif)


def save(path: Path, array: NDArray[np.uint8], format_name: str, *, orientation: int = 1, **options: object) -> Path:
    """Store an upright picture turned by `orientation`, with the EXIF that turns it back."""
    image = Image.fromarray(array)
    transposition = EXIF_TRANSPOSITIONS[orientation]
    if transposition is not None:
        image = image.transpose(transposition)
    if format_name == "TIFF":
        options["tiffinfo"] = {274: orientation}
    elif orientation != 1:
        options["exif"] = b"Exif\0\0" + exif_block(orientation)
    image.save(path, format_name, **options)
    return path


def write_dng(
    path: Path,
    *,
    size: tuple[int, int],
    preview: tuple[int, int] | None,
    orientation: int = 1,
    shown: NDArray[np.uint8] | None = None,
) -> Path:
    """Write a DNG: a Bayer sensor that saw `four_corners`, with or without a JPEG preview of it or of `shown`."""
    width, height = size
    picture = four_corners(width, height)
    sensor = np.empty((height, width), dtype="<u2")
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):  # RGGB
        linear = (picture[row::2, column::2, channel] / 255.0) ** 2.2
        sensor[row::2, column::2] = linear * 60000
    strip = sensor.tobytes()
    entries: dict[int, tuple[int, int, bytes]] = {}

    def shorts(*values: int) -> tuple[int, int, bytes]:
        return 3, len(values), struct.pack(f"<{len(values)}H", *values)

    def longs(*values: int) -> tuple[int, int, bytes]:
        return 4, len(values), struct.pack(f"<{len(values)}I", *values)

    def text(value: str) -> tuple[int, int, bytes]:
        return 2, len(value) + 1, value.encode() + b"\0"

    entries |= {254: longs(0), 256: longs(width), 257: longs(height), 258: shorts(16), 259: shorts(1)}
    entries |= {262: shorts(32803), 271: text("Made"), 272: text("Up"), 274: shorts(orientation), 277: shorts(1)}
    entries |= {278: longs(height), 284: shorts(1), 33421: shorts(2, 2), 33422: (1, 4, bytes([0, 1, 1, 2]))}
    entries |= {50706: (1, 4, bytes([1, 4, 0, 0])), 50707: (1, 4, bytes([1, 1, 0, 0])), 50708: text("Made Up")}
    entries |= {50717: longs(60000), 50778: shorts(21)}
    # A sensor that sees sRGB: XYZ (D65) to linear sRGB.
    matrix = (3.2405, -1.5371, -0.4985, -0.9693, 1.8760, 0.0416, 0.0556, -0.2040, 1.0572)
    entries[50721] = (10, 9, b"".join(struct.pack("<ii", round(value * 10000), 10000) for value in matrix))
    entries[50728] = (5, 3, struct.pack("<6I", 1, 1, 1, 1, 1, 1))
    entries |= {273: longs(0), 279: longs(len(strip))}
    jpeg = b""
    if preview is not None:
        buffer = BytesIO()
        Image.fromarray(four_corners(*preview) if shown is None else shown).save(buffer, "JPEG", quality=90)
        jpeg = buffer.getvalue()
        entries[330] = longs(0)
    directory_size = 2 + 12 * len(entries) + 4
    data_offset = 8 + directory_size
    data = b""
    strip_offset = data_offset + sum(len(value) for _, _, value in entries.values() if len(value) > 4)
    jpeg_offset = strip_offset + len(strip)
    entries[273] = longs(strip_offset)
    if preview is not None:
        entries[330] = longs(jpeg_offset + len(jpeg))
    packed = []
    for tag in sorted(entries):
        kind, count, value = entries[tag]
        if len(value) > 4:
            packed.append((tag, kind, count, struct.pack("<I", data_offset + len(data))))
            data += value
        else:
            packed.append((tag, kind, count, value.ljust(4, b"\0")))
    content = b"II" + struct.pack("<HI", 42, 8) + _directory(packed) + data + strip + jpeg
    if preview is not None:
        small = {254: longs(1), 256: longs(preview[0]), 257: longs(preview[1]), 259: shorts(7), 262: shorts(6)}
        small |= {273: longs(jpeg_offset), 277: shorts(3), 278: longs(preview[1]), 279: longs(len(jpeg))}
        content += _directory([(tag, *small[tag][:2], small[tag][2].ljust(4, b"\0")) for tag in sorted(small)])
    path.write_bytes(content)
    return path
