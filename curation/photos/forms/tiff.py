"""TIFFs that Pillow does not open: floats, integers of 10 to 32 bits, Lab in 16 bits, rare compressions.

They are decoded by tifffile, and what that cannot do without the extra `jpegxl` by OpenCV. What neither can is said by
what it is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curation.errors import PhotoUnknownFormError, PhotoUnreadableError
from curation.photos.colours.cicp import SRGB_PRIMARIES
from curation.photos.colours.lab import lab_to_srgb
from curation.photos.colours.linear_profiles import light_of_profile
from curation.photos.colours.matrices import to_srgb_light
from curation.photos.colours.told import ToldColours, told_colours
from curation.photos.files.colour import bands_to_srgb, rgb_profile
from curation.photos.files.exif import read_tiff_facts, upright
from curation.photos.files.formats import PhotoFormat
from curation.photos.files.native_messages import native_messages_caught
from curation.photos.files.photo_file import PhotoFile
from curation.photos.files.pillow_files import PillowSource, open_pillow
from curation.photos.files.reasons import reason_of
from curation.photos.forms.pixels import light_pixels_to_srgb, pixels_to_srgb, unit_to_codes

if TYPE_CHECKING:
    from tifffile import TiffPage

__all__ = ["OddTiffSource", "TiffSource", "tiff_source"]

_COMPRESSIONS = {
    "NONE": "",
    "ADOBE_DEFLATE": "Deflate",
    "DEFLATE": "Deflate",
    "PACKBITS": "PackBits",
    "JPEG_2000_LOSSY": "JPEG 2000",
    "APERIO_JP2000_YCBC": "JPEG 2000",
    "APERIO_JP2000_RGB": "JPEG 2000",
    "JPEGXL": "JPEG XL",
    "JPEGXL_DNG": "JPEG XL",
    "WEBP": "WebP",
}
_KINDS = {
    1: "whole numbers",
    2: "signed whole numbers",
    3: "floats",
    4: "unknown values",
    5: "complex numbers",
    6: "complex numbers",
}
_SAVE_AS = "save it as a 16-bit TIFF or as JPEG"
_SAMPLES = frozenset({1, 2, 3})
_ICC_TAG, _WHITE_TAG = 34675, 318
_BITS_TAG, _PLANES_TAG = 258, 284
_CMYK_CHANNELS = 4
_PHOTOMETRICS = frozenset({"RGB", "MINISBLACK", "MINISWHITE", "SEPARATED", "CIELAB", "ICCLAB", "ITULAB"})
# What Pillow decodes by itself: if it fails, the file is damaged.
_COMMON = frozenset(
    {"NONE", "LZW", "ADOBE_DEFLATE", "DEFLATE", "PACKBITS", "JPEG", "OJPEG", "CCITTRLE", "CCITT_T4", "CCITT_T6"}
)


@dataclass(frozen=True, slots=True)
class _Form:
    """What a TIFF's first directory says."""

    photometric: str
    sample: int
    bits: int
    channels: int
    extra: int
    compression: str
    white: tuple[float, float] | None
    icc_profile: bytes | None

    @property
    def words(self) -> str:
        compression = _COMPRESSIONS.get(self.compression, self.compression)
        kind = {"CIELAB": "Lab ", "ICCLAB": "Lab ", "ITULAB": "Lab ", "SEPARATED": "CMYK "}.get(self.photometric, "")
        packed = f" with {compression} compression" if compression else ""
        sample = "" if self.sample == 1 else f" of {_KINDS.get(self.sample, 'unknown values')}"
        article = "an" if self.bits in (8, 11, 18) else "a"
        return f"{article} {self.bits}-bit {kind}TIFF{sample}{packed}"


def _form_of(file: PhotoFile) -> _Form | None:
    """What a TIFF is; None if it is none, or damaged at its beginning."""
    with file.open() as opened:
        try:
            return _read(opened)[0]
        except Exception:  # the package raises all kinds of exceptions for damaged files
            return None


def tiff_source(file: PhotoFile, *, max_megapixels: float, own_colours: bool) -> TiffSource | OddTiffSource:
    """Open a TIFF with Pillow, or else by its form.

    Raises:
        PhotoUnreadableError: If there is no usable header.
        PhotoTooLargeError: If the picture is larger than `max_megapixels`.
        OSError: If the file itself cannot be read.
    """
    try:
        source = TiffSource(file, PhotoFormat.TIFF, max_megapixels=max_megapixels, own_colours=own_colours)
        return OddTiffSource(file) if _has_deep_planes(file, max_megapixels) else source
    except PhotoUnreadableError:
        if _form_of(file) is None:
            raise
        return OddTiffSource(file)


def _has_deep_planes(file: PhotoFile, max_megapixels: float) -> bool:
    """Whether its channels of more than 8 bits are stored one after the other, which Pillow reads wrongly."""
    with open_pillow(file.opened_by_libraries, (PhotoFormat.TIFF.value,), max_megapixels=max_megapixels) as image:
        tags = getattr(image, "tag_v2", {})
        bits = tags.get(_BITS_TAG, (1,))
        return tags.get(_PLANES_TAG) == 2 and len(bits) > 1 and max(bits) > 8


