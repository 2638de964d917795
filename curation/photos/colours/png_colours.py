"""The colours that the chunks of a PNG tell (PNG, third edition, 11.3.2 and 13.14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from curation.photos.colours.cicp import SRGB_PRIMARIES, Cicp, Primaries
from curation.photos.colours.made_profiles import gamma_profile, grey_gamma_profile

__all__ = ["png_cicp", "png_gamma_profile"]

_MAX_CHUNKS = 1000
_SRGB_GAMMA = 0.45455  # what programs write that mean sRGB
_TOLERANCE = 0.002


def png_cicp(file: BinaryIO) -> Cicp | None:
    """The code points of the chunk cICP, which wins over all others; None if there is none.

    Args:
        file: At its start.

    Raises:
        OSError: If it cannot be read.
    """
    file.seek(8)
    for _ in range(_MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8 or header[4:] in (b"IDAT", b"IEND"):
            return None
        if header[4:] == b"cICP":
            body = file.read(4)
            return Cicp(body[0], body[1]) if len(body) == 4 else None
        file.seek(int.from_bytes(header[:4], "big") + 4, 1)
    return None


def png_gamma_profile(info: Mapping[str | tuple[int, int], object], mode: str) -> bytes | None:
    """A profile for the chunks gAMA and cHRM; None if they say sRGB, nothing, or what cannot be.

    Args:
        info: What Pillow read of the chunks before the picture.
        mode: Pillow's name for the form of the pixels.
    """
    gamma, places = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info or not isinstance(gamma, float) or gamma <= 0:
        return None
    primaries = _primaries(places)
    is_srgb = abs(gamma - _SRGB_GAMMA) < _TOLERANCE
    is_grey = mode in ("1", "L", "LA") or mode.startswith("I")
    if is_srgb and (is_grey or _are_srgb(primaries)):
        return None
    try:
        if is_grey:
            return grey_gamma_profile(1 / gamma)
        return gamma_profile(primaries, 1 / gamma, "gAMA and cHRM")
    except ValueError:  # nonsense in the file: it is shown as it is
        return None


def _primaries(places: object) -> Primaries:
    if not isinstance(places, tuple) or len(places) != 8 or not all(isinstance(each, float) for each in places):
        return SRGB_PRIMARIES
    white, red, green, blue = ((places[i], places[i + 1]) for i in (0, 2, 4, 6))
    return Primaries(red, green, blue, white)


def _are_srgb(primaries: Primaries) -> bool:
    return all(
        abs(a - b) < _TOLERANCE
        for ours, srgb in zip(primaries, SRGB_PRIMARIES, strict=True)
        for a, b in zip(ours, srgb, strict=True)
    )
