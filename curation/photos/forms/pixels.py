"""Decoded pixels of any number of channels as sRGB."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.photos.colours.hdr import hdr_to_srgb
from curation.photos.colours.light import light_to_srgb, peak_of, rolled_off
from curation.photos.colours.told import ToldColours
from curation.photos.files.colour import bands_to_srgb, rgb_profile

__all__ = ["light_pixels_to_srgb", "pixels_to_srgb", "unit_to_codes"]

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_BAND_PIXELS = 1_000_000
_SAMPLES = 250_000
# Of the middle of a picture's light, where white is 1: darker or brighter ones are brought to middle grey.
_USUAL_MIDDLE = (0.01, 1.0)
_USUAL_MAXIMUM = (0.05, 1.0)
_MIDDLE = 0.3
_BRIGHTEST = 1e6  # what is still brighter counts as this, so that nothing overflows


def pixels_to_srgb(array: NDArray[np.uint8] | NDArray[np.uint16], told: ToldColours) -> NDArray[np.uint8]:
    """Bring integer pixels to sRGB.

    Args:
        array: (H, W, C), all bits used; C is 1 for grey, 2 for grey with opacity, 3 for RGB, 4 for RGB with opacity.
        told: Their colours.

    Returns:
        (H, W, 3) uint8 sRGB; transparent parts are blended with white.
    """
    from PIL import Image

    height, width, channels = array.shape
    places = [0, 0, 0, *range(1, channels)] if channels < 3 else list(range(channels))
    if told.hdr is not None:
        bits = 8 * array.dtype.itemsize
        return hdr_to_srgb(lambda top, bottom: array[top:bottom][:, :, places], width, height, bits, told.hdr)

    def band(top: int, bottom: int) -> Image.Image:
        part = array[top:bottom] if array.dtype == np.uint8 else ((array[top:bottom] + 128.0) / 257).astype(np.uint8)
        if channels < 3 and rgb_profile(told.icc_profile) is not None:
            part = part[:, :, places]
        count = part.shape[2]
        return Image.fromarray(np.ascontiguousarray(part[:, :, 0] if count == 1 else part), _MODES[count])

    return bands_to_srgb(band, width, height, told.icc_profile)


def unit_to_codes(array: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Values from 0 to 1 in 16 bits; what is no number is 0."""
    return (np.clip(np.nan_to_num(array, nan=0.0, posinf=1.0, neginf=0.0), 0, 1) * 65535 + 0.5).astype(np.uint16)


def light_pixels_to_srgb(array: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bring linear light to sRGB, where 1 is white, or anything: a picture that is very dark or bright is scaled.

    Args:
        array: (H, W, C), C as for `pixels_to_srgb`; it is changed.
        matrix: From its primaries to those of sRGB, (3, 3).

    Returns:
        (H, W, 3) uint8 sRGB; highlights above white are rolled off, transparent parts are blended with white.
    """
    height, width, channels = array.shape
    finite = array[np.isfinite(array)]
    np.nan_to_num(array, copy=False, nan=0.0, posinf=float(finite.max()) if finite.size else 1.0, neginf=0.0)
    light = np.broadcast_to(array[:, :, :1], (height, width, 3)) if channels < 3 else array[:, :, :3]
    step = max(1, int((width * height / _SAMPLES) ** 0.5))
    brightest = light[::step, ::step].max(axis=2)
    lit = brightest[brightest > 0]
    middle = float(np.median(lit)) if lit.size else _MIDDLE
    is_usual = _USUAL_MIDDLE[0] <= middle <= _USUAL_MIDDLE[1]
    is_usual = is_usual or _USUAL_MAXIMUM[0] <= float(brightest.max()) <= _USUAL_MAXIMUM[1]
    scale = np.float32(1.0 if is_usual else _MIDDLE / middle)
    peak = peak_of(np.minimum(brightest, _BRIGHTEST / scale) * scale)
    out = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, _BAND_PIXELS // max(1, width))
    for top in range(0, height, rows):
        band = np.clip(light[top : top + rows], 0, _BRIGHTEST / scale) * scale
        band *= rolled_off(band.max(axis=2), peak)[:, :, np.newaxis]
        seen = light_to_srgb(band, matrix)
        if channels in (2, 4):
            opacity = np.clip(array[top : top + rows, :, -1:], 0, 1)
            seen = (255 - (255 - seen.astype(np.float32)) * opacity + 0.5).astype(np.uint8)
        out[top : top + rows] = seen
    return out
