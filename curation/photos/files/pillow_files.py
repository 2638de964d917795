"""Pictures that Pillow and pillow-heif open: all formats except JPEG and RAW."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.colours.cicp import Cicp
from curation.photos.colours.exif_colours import block_tells_adobe_rgb, tiff_tells_adobe_rgb
from curation.photos.colours.hdr import hdr_to_srgb
from curation.photos.colours.iso_colr import read_iso_colours
from curation.photos.colours.lab import lab_to_srgb
from curation.photos.colours.png_colours import png_cicp, png_gamma_profile
from curation.photos.colours.told import ToldColours, told_colours
from curation.photos.files.colour import bands_to_srgb, rgb_profile
from curation.photos.files.exif import NO_FACTS, ExifFacts, read_exif_block, read_tiff_facts
from curation.photos.files.formats import PhotoFormat
from curation.photos.files.native_messages import native_messages_caught
from curation.photos.files.photo_file import PhotoFile
from curation.photos.files.reasons import reason_of
from curation.photos.whole.png import without_broken_notes
from curation.regular_files import open_regular

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

__all__ = ["HeifSource", "PillowSource", "open_pillow", "too_large"]

# WebP, AVIF and HEIF files are read into memory as a whole.
_MAX_FILE_BYTES = 512 * 2**20
_WHOLE_FILE_FORMATS = frozenset({PhotoFormat.WEBP, PhotoFormat.AVIF, PhotoFormat.HEIF})
_MAX_PNG_CHUNKS = 100_000
_BOMB = re.compile(r"Image size \((\d+) pixels\) exceeds limit")
# Decoding takes about 7 bytes per pixel, for these formats 16 (libwebp), 19 (OpenJPEG) and 10 (libavif), measured.
_WHITE_POINT = 318
_DEEP_CHANNELS = {"I;16": 1, "L;16": 1, "LA;16": 2, "RGB;16": 3, "RGBA;16": 4}
_DEEP_SHIFT = 4  # to 12 bits, the most that HEIF's codecs keep
_LIMIT_SHARES = {PhotoFormat.WEBP: 0.5, PhotoFormat.JPEG_2000: 0.4, PhotoFormat.AVIF: 0.8}


@cache
def _set_up_pillow() -> None:
    """Configure Pillow, once per process."""
    from PIL import AvifImagePlugin

    # Photos are decoded by one process per core.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    # It logs errors in TIFF headers in addition to raising exceptions for them.
    logging.getLogger("PIL.TiffImagePlugin").setLevel(logging.CRITICAL)


@contextmanager
def open_pillow(file: Path | BinaryIO, formats: tuple[str, ...], *, max_megapixels: float) -> Iterator[ImageFile]:
    """Open a picture with Pillow as one of `formats`, without its warnings.

    Some plugins allocate pictures while they open them, so Pillow's own limit is set to ours. It is
    a global variable, but within a process our limit never changes.

    Raises:
        PIL.Image.DecompressionBombError: If the picture is larger than `max_megapixels`.
        Exception: Whatever Pillow's plugins raise, on opening and within the block.
    """
    _set_up_pillow()
    from PIL import Image

    # Pillow warns above its limit and raises above twice the limit.
    Image.MAX_IMAGE_PIXELS = int(max_megapixels * 1e6 / 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Opened here: where a plugin fails, Pillow leaves the file open until its exception is collected.
        opening = open_regular(file) if isinstance(file, Path) else nullcontext(file)
        with opening as opened, Image.open(opened, formats=formats) as image:
            if isinstance(file, Path):
                image.filename = str(file)  # plain pixels are then mapped instead of read
            yield image


class PillowSource:
    """A picture file that Pillow opens, see `lazy_photo.PhotoSource`."""

    divisors = (1,)

    def __init__(self, file: PhotoFile, kind: PhotoFormat, *, max_megapixels: float, own_colours: bool = False) -> None:
        """Read the header; with `own_colours`, pixels are not converted to sRGB from `icc_profile`.

        Raises:
            PhotoUnreadableError: If there is no usable header.
            PhotoTooLargeError: If the picture is larger than `max_megapixels`.
            OSError: If the file itself cannot be read.
        """
        self._file = file
        self._kind = kind
        self._max_megapixels = max_megapixels
        self._own_colours = own_colours
        self.limit_share = _LIMIT_SHARES.get(kind, 1.0)
        _check_file_size(file, kind)
        if kind is PhotoFormat.PNG:
            # Pillow gives up where other programs only pass over such a part.
            content = without_broken_notes(file)
            file = self._file = file if content is None else PhotoFile(None, content)
        try:
            with open_pillow(file.opened_by_libraries, (kind.value,), max_megapixels=max_megapixels) as image:
                self.width, self.height = image.size
                facts, is_adobe_rgb = _facts(file, kind, image)
                self._told = _told(file, kind, image, is_adobe_rgb=is_adobe_rgb)
                self.icc_profile = rgb_profile(self._told.icc_profile, image.mode)
        except OSError as error:
            if error.errno is not None:
                raise
            raise PhotoUnreadableError(reason_of(error)) from error
        except Exception as error:  # Pillow's plugins raise whatever their parsing stumbles on
            bomb = _BOMB.search(str(error))
            if bomb is not None:
                raise PhotoTooLargeError(too_large(f"{int(bomb[1]) / 1e6:.4g} megapixels", max_megapixels)) from error
            raise PhotoUnreadableError(reason_of(error)) from error
        _check_size(self.width, self.height)
        self.orientation = facts.orientation or 1
        self.capture_time = facts.capture_time
        self.time_source = facts.time_source

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode as stored, see `lazy_photo.PhotoSource`."""
        try:
            with open_pillow(
                self._file.opened_by_libraries, (self._kind.value,), max_megapixels=self._max_megapixels
            ) as image:
                # Pillow turns TIFFs itself, and would also apply an orientation in XMP, which the size in the header
                # does not take into account.
                image.info.pop("xmp", None)
                with native_messages_caught() if self._kind is PhotoFormat.TIFF else nullcontext():
                    image.load()
                if image.size != (self.width, self.height):
                    raise ValueError(f"the picture is {image.size}, its header says {(self.width, self.height)}")
                if self._told.hdr is not None:
                    return _hdr_to_srgb(image, self._told.hdr, self._file, self._kind)
                white = _white_of_lab(image)
                if white is not None:
                    return _lab_to_srgb(image, white)
                is_left = self._own_colours and self.icc_profile is not None
                return bands_to_srgb(
                    lambda top, bottom: image.crop((0, top, self.width, bottom)),
                    self.width,
                    self.height,
                    None if is_left else self._told.icc_profile,
                )
        except Exception as error:  # Pillow's plugins raise all kinds of exceptions for damaged files
            raise PhotoUnreadableError(reason_of(error)) from error


