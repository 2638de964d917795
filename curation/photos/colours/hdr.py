"""Pictures of high dynamic range (PQ and HLG) brought to sRGB.

What is darker than about 0.7 of diffuse white is kept as it is. What is brighter is rolled off, so that the brightest
part of the picture becomes white: a picture without any highlights stays the same, in one with many a sheet of paper
comes out at about 237 of 255. The brightest of the three channels decides, so colours keep their hue; what sRGB cannot
show is brought into it by mixing in grey of the same lightness.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.photos.colours.cicp import Cicp, linear_of, primaries_of
from curation.photos.colours.matrices import to_srgb_light

__all__ = ["hdr_to_srgb"]

_BAND_PIXELS = 1_000_000
_KNEE = 0.7
_PEAK_SAMPLES = 250_000
# So few pixels may be brighter than what becomes white: reflections of a lamp, and noise.
_PEAK_PERCENTILE = 99.9
_ENCODED = 4096
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)  # of linear sRGB

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
    peak = float(light[min(int(np.percentile(brightest, _PEAK_PERCENTILE)), light.size - 1)])
    matrix = to_srgb_light(primaries_of(cicp)).astype(np.float32)
    gains = _gains(light, max(peak, 1.0))
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


def _gains(light: NDArray[np.float32], peak: float) -> NDArray[np.float32]:
    """By what each coded value of the brightest channel multiplies its pixel."""
    reach = (peak - _KNEE) / (1 - _KNEE)
    over = np.maximum((light - _KNEE) / (1 - _KNEE), 0)
    # Reinhard's curve (2002, equation 4) from the knee on: it starts there with slope 1 and reaches 1 at the peak.
    rolled = over * (1 + over / reach**2) / (1 + over)
    toned = np.where(light > _KNEE, _KNEE + (1 - _KNEE) * np.minimum(rolled, 1), light)
    return np.asarray(toned / np.maximum(light, 1e-9), dtype=np.float32)


def _toned(
    codes: NDArray[np.uint8] | NDArray[np.uint16],
    light: NDArray[np.float32],
    gains: NDArray[np.float32],
    matrix: NDArray[np.float32],
) -> NDArray[np.uint8]:
    linear = np.take(light, codes, mode="clip")
    linear *= np.take(gains, codes.max(axis=2), mode="clip")[:, :, np.newaxis]
    colours = cv2.transform(linear, matrix)
    lowest, highest = colours.min(axis=2), colours.max(axis=2)
    outside = (lowest < 0) | (highest > 1)
    if outside.any():
        colours[outside] = _in_gamut(colours[outside], lowest[outside], highest[outside])
    # The square root spends the steps of the table as the eye does.
    indices = np.sqrt(np.clip(colours, 0, 1)) * np.float32(_ENCODED - 1) + np.float32(0.5)
    return _srgb_codes()[indices.astype(np.uint16)]


def _in_gamut(
    colours: NDArray[np.float32], lowest: NDArray[np.float32], highest: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Colours (N, 3) with as much grey of the same luminance as brings all three channels into [0, 1]."""
    grey = np.clip(colours @ _LUMINANCE, 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        dark = np.where(lowest < 0, grey / (grey - lowest), 1)
        bright = np.where(highest > 1, (1 - grey) / (highest - grey), 1)
    kept = np.clip(np.nan_to_num(np.minimum(dark, bright)), 0, 1)
    return np.asarray(grey[:, np.newaxis] + (colours - grey[:, np.newaxis]) * kept[:, np.newaxis], dtype=np.float32)


@lru_cache(maxsize=1)
def _srgb_codes() -> NDArray[np.uint8]:
    light = np.linspace(0, 1, _ENCODED) ** 2
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (encoded * 255 + 0.5).astype(np.uint8)
