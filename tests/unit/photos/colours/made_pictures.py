"""Pictures of known patches, stored in other colour spaces, for the tests of this folder.

Written from the formulas of the standards, not with the program's own.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]

PATCHES: Final = np.array(
    [
        [255, 255, 255],
        [128, 128, 128],
        [205, 30, 45],
        [40, 160, 60],
        [40, 60, 170],
        [230, 180, 150],
        [20, 20, 20],
        [0, 0, 0],
    ]
)
"""sRGB; the red, green and blue lie well inside it."""

TO_XYZ: Final = np.array(
    [[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]
)
P3: Final = np.array(
    [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0.0, 0.0451134, 1.0439444]]
)
BT_2020: Final = np.array(
    [[0.6369580, 0.1446169, 0.1688810], [0.2627002, 0.6779981, 0.0593017], [0.0, 0.0280727, 1.0609851]]
)
ADOBE: Final = np.array(
    [[0.5767309, 0.1855540, 0.1881852], [0.2973769, 0.6273491, 0.0752741], [0.0270343, 0.0706872, 0.9911085]]
)


def srgb_light(values: NDArray[np.int64]) -> Floats:
    x = values / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def srgb(light: Floats) -> Floats:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)


def pq(light: Floats) -> Floats:
    y = np.clip(light * 203 / 10000, 0, 1)
    m1, m2 = 2610 / 16384, 2523 / 32
    return ((3424 / 4096 + 2413 / 128 * y**m1) / (1 + 2392 / 128 * y**m1)) ** m2


def hlg(light: Floats) -> Floats:
    x = np.clip(light * 0.265, 0, 1)
    curved = 0.17883277 * np.log(np.maximum(12 * x - 0.28466892, 1e-9)) + 0.55991073
    return np.where(x <= 1 / 12, np.sqrt(3 * x), curved)


def bt_709(light: Floats) -> Floats:
    return np.where(light < 0.018, 4.5 * light, 1.099 * np.maximum(light, 1e-9) ** 0.45 - 0.099)


def patches(space: Floats, curve: Callable[[Floats], Floats], side: int = 16, light: float = 1.0) -> Floats:
    """(side, 8 * side, 3) values from 0 to 1: each patch a square, `light` times as bright."""
    wide = np.clip(srgb_light(PATCHES) * light @ TO_XYZ.T @ np.linalg.inv(space).T, 0, None)
    row = np.repeat(np.clip(curve(wide), 0, 1), side, axis=0)
    return np.repeat(row[np.newaxis], side, axis=0)


def seen(array: NDArray[np.uint8], side: int = 16) -> NDArray[np.float64]:
    """The mean colour of each patch, without its border."""
    rows = array[side // 4 : -side // 4]
    return np.array([rows[:, i * side + side // 4 : (i + 1) * side - side // 4].mean(axis=(0, 1)) for i in range(8)])


def heif(values: Floats, *, primaries: int, transfer: int, bits: int = 10, exif: bytes | None = None) -> bytes:
    """A HEIC whose box `colr` tells the code points."""
    import pillow_heif

    height, width = values.shape[:2]
    buffer = BytesIO()
    if bits == 8:
        mode, data = "RGB", (values * 255).round().astype(np.uint8).tobytes()
    else:
        mode, data = "RGB;16", (values * 65535).round().astype(np.uint16).tobytes()
    file = pillow_heif.from_bytes(mode, (width, height), data)
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        file.save(
            buffer,
            quality=95,
            chroma=444,
            exif=exif,
            save_nclx_profile=True,
            color_primaries=primaries,
            transfer_characteristics=transfer,
            matrix_coefficients=1,
            full_range_flag=1,
        )
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    return buffer.getvalue()


def as_image(values: Floats) -> Image.Image:
    return Image.fromarray((values * 255).round().astype(np.uint8))


def cmyk_profile() -> bytes:
    """A profile of a made printer: its inks subtract from red, green and blue, and are duller than pure ones."""
    corners = []
    for c, m, y, k in np.ndindex(2, 2, 2, 2):
        paper = np.array([0.9 - 0.7 * c, 0.9 - 0.65 * m, 0.88 - 0.7 * y]) * (1 - 0.9 * k)
        corners.append(_lab(TO_XYZ @ paper))
    grid = np.array(corners) * 65280 / 65535
    curve = struct.pack(">2H", 0, 65535)
    table = struct.pack(">4s4xBBBx9I2H", b"mft2", 4, 3, 2, 65536, 0, 0, 0, 65536, 0, 0, 0, 65536, 2, 2)
    table += curve * 4 + grid.round().astype(">u2").tobytes() + curve * 3
    text = b"a made printer\0"
    tags = {
        b"A2B0": table,
        b"A2B1": table,
        b"cprt": b"text\0\0\0\0free\0",
        b"desc": struct.pack(">4s4xI", b"desc", len(text)) + text + bytes(78),
        b"wtpt": struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061),
    }
    at = 132 + 12 * len(tags)
    index, data = b"", b""
    for name, body in tags.items():
        index += struct.pack(">4sII", name, at + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    head = struct.pack(">I4sI4s4s4s12x4s", at + len(data), bytes(4), 0x02100000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    head = (head + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)).ljust(128, b"\0")
    return head + struct.pack(">I", len(tags)) + index + data


def _lab(xyz: Floats) -> Floats:
    """CIELAB as ICC's 16 bits of version 2 hold it, 0 to 65535."""
    roots = np.cbrt(xyz / (TO_XYZ @ np.ones(3)))
    return np.array(
        [
            (116 * roots[1] - 16) / 100 * 65535,
            *((v + 128) * 256 for v in (500 * (roots[0] - roots[1]), 200 * (roots[1] - roots[2]))),
        ]
    )
