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

__all__ = ["array_to_srgb", "bands_to_srgb", "cmyk_jpeg_to_srgb", "rgb_profile"]

_BAND_PIXELS = 2_000_000
_MAX_UINT16 = 65535
_WHITE = (255, 255, 255)  # the background that viewers show behind transparency
# Names of profiles that are already sRGB; "c2" is a compact one that some web services use.
_SRGB_NAMES = ("sRGB", "c2")
_GREY_MODES = ("1", "L", "LA", "La")


def array_to_srgb(array: NDArray[np.uint8], icc_profile: bytes | None, *, is_grey: bool = False) -> None:
    """Convert an RGB picture to sRGB in place; a broken profile, or one for another mode, changes nothing.

    Args:
        array: (H, W, 3) uint8 RGB in the colour space of `icc_profile`, contiguous.
        icc_profile: As embedded in the file; None means sRGB.
        is_grey: The file has one channel, which is repeated in all three, and a profile for grey.
    """
    if is_grey:
        table = _grey_table(icc_profile) if icc_profile else None
        if table is not None:
            for top, bottom in _bands(array.shape[1], array.shape[0]):
                array[top:bottom] = table[array[top:bottom]]
        return
    transform = _transform_to_srgb(icc_profile, "RGB")
    if transform is None:
        return
    from PIL import Image

    for top, bottom in _bands(array.shape[1], array.shape[0]):
        band = Image.fromarray(array[top:bottom])
        transform.apply_in_place(band)
        array[top:bottom] = np.asarray(band)


def cmyk_jpeg_to_srgb(
    data: bytes, icc_profile: bytes | None, divisor: int, without: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """A JPEG of four channels by its profile.

    Args:
        data: The whole file, known to be whole. Its channels are inverted, as Adobe's programs began to write them and
            all others do.
        icc_profile: As embedded in the file.
        divisor: Of its size, 1, 2, 4 or 8.
        without: The same picture (H, W, 3), converted without a profile.

    Returns:
        (H, W, 3) uint8 sRGB; `without` if there is no profile for CMYK.
    """
    transform = _transform_to_srgb(icc_profile, "CMYK")
    if transform is None:
        return without
    from PIL import Image

    height, width = without.shape[:2]
    inks = _inks(data, width, height, divisor)
    if inks.shape != (height, width, 4):
        return without
    for top, bottom in _bands(width, height):
        without[top:bottom] = np.asarray(transform.apply(Image.fromarray(inks[top:bottom], "CMYK")))
    return without


def _inks(data: bytes, width: int, height: int, divisor: int) -> NDArray[np.uint8]:
    """(H, W, 4) cyan, magenta, yellow and black, where 255 is full ink."""
    import simplejpeg
    from PIL import Image

    try:
        decoded = simplejpeg.decode_jpeg(
            data, colorspace="CMYK", min_width=width, min_height=height, min_factor=divisor, strict=False
        )
        return np.asarray(255 - decoded, dtype=np.uint8)
    except ValueError:  # it knows only the usual ways of storing colours coarsely
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            image.draft("CMYK", (image.width // divisor, image.height // divisor))
            return np.asarray(image)


def bands_to_srgb(
    band_of: Callable[[int, int], Image], width: int, height: int, icc_profile: bytes | None
) -> NDArray[np.uint8]:
    """Assemble a picture from bands of any Pillow mode.

    Args:
        band_of: Returns the rows from `top` up to but excluding `bottom` as a Pillow image.
        width: Of the picture in pixels.
        height: Of the picture in pixels.
        icc_profile: As embedded in the file; None means sRGB. Used for RGB, CMYK and grey.

    Returns:
        (height, width, 3) uint8 RGB. Transparent parts are blended with white. Integers of 16 bits are scaled to
        8; those of 32 bits and floats by their range in the picture, unless they lie in [0, 1],
        [0, 255] (floats) or [0, 65535] (integers) already. Bilevel and grey are repeated in all channels.
    """
    mode = band_of(0, 1).mode
    profile_mode = {"RGBA": "RGB", "RGBX": "RGB", "RGBa": "RGB", "P": "RGB", "PA": "RGB"}.get(mode, mode)
    transform = _transform_to_srgb(icc_profile, profile_mode)
    table = _grey_table(icc_profile) if icc_profile and (mode in _GREY_MODES or mode.startswith("I;16")) else None
    value_range = _value_range(band_of, width, height) if mode in ("I", "F") else (0.0, 1.0)
    out = np.empty((height, width, 3), dtype=np.uint8)
    for top, bottom in _bands(width, height):
        part = _rgb(band_of(top, bottom), transform, value_range)
        out[top:bottom] = part if table is None else table[part]
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


@lru_cache(maxsize=8)
def _grey_table(icc_profile: bytes) -> NDArray[np.uint8] | None:
    """SRGB's grey for each of the 256 of a profile for grey; None if it is none.

    What is half transparent lies on white already, which both have in common.
    """
    from PIL import Image, ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile))
        if str(profile.profile.xcolor_space).strip() != "GRAY":
            return None
        transform = ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("sRGB"),
            "L",
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.NOOPTIMIZE,  # which is inexact in the dark, and saves nothing for 256 values
        )
        ramp = transform.apply(Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis]))
        return np.ascontiguousarray(np.asarray(ramp)[0, :, 1])
    except Exception:  # whatever is wrong with an embedded profile, the picture can still be used
        return None


def _lab_transform() -> ImageCmsTransform:
    from PIL import ImageCms

    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
