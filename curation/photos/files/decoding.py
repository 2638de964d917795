"""Opening photos: limits, lazy decoding, turning upright.

`open_photo` reads the header only. Pixels are decoded when they are asked for, completely or not at all.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.base import Pixels
from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files.colour import array_to_srgb
from curation.photos.files.exif import sides_swapped, upright
from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, sniff, what_else
from curation.photos.files.halving import halved
from curation.photos.files.jpeg import JPEG_DIVISORS, JpegHeader, decode_jpeg, read_jpeg_header
from curation.photos.files.pillow_files import HeifSource, PillowSource, too_large
from curation.photos.files.raw import develop_half_size, read_raw_preview
from curation.photos.files.reasons import reason_of

__all__ = ["OpenPhoto", "content_sha256", "open_photo", "read_content"]

_HASH_CHUNK_BYTES = 2**20
_MAX_JPEG_BYTES = 512 * 2**20
# Larger files are read twice, for the hash and for decoding, rather than kept in memory.
_MAX_KEPT_BYTES = 64 * 2**20
# A picture that is smaller than wanted by so little is taken as it is: a 6000 px photo decoded at a quarter (1500 px)
# serves where 1600 px are wanted, and resizing costs as much as decoding.
_ENOUGH = 0.88
_MIN_HALVED_PX = 16


class PhotoSource(Protocol):
    """A file whose header was read; sizes and arrays are as stored, before turning upright."""

    width: int
    height: int
    orientation: int
    """1 to 8, what is left to do to the decoded picture."""
    capture_time: datetime | None
    limit_share: float
    """Part of the limit in megapixels that holds for this file; below 1 where decoding takes much memory."""

    @property
    def divisors(self) -> Sequence[int]:
        """The sizes that it can decode at, as divisors of the full size; the first is 1."""

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode to (ceil(height / divisor), ceil(width / divisor), 3) uint8 sRGB, contiguous.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """


class OpenPhoto:
    """A photo whose header was read; implements `engines.base.PhotoPixels`.

    Attributes:
        width: Of the upright full-size photo in pixels, known without decoding.
        height: Of the upright full-size photo in pixels, known without decoding.
        capture_time: When it was taken, by the camera's own clock and without a time zone; None if unknown.
        orientation: How the stored picture is turned to be upright, EXIF tag 0x0112.
    """

    def __init__(self, source: PhotoSource, *, max_megapixels: float) -> None:
        """Check the size against the limit.

        Raises:
            PhotoTooLargeError: If the photo is too large, also at the smallest size it can be decoded at.
        """
        self._source: PhotoSource | None = source
        self.orientation: Final = source.orientation
        swapped = sides_swapped(source.orientation)
        self.width: Final = source.height if swapped else source.width
        self.height: Final = source.width if swapped else source.height
        self.capture_time: Final = source.capture_time
        self._full_divisor: Final = _fitting_divisor(source, max_megapixels)
        self._decoded: dict[int, NDArray[np.uint8]] = {}
        self._reduced: tuple[tuple[int, bool], NDArray[np.uint8], float] | None = None

    def full(self) -> Pixels:
        """The photo at full size, decoded at the first call and kept.

        A JPEG above the limit comes at 1/2, 1/4 or 1/8 of its size, whichever is the first to fit.

        Returns:
            A view of one array for all callers: not to be written to.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """
        return self.detailed(1.0)

    def detailed(self, scale: float) -> Pixels:
        """The photo at `scale` or more, whatever takes the least work; see `PhotoPixels.detailed`.

        Returns:
            What was decoded already if it is large enough, else a JPEG at the smallest of its sizes that
            is, else the same as `full`. A view of one array for all callers: not to be written to.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """
        array, got = self._at_least(scale)
        return Pixels(upright(array, self.orientation), got)

    def at_hand(self, scale: float) -> Pixels:
        """What was decoded already: the smallest picture of at least `scale`, else the largest there is.

        Raises:
            PhotoUnreadableError: If nothing was decoded yet, and the file cannot be decoded completely.
        """
        fitting = [divisor for divisor in self._decoded if 1 / divisor >= scale]
        if self._decoded and not fitting:
            return self.detailed(1 / min(self._decoded))
        return self.detailed(scale)

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """The photo with its longer side at most `long_side_px`, see `PhotoPixels.reduced`.

        A JPEG is decoded at a reduced size if nothing larger was decoded before. The last result is kept.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """
        if long_side_px < 1:
            raise ValueError(f"a photo cannot be reduced to {long_side_px} pixels")
        if self._reduced is None or self._reduced[0] != (long_side_px, averaged):
            wanted = min(1.0, long_side_px / max(self.width, self.height))
            base, scale = self._at_least(_ENOUGH * wanted)
            width, height = (self.width, self.height)[:: -1 if sides_swapped(self.orientation) else 1]
            size = (max(1, round(width * wanted)), max(1, round(height * wanted)))
            self._reduced = ((long_side_px, averaged), *_reduced(base, scale, wanted, size, averaged=averaged))
        _, array, scale = self._reduced
        return Pixels(upright(array, self.orientation), scale)

    def _at_least(self, scale: float) -> tuple[NDArray[np.uint8], float]:
        """A picture as stored, at `scale` or more if the photo has it, and the scale that it has."""
        fitting = [divisor for divisor in self._decoded if 1 / divisor >= scale or divisor == self._full_divisor]
        if fitting:
            divisor = max(fitting)
        else:
            assert self._source is not None  # it is given up only for the full picture, which always fits
            divisor = max(
                (d for d in self._source.divisors if d > self._full_divisor and 1 / d >= scale),
                default=self._full_divisor,
            )
            self._decoded[divisor] = self._source.decode(divisor)
            if divisor == self._full_divisor:
                self._source = None  # frees what it keeps of the file
        return self._decoded[divisor], 1 / divisor