class HeifSource:
    """A HEIC or HEIF file, see `lazy_photo.PhotoSource`. Its decoder already turns it upright."""

    divisors = (1,)
    orientation = 1
    limit_share = 1.0

    def __init__(self, file: PhotoFile, *, own_colours: bool = False) -> None:
        """Read the header; with `own_colours`, pixels are not converted to sRGB from `icc_profile`.

        Raises:
            PhotoUnreadableError: If there is no usable header.
            OSError: If the file itself cannot be read.
        """
        _check_file_size(file, PhotoFormat.HEIF)
        data = file.read()
        import pillow_heif

        # Photos are decoded by one process per core.
        pillow_heif.options.DECODE_THREADS = 1
        try:
            iso = read_iso_colours(BytesIO(data))
            is_deep = iso.cicp is not None and iso.cicp.is_hdr
            heif = self._heif = pillow_heif.open_heif(data, convert_hdr_to_8bit=not is_deep, bgr_mode=False)
            self.width, self.height = heif.size
            profile, exif = heif.info.get("icc_profile"), heif.info.get("exif")
            self._told = told_colours(
                profile if isinstance(profile, bytes) else None,
                iso.cicp,
                is_adobe_rgb=isinstance(exif, bytes) and block_tells_adobe_rgb(exif),
            )
            self.icc_profile = rgb_profile(self._told.icc_profile, heif.mode)
        except Exception as error:  # the package maps libheif's many errors to several of Python's
            raise PhotoUnreadableError(reason_of(error)) from error
        _check_size(self.width, self.height)
        facts = read_exif_block(exif) if isinstance(exif, bytes) else NO_FACTS
        self.capture_time, self.time_source = facts.capture_time, facts.time_source
        self._own_colours = own_colours

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode as stored, see `lazy_photo.PhotoSource`."""
        from PIL import Image

        heif = self._heif
        try:
            stride, mode = heif.stride, heif.mode
            if heif.size != (self.width, self.height):
                raise ValueError(f"the picture is {heif.size}, its header says {(self.width, self.height)}")
            if mode.endswith(";16"):
                rows = np.frombuffer(heif.data, dtype=np.uint16).reshape(self.height, stride // 2)
                return self._from_deep(rows, _DEEP_CHANNELS[mode])
            pixels = np.frombuffer(heif.data, dtype=np.uint8)

            def band(top: int, bottom: int) -> Image.Image:
                part = pixels[top * stride : bottom * stride]
                return Image.frombuffer(mode, (self.width, bottom - top), part, "raw", mode, stride, 1)

            if self._told.hdr is not None:
                return hdr_to_srgb(lambda *rows: _codes(band(*rows)), self.width, self.height, 8, self._told.hdr)
            is_left = self._own_colours and self.icc_profile is not None
            return bands_to_srgb(band, self.width, self.height, None if is_left else self._told.icc_profile)
        except Exception as error:  # the package maps libheif's many errors to several of Python's
            raise PhotoUnreadableError(reason_of(error)) from error

    def _from_deep(self, rows: NDArray[np.uint16], channels: int) -> NDArray[np.uint8]:
        """From 16 bits a value, of which those below the file's own are zero."""
        from PIL import Image

        pixels = rows[:, : self.width * channels].reshape(self.height, self.width, channels)
        hdr = self._told.hdr
        if hdr is not None:
            colours = [0, 0, 0, *range(1, channels)] if channels < 3 else list(range(channels))
            return hdr_to_srgb(
                lambda top, bottom: np.asarray(pixels[top:bottom, :, colours] >> _DEEP_SHIFT, dtype=np.uint16),
                self.width,
                self.height,
                12,
                hdr,
            )
        mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
        is_left = self._own_colours and self.icc_profile is not None
        return bands_to_srgb(
            lambda top, bottom: Image.fromarray(_grey_as_plane((pixels[top:bottom] >> 8).astype(np.uint8)), mode),
            self.width,
            self.height,
            None if is_left else self._told.icc_profile,
        )


