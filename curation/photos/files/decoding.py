"""Opening photos: by their content, whatever their names say, and within limits of size.

`open_photo` and `open_photo_bytes` read the header only; see `OpenPhoto` for decoding.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.files.health import FaultKind, FileFault
from curation.domain.measuring.taken import TakenTime, better_of, read_source, runs_from_default
from curation.errors import PhotoDamagedError, PhotoTooLargeError, PhotoUnknownFormError, PhotoUnreadableError
from curation.photos.bounds.headers import require_bounded_lists
from curation.photos.colours.exif_colours import raw_tells_adobe_rgb
from curation.photos.colours.hdr import hdr_to_srgb
from curation.photos.colours.told import told_colours
from curation.photos.files.colour import array_to_srgb, cmyk_jpeg_to_srgb, rgb_profile
from curation.photos.files.exif import ExifFacts, is_raw_tiff
from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, describe_other, is_something_else, sniff
from curation.photos.files.jpeg import JPEG_DIVISORS, JpegHeader, decode_jpeg, read_jpeg_header
from curation.photos.files.lazy_photo import OpenPhoto, PhotoSource, raise_explained
from curation.photos.files.photo_file import PhotoFile
from curation.photos.files.pillow_files import HeifSource, PillowSource
from curation.photos.files.raw import RawPreview, develop_half_size, develop_in_place, read_raw_preview
from curation.photos.files.reasons import reason_of
from curation.photos.forms.jpegxl import JpegXlSource
from curation.photos.forms.pfm import ColourPfmSource, is_colour_pfm
from curation.photos.forms.psd import DeepPsdSource, is_deep_psd
from curation.photos.forms.tiff import tiff_source
from curation.photos.taken.camera_facts import read_clock
from curation.photos.taken.name_times import time_of_name
from curation.photos.taken.times import read_taken
from curation.photos.whole.check import faults_of, require_seen_part_whole
from curation.photos.whole.jpeg.thumbnail import exif_thumbnail, require_agreement
from curation.photos.whole.tiff.raw import raw_faults
from curation.regular_files import NOT_REGULAR

__all__ = ["open_photo", "open_photo_bytes"]

_MAX_JPEG_BYTES = 512 * 2**20
_CHUNK_BYTES = 2**20


class _JpegSource:
    """A JPEG file, or the JPEG inside a RAW file."""

    divisors = JPEG_DIVISORS
    limit_share = 1.0

    def __init__(self, read: Callable[[], bytes], header: JpegHeader, *, own_colours: bool = False) -> None:
        self._read = read
        self._own_colours = own_colours
        self._told = told_colours(header.icc_profile, is_adobe_rgb=header.is_adobe_rgb)
        self.icc_profile = rgb_profile(self._told.icc_profile) if header.components == 3 else None
        self._header = header
        self._is_compared = False
        self._data: bytes | None = None
        self.width, self.height = header.width, header.height
        self.orientation = header.facts.orientation or 1
        self.capture_time = header.facts.capture_time
        self.time_source = header.facts.time_source

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        if self._data is None:
            self._data = self._read()
        array = decode_jpeg(self._data, self._header, divisor)
        if not self._is_compared:
            thumbnail = exif_thumbnail(self._header.exif)
            if thumbnail is not None:
                require_agreement(array, thumbnail, self._header.mcu_height / divisor)
            self._is_compared = True
        return self._srgb(array, divisor)

    def _srgb(self, array: NDArray[np.uint8], divisor: int) -> NDArray[np.uint8]:
        profile, hdr = self._told
        components = self._header.components
        if components == 4:
            return cmyk_jpeg_to_srgb(self._data or b"", profile, divisor, array)
        if components == 3 and hdr is not None:
            return hdr_to_srgb(lambda top, bottom: array[top:bottom], array.shape[1], array.shape[0], 8, hdr)
        if components == 1 or self.icc_profile is None or not self._own_colours:
            array_to_srgb(array, profile, is_grey=components == 1)
        return array


class _RawSource(_JpegSource):
    """The preview in a RAW file; where it turns out to be broken, the sensor's data are developed in its place."""

    def __init__(
        self, file: PhotoFile, preview: RawPreview, jpeg: bytes, header: JpegHeader, *, own_colours: bool
    ) -> None:
        super().__init__(lambda: jpeg, header, own_colours=own_colours)
        self._file = file
        self._preview = preview
        self.found_faults: tuple[FileFault, ...] = ()
        self.orientation = preview.orientation
        self.capture_time, self.time_source = preview.facts.capture_time, preview.facts.time_source

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        if not self.found_faults:
            try:
                return super().decode(divisor)
            except PhotoUnreadableError:
                # What of the sensor's data is broken must not be shown instead.
                if raw_faults(self._file):
                    raise
        size = (-(-self.width // divisor), -(-self.height // divisor))
        preview = self._preview
        developed = develop_in_place(self._file, preview.half_size, preview.sensor_orientation, self.orientation, size)
        self.found_faults = (
            FileFault(
                FaultKind.DAMAGED,
                "the preview in the RAW file is damaged: the sensor's data were developed in its place",
                "the sensor's data",
                is_seen=False,
            ),
        )
        return developed


class _ArraySource:
    """A picture that a function returns."""

    divisors = (1,)
    limit_share = 1.0
    icc_profile: bytes | None = None

    def __init__(
        self,
        make: Callable[[], NDArray[np.uint8]],
        size: tuple[int, int],
        orientation: int,
        facts: ExifFacts,
    ) -> None:
        self._make = make
        self.width, self.height = size
        self.orientation = orientation
        self.capture_time = facts.capture_time
        self.time_source = facts.time_source

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        return self._make()


def open_photo(
    path: Path, *, max_megapixels: float, content: bytes | None = None, own_colours: bool = False
) -> OpenPhoto:
    """Open a photo and read its header.

    Args:
        path: A regular file.
        max_megapixels: Larger photos are rejected before anything is decoded; JPEGs are decoded at a smaller
            size instead.
        content: Of the file, if it was read already, see `read_content`; saves reading a JPEG again.
        own_colours: Leave pixels in the colour space of the photo's `icc_profile`, if it has one.

    Raises:
        PhotoUnreadableError: If the file cannot be opened, is empty, is not a picture, or is damaged.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PhotoUnreadableError(NOT_REGULAR)
        if status.st_size == 0:
            raise PhotoDamagedError("the file is empty", FaultKind.EMPTY)
        return _opened(PhotoFile(path, content), path.name, path.suffix, max_megapixels, own_colours=own_colours)
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise PhotoUnreadableError(reason_of(error)) from error


def open_photo_bytes(content: bytes, *, max_megapixels: float, name: str = "", own_colours: bool = False) -> OpenPhoto:
    """Open a photo that is in memory only, and read its header.

    Args:
        content: Of a photo's file, in any format that `open_photo` knows.
        max_megapixels: As for `open_photo`.
        name: Of the file, if it had one: its extension tells RAW files that begin like a TIFF; without it, their tags
            do. A time in it is that of a photo without another one.
        own_colours: Leave pixels in the colour space of the photo's `icc_profile`, if it has one.

    Raises:
        PhotoUnreadableError: If it is empty, is not a picture, or is damaged.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    if not content:
        raise PhotoDamagedError("the file is empty", FaultKind.EMPTY)
    try:
        extension = Path(name).suffix
        if not extension and is_raw_tiff(BytesIO(content)):
            extension = ".dng"
        return _opened(PhotoFile(None, content), name, extension, max_megapixels, own_colours=own_colours)
    except OSError as error:
        raise PhotoUnreadableError(reason_of(error)) from error
    except MemoryError as error:
        raise PhotoUnreadableError(reason_of(error)) from error


def _opened(
    file: PhotoFile, name: str, extension: str, max_megapixels: float, *, own_colours: bool = False
) -> OpenPhoto:
    with file.open() as opened:
        start = opened.read(SNIFF_BYTES)
    kind = sniff(start, extension[1:].lower())
    if kind is None:
        if not start.strip(b"\0"):
            raise _of_zeros(file)
        error = PhotoUnknownFormError if is_something_else(start) else PhotoUnreadableError
        raise error(describe_other(start))
    require_bounded_lists(file, kind)
    try:
        source = _source(file, kind, max_megapixels, own_colours)
    except PhotoUnreadableError as failure:
        if kind is PhotoFormat.RAW:  # what cannot be opened comes with an advice
            raise
        raise_explained(failure, partial(faults_of, file, kind))
    return OpenPhoto(
        source,
        max_megapixels=max_megapixels,
        check=partial(require_seen_part_whole, file, kind),
        told=(told := _told(file, source)),
        taken=better_of(told, time_of_name(name)),
        read_clock=partial(_clock, file),
    )


def _of_zeros(file: PhotoFile) -> PhotoDamagedError:
    """The error of a file that begins with zeros."""
    with file.open() as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            if chunk.strip(b"\0"):
                return PhotoDamagedError(
                    "the file begins with zeros: its beginning was never written", FaultKind.ZEROED
                )
    return PhotoDamagedError("not a picture: the file contains only zeros", FaultKind.EMPTY)


def _told(file: PhotoFile, source: PhotoSource) -> TakenTime | None:
    """The time in a file; other places than the usual one are only looked at if there is none, or a wrong one."""
    if source.capture_time is not None and not runs_from_default(source.capture_time):
        return read_source(source.capture_time, source.time_source)
    with file.open() as opened:
        return read_taken(opened)


def _clock(file: PhotoFile) -> str:
    try:
        with file.open() as opened:
            return read_clock(opened)
    except OSError:  # it is read in a moment, which tells
        return ""


def _source(file: PhotoFile, kind: PhotoFormat, max_megapixels: float, own_colours: bool) -> PhotoSource:
    if kind is PhotoFormat.RAW:
        return _raw_source(file, max_megapixels, own_colours)
    if kind is PhotoFormat.HEIF:
        return HeifSource(file, own_colours=own_colours)
    if kind is PhotoFormat.JPEG_XL:
        return JpegXlSource(file)
    if kind is PhotoFormat.PSD and is_deep_psd(file):
        return DeepPsdSource(file)
    if kind is PhotoFormat.PNM and is_colour_pfm(file):
        return ColourPfmSource(file)
    if kind is PhotoFormat.TIFF:
        return tiff_source(file, max_megapixels=max_megapixels, own_colours=own_colours)
    if kind is not PhotoFormat.JPEG:
        return PillowSource(file, kind, max_megapixels=max_megapixels, own_colours=own_colours)
    if file.size_bytes > _MAX_JPEG_BYTES:
        raise PhotoTooLargeError(f"a JPEG file of more than {_MAX_JPEG_BYTES // 2**20} MiB: save it again")
    with file.open() as opened:
        header = read_jpeg_header(opened)
    return _JpegSource(lambda: _read_jpeg(file), header, own_colours=own_colours)


def _read_jpeg(file: PhotoFile) -> bytes:
    try:
        return file.read()
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error


def _raw_source(file: PhotoFile, max_megapixels: float, own_colours: bool) -> PhotoSource:
    preview = read_raw_preview(file, max_megapixels=max_megapixels)
    if preview.jpeg is not None:
        header = read_jpeg_header(BytesIO(preview.jpeg))
        with file.open() as opened:
            if header.icc_profile is None and not header.is_adobe_rgb and raw_tells_adobe_rgb(opened):
                header = replace(header, is_adobe_rgb=True)
        return _RawSource(file, preview, preview.jpeg, header, own_colours=own_colours)
    if preview.bitmap is not None:
        bitmap = preview.bitmap
        size = (bitmap.shape[1], bitmap.shape[0])
        return _ArraySource(lambda: bitmap, size, preview.orientation, preview.facts)
    return _ArraySource(
        lambda: develop_half_size(file, preview.half_size),
        preview.half_size,
        preview.orientation,
        preview.facts,
    )