def _reduced(
    array: NDArray[np.uint8], scale: float, wanted: float, size: tuple[int, int], *, averaged: bool
) -> tuple[NDArray[np.uint8], float]:
    """A picture at about the wanted scale, where it has `size`; and the scale that it has then."""
    # Halving is many times faster than a resize by any other factor.
    while scale > wanted and scale * 0.5 >= _ENOUGH * wanted and min(array.shape[:2]) >= _MIN_HALVED_PX:
        array = halved(array)
        scale *= 0.5
    if scale > wanted:
        # Four neighbours see every pixel as long as half of them remain, and take a sixth of the time.
        method = cv2.INTER_LINEAR if wanted >= 0.5 * scale and not averaged else cv2.INTER_AREA
        return cv2.resize(array, size, interpolation=method).astype(np.uint8, copy=False), wanted
    return array, scale


def _fitting_divisor(source: PhotoSource, max_megapixels: float) -> int:
    """The smallest divisor at which the photo has at most `max_megapixels`."""
    limit = max_megapixels * source.limit_share
    for divisor in source.divisors:
        if -(-source.width // divisor) * -(-source.height // divisor) <= limit * 1e6:
            return divisor
    megapixels = source.width * source.height / 1e6
    note = "" if source.limit_share == 1 else f", of which {limit:g} hold for this format"
    size = f"{source.width} x {source.height} pixels ({megapixels:.4g} megapixels)"
    raise PhotoTooLargeError(too_large(size, max_megapixels, note))


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
    """A picture that a function makes."""

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
    """Open a photo by its content, whatever its name says, and read its header.

    Args:
        path: A regular file.
        max_megapixels: Larger photos are refused before anything of them is decoded; JPEGs are
            decoded smaller instead.
        content: Of the file, if it is known already; see `read_content`. Saves reading a JPEG again.

    Raises:
        PhotoUnreadableError: If the file cannot be opened, is empty, no picture or damaged.
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
            raise PhotoUnreadableError(what_else(start))
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
        raise PhotoTooLargeError(f"a JPEG file of more than {_MAX_JPEG_BYTES // 2**20} MiB: save it anew")
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


def content_sha256(path: Path) -> str:
    """SHA-256 of a file's content in hex, read in chunks.

    Raises:
        PhotoUnreadableError: If the file cannot be read.
    """
    return read_content(path, keep_bytes=0)[0]


def read_content(path: Path, *, keep_bytes: int = _MAX_KEPT_BYTES) -> tuple[str, bytes | None]:
    """Read a file once, for its hash and for `open_photo`.

    Args:
        path: The file.
        keep_bytes: Larger files are only hashed, in chunks.

    Returns:
        SHA-256 of the content in hex, and the content; None in its place if it has more than `keep_bytes`.

    Raises:
        PhotoUnreadableError: If the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(keep_bytes + 1) if keep_bytes else b""
            digest = hashlib.sha256(content)
            if keep_bytes and len(content) <= keep_bytes:
                return digest.hexdigest(), content
            del content
            while chunk := file.read(_HASH_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error
    return digest.hexdigest(), None