def _grey_as_plane(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) of one channel, else (H, W, C), as Pillow takes them."""
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


def _told(file: PhotoFile, kind: PhotoFormat, image: ImageFile, *, is_adobe_rgb: bool) -> ToldColours:
    """The colours of a picture's pixels, from wherever its format tells them."""
    profile = image.info.get("icc_profile")
    icc_profile = profile if isinstance(profile, bytes) else None
    if kind is PhotoFormat.PNG:
        with file.open() as opened:
            cicp = png_cicp(opened)
        if cicp is not None and cicp.is_known:
            return told_colours(None, cicp)
        gamma = None if icc_profile else png_gamma_profile(image.info, image.mode)
        is_told = icc_profile is not None or "srgb" in image.info or "gamma" in image.info
        return told_colours(icc_profile or gamma, is_adobe_rgb=is_adobe_rgb and not is_told)
    if kind is PhotoFormat.AVIF:
        with file.open() as opened:
            return told_colours(icc_profile, read_iso_colours(opened).cicp, is_adobe_rgb=is_adobe_rgb)
    return told_colours(icc_profile, is_adobe_rgb=is_adobe_rgb)


def _hdr_to_srgb(image: ImageFile, hdr: Cicp, file: PhotoFile, kind: PhotoFormat) -> NDArray[np.uint8]:
    """A decoded HDR picture as sRGB; from all bits of a PNG or AVIF, of which Pillow keeps 8."""
    deep, bits = _deep_pixels(file, kind)
    if deep is not None and deep.shape[:2] == (image.height, image.width):
        return hdr_to_srgb(lambda top, bottom: deep[top:bottom], image.width, image.height, bits, hdr)
    return hdr_to_srgb(
        lambda top, bottom: _codes(image.crop((0, top, image.width, bottom))), image.width, image.height, 8, hdr
    )


