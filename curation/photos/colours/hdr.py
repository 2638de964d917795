"""Pictures of high dynamic range (PQ and HLG) brought to sRGB.

What is darker than about 0.7 of diffuse white is kept as it is. What is brighter is rolled off, so that the brightest
part of the picture becomes white: a picture without any highlights stays the same, in one with many a sheet of paper
comes out at about 237 of 255. The brightest of the three channels decides, so colours keep their hue; what sRGB cannot
show is brought into it by mixing in grey of the same lightness.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curation.photos.colours.cicp import Cicp, linear_of, primaries_of
from curation.photos.colours.light import light_to_srgb, peak_of, rolled_off
from curation.photos.colours.matrices import to_srgb_light

__all__ = ["hdr_to_srgb"]

_BAND_PIXELS = 1_000_000
_PEAK_SAMPLES = 250_000

Band = Callable[[int, int], NDArray[np.uint8] | NDArray[np.uint16]]


def hdr_to_srgb(band_of: Band, width: int, height: int, bits: int, cicp: Cicp) -> NDArray[np.uint8]:
    """Bring a picture to sRGB.

    Args:
        band_of: Returns the rows from `top` up to but excluding `bottom`, (H, W, 3) RGB or (H, W, 4) with opacity, of
            `bits` bits.
        width: Of the picture in pixels.
        height: Of the picture in pixels.
        bits: Of each value, 8 to 16; values lie in the lower bits.
        cicp: What they mean, PQ or HLG.

    Returns:
        (height, width, 3) uint8 sRGB; transparent parts are blended with white.
    """
    light = _light(cicp.transfer, bits)
    step = max(1, int((width * height / _PEAK_SAMPLES) ** 0.5))
    rows = max(1, _BAND_PIXELS // max(1, width))
    bands = [(top, min(top + rows, height)) for top in range(0, height, rows)]
    brightest = np.concatenate([band_of(*band)[::step, ::step, :3].max(axis=2).ravel() for band in bands])
    peak = peak_of(np.take(light, brightest))
    matrix = to_srgb_light(primaries_of(cicp)).astype(np.float32)
    gains = rolled_off(light, peak)
    out = np.empty((height, width, 3), dtype=np.uint8)
    for top, bottom in bands:
        codes = band_of(top, bottom)
        out[top:bottom] = _toned(codes[:, :, :3], light, gains, matrix)
        if codes.shape[2] == 4:
            opacity = codes[:, :, 3:].astype(np.float32) / (2**bits - 1)
            out[top:bottom] = 255 - (255 - out[top:bottom]) * opacity + 0.5
    return out


@lru_cache(maxsize=4)
def _light(transfer: int, bits: int) -> NDArray[np.float32]:
    return linear_of(transfer, np.linspace(0, 1, 2**bits)).astype(np.float32)


def _toned(
    codes: NDArray[np.uint8] | NDArray[np.uint16],
    light: NDArray[np.float32],
    gains: NDArray[np.float32],
    matrix: NDArray[np.float32],
) -> NDArray[np.uint8]:
    linear = np.take(light, codes, mode="clip")
    linear *= np.take(gains, codes.max(axis=2), mode="clip")[:, :, np.newaxis]
    return light_to_srgb(linear, matrix)