class TiffSource(PillowSource):
    """A TIFF that Pillow opens; a compression that it does not know is found out only when it decodes."""

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode upright, see `lazy_photo.PhotoSource`."""
        try:
            return super().decode(divisor)
        except PhotoUnreadableError:
            form = _form_of(self._file)
            if form is None or form.compression in _COMMON:
                raise
            other = OddTiffSource(self._file)
            return np.ascontiguousarray(upright(other.decode(divisor), other.orientation))


class OddTiffSource:
    """A TIFF of a rare form, see `lazy_photo.PhotoSource`. It is given upright by `orientation`."""

    divisors = (1,)
    limit_share = 0.3  # floats take 12 bytes per pixel, and their conversion as many again

    def __init__(self, file: PhotoFile) -> None:
        """Read the header.

        Raises:
            PhotoUnreadableError: If there is no usable header.
            OSError: If the file itself cannot be read.
        """
        self._file = file
        with file.open() as opened:
            facts = read_tiff_facts(opened)
        with file.open() as opened:
            try:
                self._form, self.width, self.height = _read(opened)
            except Exception as error:  # the package raises all kinds of exceptions for damaged files
                raise PhotoUnreadableError(reason_of(error)) from error
        self.orientation = facts.orientation or 1
        self.capture_time, self.time_source = facts.capture_time, facts.time_source
        self.icc_profile: bytes | None = None  # always sRGB

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode as stored, see `lazy_photo.PhotoSource`."""
        form = self._form
        try:
            if form.photometric not in _PHOTOMETRICS or form.sample not in _SAMPLES:
                raise _NotOpenedError(form.photometric)
            with native_messages_caught():
                array = self._samples()
        except _NotOpenedError as error:
            raise PhotoUnknownFormError(f"{form.words}, which cannot be opened: {_SAVE_AS}") from error
        except Exception as error:  # the packages raise all kinds of exceptions for damaged files
            raise PhotoUnreadableError(f"{form.words}: {reason_of(error)}") from error
        return _to_srgb(array, form)

    def _samples(self) -> NDArray[Any]:
        """(H, W, C) as stored."""
        tifffile = _tifffile()
        with self._file.open() as opened, tifffile.TiffFile(opened) as tiff:
            page = tiff.pages.first
            try:
                array = page.asarray(maxworkers=1)
            except (ImportError, NotImplementedError) as error:
                return self._samples_by_opencv(error)
            except ValueError as error:
                if "requires the" not in str(error):
                    raise
                return self._samples_by_opencv(error)
            if page.planarconfig == 2 and array.ndim == 3:
                array = np.moveaxis(array, 0, 2)
            if array.dtype.kind == "u" and self._form.bits not in (8, 16, 32, 64):
                array = _spread(array, self._form.bits)
        return self._checked(array)

    def _samples_by_opencv(self, reason: Exception) -> NDArray[Any]:
        import cv2

        if self._form.photometric not in ("RGB", "MINISBLACK"):
            raise _NotOpenedError(str(reason)) from reason
        array = cv2.imdecode(np.frombuffer(self._file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
        if array is None:
            raise _NotOpenedError(str(reason)) from reason
        if array.ndim == 3 and array.shape[2] >= 3:
            array = np.ascontiguousarray(array[:, :, [2, 1, 0, 3][: array.shape[2]]])
        return self._checked(array)

    def _checked(self, array: NDArray[Any]) -> NDArray[Any]:
        array = array[:, :, np.newaxis] if array.ndim == 2 else array
        if array.ndim != 3 or array.shape[:2] != (self.height, self.width):
            raise ValueError(f"the picture is {array.shape}, its header says {(self.width, self.height)}")
        return array


class _NotOpenedError(Exception):
    """No decoder knows this form."""


@cache
def _tifffile() -> ModuleType:
    """The package, which would print what it finds wrong with a file, besides raising exceptions for it."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    return tifffile


def _read(opened: Any) -> tuple[_Form, int, int]:
    with _tifffile().TiffFile(opened) as tiff:
        page: TiffPage = tiff.pages.first
        profile = page.tags.valueof(_ICC_TAG)
        places = page.tags.valueof(_WHITE_TAG)
        white = None
        if isinstance(places, tuple) and len(places) == 4 and all(places):
            white = (places[0] / places[1], places[2] / places[3])
        bits = page.bitspersample
        form = _Form(
            photometric=getattr(page.photometric, "name", str(page.photometric)),
            sample=int(page.sampleformat or 1),
            bits=int(bits[0] if isinstance(bits, tuple) else bits),
            channels=page.samplesperpixel,
            extra=len(page.extrasamples),
            compression=getattr(page.compression, "name", str(page.compression)),
            white=white,
            icc_profile=profile if isinstance(profile, bytes) else None,
        )
        if page.imagewidth < 1 or page.imagelength < 1:
            raise ValueError("the picture has no size")
        return form, page.imagewidth, page.imagelength


def _spread(array: NDArray[Any], bits: int) -> NDArray[Any]:
    """Whole numbers of an odd number of bits in all bits of 16 or 32."""
    wide = 16 if bits < 16 else 32
    white = (1 << bits) - 1
    return np.asarray(array.astype(np.float64) * (((1 << wide) - 1) / white) + 0.5).astype(f"u{wide // 8}")


def _to_srgb(array: NDArray[Any], form: _Form) -> NDArray[np.uint8]:
    told = told_colours(form.icc_profile)
    is_lab = form.photometric in ("CIELAB", "ICCLAB", "ITULAB")
    colours = array.shape[2] - min(form.extra, array.shape[2] - 1)
    if is_lab:
        return lab_to_srgb(_lab(array[:, :, :3], form), form.white)
    if array.dtype.kind == "f":
        return _floats(array.astype(np.float32, copy=False), form, told, colours)
    codes: NDArray[Any] = _codes(array)
    if form.photometric == "MINISWHITE":
        codes = ~codes
    if form.photometric == "SEPARATED" and array.shape[2] >= _CMYK_CHANNELS:
        return _cmyk(codes, form)
    return pixels_to_srgb(_channels(codes, colours), told)


def _floats(array: NDArray[np.float32], form: _Form, told: ToldColours, colours: int) -> NDArray[np.uint8]:
    values = _channels(array, colours)
    if form.photometric == "MINISWHITE":
        values = 1 - values
    matrix = light_of_profile(form.icc_profile)
    finite = values[np.isfinite(values)]
    highest = float(finite.max()) if finite.size else 0.0
    if matrix is None and (highest <= 1 or rgb_profile(form.icc_profile) is not None):
        return pixels_to_srgb(unit_to_codes(values), told)
    if matrix is None and highest <= 255 and bool(np.all(finite == np.round(finite))):
        return pixels_to_srgb(unit_to_codes((values / 255).astype(np.float32)), told)
    if matrix is None:  # brighter than white: the light of a scene
        matrix = to_srgb_light(SRGB_PRIMARIES)
    return light_pixels_to_srgb(np.array(values), matrix.astype(np.float32))


def _codes(array: NDArray[Any]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Whole numbers in 8 or 16 bits, of which all are used."""
    if array.dtype.kind == "i":
        low = int(np.iinfo(array.dtype).min) if int(array.min(initial=0)) < 0 else 0
        high = int(np.iinfo(array.dtype).max)
        return ((array.astype(np.float64) - low) * (65535 / (high - low)) + 0.5).astype(np.uint16)
    if array.dtype.itemsize <= 2:
        return array.astype(np.uint8 if array.dtype.kind == "b" else array.dtype, copy=False)
    # Wide numbers that use 16 bits only are the values of a 16-bit picture.
    white = 65535 if int(array.max(initial=0)) <= 65535 else int(np.iinfo(array.dtype).max)
    return (array.astype(np.float64) * (65535 / white) + 0.5).astype(np.uint16)


def _channels(array: NDArray[Any], colours: int) -> NDArray[Any]:
    """Grey or RGB, with opacity if a channel behind them holds one."""
    kept = 1 if colours < 3 else 3
    return array[:, :, : kept + (1 if array.shape[2] > kept and colours == kept else 0)]


def _without_colours(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lightness alone, which TIFF (6.0, section 23) allows, as Lab of greys."""
    return np.concatenate((lab[:, :, :1], np.zeros((*lab.shape[:2], 2), np.float32)), axis=2)


def _lab(array: NDArray[Any], form: _Form) -> NDArray[np.float32]:
    """L from 0 to 100, a and b from -128 to 128."""
    if array.dtype.kind == "f":
        lab = array.astype(np.float32)
        return lab if lab.shape[2] >= 3 else _without_colours(lab)
    bits = 8 * array.dtype.itemsize
    full = float((1 << bits) - 1)
    lab = array.astype(np.float32)
    lab[:, :, 0] *= 100 / full
    if lab.shape[2] < 3:
        return _without_colours(lab)
    steps = 1 << (bits - 8)
    if form.photometric == "CIELAB":  # a and b are signed
        half = 1 << (bits - 1)
        lab[:, :, 1:] = np.where(lab[:, :, 1:] >= half, lab[:, :, 1:] - (1 << bits), lab[:, :, 1:])
        lab[:, :, 1:] /= steps
    else:
        lab[:, :, 1:] = lab[:, :, 1:] / steps - 128
    return lab


def _cmyk(codes: NDArray[np.uint8] | NDArray[np.uint16], form: _Form) -> NDArray[np.uint8]:
    from PIL import Image

    inks = codes[:, :, :4] if codes.dtype == np.uint8 else (codes[:, :, :4] >> 8).astype(np.uint8)

    def band(top: int, bottom: int) -> Image.Image:
        return Image.fromarray(np.ascontiguousarray(inks[top:bottom]), "CMYK")

    return bands_to_srgb(band, codes.shape[1], codes.shape[0], form.icc_profile)
