"""Converting the modes and colour spaces of files to 8-bit sRGB.

Pictures are converted in bands of rows, so that a huge one is never in memory twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsTransform

__all__ = ["array_to_srgb", "bands_to_srgb", "rgb_profile"]

_BAND_PIXELS = 2_000_000
_MAX_UINT16 = 65535
_WHITE = (255, 255, 255)  # the background that viewers show behind transparency
# Names of profiles that are already sRGB; "c2" is a compact one that some web services use.
_SRGB_NAMES = ("sRGB", "c2")


def array_to_srgb(array: NDArray[np.uint8], icc_profile: bytes | None) -> None:
    """Convert an RGB picture to sRGB in place; a broken profile, or one for another mode, changes nothing.

    Args:
        array: (H, W, 3) uint8 RGB in the colour space of `icc_profile`, contiguous.
        icc_profile: As embedded in the file; None means sRGB.
    """
    transform = _transform_to_srgb(icc_profile, "RGB")
    if transform is None:
        return
    from PIL import Image

    for top, bottom in _bands(array.shape[1], array.shape[0]):
        band = Image.fromarray(array[top:bottom])
        transform.apply_in_place(band)
        array[top:bottom] = np.asarray(band)


def bands_to_srgb(
    band_of: Callable[[int, int], Image], width: int, height: int, icc_profile: bytes | None
) -> NDArray[np.uint8]:
    """Assemble a picture from bands of any Pillow mode.

    Args:
        band_of: Returns the rows from `top` up to but excluding `bottom` as a Pillow image.
        width: Of the picture in pixels.
        height: Of the picture in pixels.
        icc_profile: As embedded in the file; None means sRGB. Used for RGB, CMYK and LAB.

    Returns:
        (height, width, 3) uint8 RGB. Transparent parts are blended with white. Integers of 16 bits are scaled to
        8; those of 32 bits and floats by their range in the picture, unless they lie in [0, 1],
        [0, 255] (floats) or [0, 65535] (integers) already. Bilevel and grey are repeated in all channels.
    """
    mode = band_of(0, 1).mode
    profile_mode = {"RGBA": "RGB", "RGBX": "RGB", "RGBa": "RGB"}.get(mode, mode)
    transform = _transform_to_srgb(icc_profile, profile_mode)
    value_range = _value_range(band_of, width, height) if mode in ("I", "F") else (0.0, 1.0)
    out = np.empty((height, width, 3), dtype=np.uint8)
    for top, bottom in _bands(width, height):
        out[top:bottom] = _rgb(band_of(top, bottom), transform, value_range)
    return out


def rgb_profile(icc_profile: bytes | None, mode: str = "RGB") -> bytes | None:
    """A colour profile as it is if it can be used for RGB pixels; else None, which stands for sRGB.

    Args:
        icc_profile: As embedded in the file.
        mode: Pillow's name for the form of the file's pixels.
    """
    if not icc_profile or mode not in ("RGB", "RGBA", "RGBX", "RGBa"):
        return None
    return icc_profile if _is_for_rgb(icc_profile) else None


@lru_cache(maxsize=8)
def _is_for_rgb(icc_profile: bytes) -> bool:
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile))
        return str(profile.profile.xcolor_space).strip() == "RGB"
    except Exception:  # whatever is wrong with an embedded profile, the picture can still be used
        return False


def _bands(width: int, height: int) -> list[tuple[int, int]]:
    rows = max(1, _BAND_PIXELS // max(1, width))
    return [(top, min(top + rows, height)) for top in range(0, height, rows)]


def _rgb(band: Image, transform: ImageCmsTransform | None, value_range: tuple[float, float]) -> NDArray[np.uint8]:
    if band.mode in ("I", "F"):
        low, high = value_range
        values = np.nan_to_num(np.asarray(band, dtype=np.float64), nan=low, posinf=high, neginf=low)
        grey = np.clip((values - low) * (255 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
        return grey[:, :, np.newaxis]
    if band.mode.startswith("I;16"):
        # I;16 whatever the byte order in the file; 65535 / 255 = 257.
        values16 = np.asarray(band).astype(np.uint32)
        return ((values16 + 128) // 257).astype(np.uint8)[:, :, np.newaxis]
    if band.mode in ("CMYK", "LAB") and transform is not None:
        return np.asarray(transform.apply(band))
    if band.mode in ("La", "RGBa"):
        band = band.convert("LA" if band.mode == "La" else "RGBA")
    if band.mode in ("LA", "PA", "RGBA") or "transparency" in band.info:
        return _on_white(band.convert("RGBA"), transform)
    if band.mode != "RGB":
        band = band.convert("RGB")
    if transform is not None:
        transform.apply_in_place(band)
    return np.asarray(band)


def _on_white(band: Image, transform: ImageCmsTransform | None) -> NDArray[np.uint8]:
    from PIL import Image

    alpha = band.getchannel("A")
    colour = band.convert("RGB")
    if transform is not None:
        transform.apply_in_place(colour)
    if alpha.getextrema() == (255, 255):
        return np.asarray(colour)
    background = Image.new("RGB", band.size, _WHITE)
    background.paste(colour, mask=alpha)
    return np.asarray(background)


def _value_range(band_of: Callable[[int, int], Image], width: int, height: int) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    is_float = False
    for top, bottom in _bands(width, height):
        values = np.asarray(band_of(top, bottom))
        is_float = values.dtype.kind == "f"
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        return 0.0, 1.0
    for white in (1.0, 255.0) if is_float else (float(_MAX_UINT16),):
        if low >= 0 and high <= white:
            return 0.0, white
    return low, max(high, low + 1e-6)


def _transform_to_srgb(icc_profile: bytes | None, mode: str) -> ImageCmsTransform | None:
    """A transform from the profile to sRGB; None if there is nothing to convert."""
    if mode == "LAB":
        return _lab_transform()
    if not icc_profile or mode not in ("RGB", "CMYK"):
        return None
    return _built_transform(icc_profile, mode)


@lru_cache(maxsize=8)  # an event's photos come from a few cameras
def _built_transform(icc_profile: bytes, mode: str) -> ImageCmsTransform | None:
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile))
        if str(profile.profile.xcolor_space).strip() != mode:
            return None
        if (profile.profile.profile_description or "").strip().startswith(_SRGB_NAMES):
            return None
        return ImageCms.buildTransform(
            profile, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except Exception:  # whatever is wrong with an embedded profile, the picture can still be used
        return None


def _lab_transform() -> ImageCmsTransform:
    from PIL import ImageCms

    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