def _white_of_lab(image: ImageFile) -> tuple[float, float] | None:
    """The white of a Lab picture if it is told; Pillow takes it for D50."""
    tags = getattr(image, "tag_v2", None)
    if image.mode != "LAB" or tags is None:
        return None
    places = tags.get(_WHITE_POINT)
    return (float(places[0]), float(places[1])) if isinstance(places, tuple) and len(places) == 2 else None


def _lab_to_srgb(image: ImageFile, white: tuple[float, float]) -> NDArray[np.uint8]:
    stored = np.asarray(image)
    lab = np.empty(stored.shape, dtype=np.float32)
    lab[:, :, 0] = stored[:, :, 0] * np.float32(100 / 255)
    lab[:, :, 1:] = stored[:, :, 1:].view(np.int8)
    return lab_to_srgb(lab, white)


def _codes(band: Image) -> NDArray[np.uint8]:
    """(H, W, 4) with opacity if there is any, else (H, W, 3)."""
    has_opacity = band.mode in ("LA", "PA", "RGBA") or "transparency" in band.info
    if band.mode.startswith("I;16"):
        grey = (np.asarray(band) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    return np.asarray(band.convert("RGBA" if has_opacity else "RGB"))


def _deep_pixels(file: PhotoFile, kind: PhotoFormat) -> tuple[NDArray[np.uint16] | None, int]:
    """(H, W, 3 or 4) RGB of more than 8 bits, and how many; None for any other picture."""
    bits = 16
    if kind is PhotoFormat.AVIF:
        with file.open() as opened:
            bits = read_iso_colours(opened).bits
    if bits == 8 or kind not in (PhotoFormat.PNG, PhotoFormat.AVIF):
        return None, 8
    import cv2

    array = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16:
        return None, 8
    if array.ndim == 2:
        return np.repeat(array[:, :, np.newaxis], 3, axis=2), bits
    return np.ascontiguousarray(array[:, :, [2, 1, 0, 3][: array.shape[2]]]), bits


def too_large(size: str, max_megapixels: float, note: str = "") -> str:
    """The sentence for a photo of `size` above the limit."""
    return (
        f"{size} are more than io.max_photo_megapixels = {max_megapixels:g}{note}: make the photo smaller or "
        "raise the setting"
    )


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise PhotoUnreadableError(f"the file is damaged: its size is {width} x {height} pixels")


def _check_file_size(file: PhotoFile, kind: PhotoFormat) -> None:
    if kind in _WHOLE_FILE_FORMATS and file.size_bytes > _MAX_FILE_BYTES:
        raise PhotoTooLargeError(f"a {kind.name} file of more than {_MAX_FILE_BYTES // 2**20} MiB: save it as JPEG")


def _facts(file: PhotoFile, kind: PhotoFormat, image: ImageFile) -> tuple[ExifFacts, bool]:
    """The EXIF facts as they apply to the picture that Pillow decodes, and whether they say Adobe RGB."""
    if kind is PhotoFormat.TIFF:
        with file.open() as opened:
            facts = replace(read_tiff_facts(opened), orientation=1)  # Pillow turns TIFFs itself
            opened.seek(0)
            return facts, tiff_tells_adobe_rgb(opened)
    block = _png_exif(file) if kind is PhotoFormat.PNG else image.info.get("exif")
    return (read_exif_block(block), block_tells_adobe_rgb(block)) if isinstance(block, bytes) else (NO_FACTS, False)


def _png_exif(stored: PhotoFile) -> bytes | None:
    """The eXIf chunk, which may be before or after the picture's data; Pillow reads it only before."""
    with stored.open() as file:
        file.seek(8)
        for _ in range(_MAX_PNG_CHUNKS):
            header = file.read(8)
            if len(header) < 8 or header[4:] == b"IEND":
                return None
            length = int.from_bytes(header[:4], "big")
            if header[4:] == b"eXIf":
                return file.read(min(length, 2**20))
            file.seek(length + 4, 1)
    return None
