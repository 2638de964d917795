"""Opening photos: by their content, whatever their names say, and within limits of size.

`open_photo` reads the header only; see `OpenPhoto` for decoding.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files.colour import array_to_srgb
from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, describe_other, sniff
from curation.photos.files.jpeg import JPEG_DIVISORS, JpegHeader, decode_jpeg, read_jpeg_header
from curation.photos.files.lazy_photo import OpenPhoto, PhotoSource
from curation.photos.files.pillow_files import HeifSource, PillowSource
from curation.photos.files.raw import develop_half_size, read_raw_preview
from curation.photos.files.reasons import reason_of

__all__ = ["open_photo"]

_MAX_JPEG_BYTES = 512 * 2**20


class _JpegSource:
    """A JPEG file, or the JPEG inside a RAW file."""

    divisors = JPEG_DIVISORS
    limit_share = 1.0

    def __init__(self, read: Callable[[], bytes], header: JpegHeader) -> None:
        self._read = read
        self._header = header
        self._data: bytes | None = None
        self.width, self.height = header.width, header.height
        self.orientation = header.facts.orientation or 1
        self.capture_time = header.facts.capture_time

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        if self._data is None:
            self._data = self._read()
        array = decode_jpeg(self._data, self._header, divisor)
        if self._header.components == 3:
            array_to_srgb(array, self._header.icc_profile)
        return array


class _ArraySource:
    """A picture that a function returns."""

    divisors = (1,)
    limit_share = 1.0

    def __init__(
        self,
        make: Callable[[], NDArray[np.uint8]],
        size: tuple[int, int],
        orientation: int,
        capture_time: datetime | None,
    ) -> None:
        self._make = make
        self.width, self.height = size
        self.orientation = orientation
        self.capture_time = capture_time

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        return self._make()


def open_photo(path: Path, *, max_megapixels: float, content: bytes | None = None) -> OpenPhoto:
    """Open a photo and read its header.

    Args:
        path: A regular file.
        max_megapixels: Larger photos are rejected before anything is decoded; JPEGs are decoded at a smaller
            size instead.
        content: Of the file, if it was read already, see `read_content`; saves reading a JPEG again.

    Raises:
        PhotoUnreadableError: If the file cannot be opened, is empty, is not a picture, or is damaged.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PhotoUnreadableError("not a file")
        if status.st_size == 0:
            raise PhotoUnreadableError("the file is empty")
        if content is not None:
            start = content[:SNIFF_BYTES]
        else:
            with path.open("rb") as file:
                start = file.read(SNIFF_BYTES)
        kind = sniff(start, path.suffix[1:].lower())
        if kind is None:
            raise PhotoUnreadableError(describe_other(start))
        return OpenPhoto(_source(path, kind, max_megapixels, content), max_megapixels=max_megapixels)
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise PhotoUnreadableError(reason_of(error)) from error


def _source(path: Path, kind: PhotoFormat, max_megapixels: float, content: bytes | None) -> PhotoSource:
    if kind is PhotoFormat.RAW:
        return _raw_source(path, max_megapixels)
    if kind is PhotoFormat.HEIF:
        return HeifSource(path)
    if kind is not PhotoFormat.JPEG:
        return PillowSource(path, kind, max_megapixels=max_megapixels)
    if path.stat().st_size > _MAX_JPEG_BYTES:
        raise PhotoTooLargeError(f"a JPEG file of more than {_MAX_JPEG_BYTES // 2**20} MiB: save it again")
    if content is not None:
        return _JpegSource(lambda: content, read_jpeg_header(BytesIO(content)))
    with path.open("rb") as file:
        header = read_jpeg_header(file)
    return _JpegSource(lambda: _read_jpeg(path), header)


def _read_jpeg(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error


def _raw_source(path: Path, max_megapixels: float) -> PhotoSource:
    preview = read_raw_preview(path, max_megapixels=max_megapixels)
    if preview.jpeg is not None:
        jpeg = preview.jpeg
        source = _JpegSource(lambda: jpeg, read_jpeg_header(BytesIO(jpeg)))
        source.orientation, source.capture_time = preview.orientation, preview.facts.capture_time
        return source
    if preview.bitmap is not None:
        bitmap = preview.bitmap
        size = (bitmap.shape[1], bitmap.shape[0])
        return _ArraySource(lambda: bitmap, size, preview.orientation, preview.facts.capture_time)
    return _ArraySource(
        lambda: develop_half_size(path, preview.half_size),
        preview.half_size,
        preview.orientation,
        preview.facts.capture_time,
    )
