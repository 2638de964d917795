"""ICC profiles for colours that a file tells in other words, so that everything after treats them like embedded ones.

Profiles of version 2.1 with a matrix and one curve (ICC.1:2001-04), which every program reads.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from curation.photos.colours.cicp import ADOBE_RGB, Cicp, Primaries, linear_of, primaries_of
from curation.photos.colours.matrices import to_pcs

__all__ = ["adobe_rgb_profile", "cicp_profile", "gamma_profile", "grey_gamma_profile", "transfer_profile"]

_ADOBE_GAMMA = 563 / 256
_CURVE_POINTS = 1024


@lru_cache(maxsize=1)
def adobe_rgb_profile() -> bytes:
    """Of Adobe RGB (1998), for photos that only their EXIF tells to be in it."""
    return gamma_profile(ADOBE_RGB, _ADOBE_GAMMA, "Adobe RGB compatible")


def cicp_profile(cicp: Cicp) -> bytes:
    """Of a colour space that is not HDR.

    Raises:
        ValueError: If it is.
    """
    return transfer_profile(primaries_of(cicp), cicp.transfer, f"CICP {cicp.primaries}/{cicp.transfer}")


@lru_cache(maxsize=8)
def transfer_profile(primaries: Primaries, transfer: int, name: str) -> bytes:
    """Of a space whose light is told by a code point.

    Args:
        primaries: Its primaries and white.
        transfer: `TransferCharacteristics` of H.273, but not one for HDR.
        name: As for `gamma_profile`.

    Raises:
        ValueError: If it is HDR, or the primaries span no space.
    """
    if Cicp(2, transfer).is_hdr:
        raise ValueError("a profile cannot stand for HDR")
    values = linear_of(transfer, np.linspace(0, 1, _CURVE_POINTS))
    points = (np.clip(values, 0, 1) * 65535).round().astype(">u2").tobytes()
    return _rgb_profile(primaries, struct.pack(">4s4xI", b"curv", _CURVE_POINTS) + points, name)


@lru_cache(maxsize=8)
def gamma_profile(primaries: Primaries, gamma: float, name: str) -> bytes:
    """Of a space whose light is a power of its values.

    Args:
        primaries: Its primaries and white.
        gamma: The power, from 0.1 to 10.
        name: What the profile says of itself; must not begin with `sRGB`, or it is taken for that.

    Raises:
        ValueError: If the primaries span no space.
    """
    return _rgb_profile(primaries, _gamma_curve(gamma), name)


@lru_cache(maxsize=8)
def grey_gamma_profile(gamma: float) -> bytes:
    """Of grey whose light is a power of its values."""
    return _profile(b"GRAY", {b"kTRC": _gamma_curve(gamma)}, f"grey with gamma {gamma:g}")


def _gamma_curve(gamma: float) -> bytes:
    if not 0.1 <= gamma <= 10:
        raise ValueError(f"no display has a gamma of {gamma:g}")
    return struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256))


def _rgb_profile(primaries: Primaries, curve: bytes, name: str) -> bytes:
    columns = to_pcs(primaries).T
    tags = {key: _xyz(*column) for key, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    return _profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve), name)


def _xyz(x: float, y: float, z: float) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in (x, y, z)))


def _profile(space: bytes, tags: dict[bytes, bytes], name: str) -> bytes:
    text = name.encode("ascii") + b"\0"
    tags = {
        b"desc": struct.pack(">4s4xI", b"desc", len(text)) + text + bytes(8 + 3 + 67),
        b"cprt": b"text\0\0\0\0" + b"no copyright, use freely\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
    } | tags
    table, data = b"", b""
    at = 128 + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}  # the three curves are one
    for key, value in tags.items():
        if value not in places:
            places[value] = at + len(data)
            data += value + bytes(-len(value) % 4)
        table += struct.pack(">4sII", key, places[value], len(value))
    size = at + len(data)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02100000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data
