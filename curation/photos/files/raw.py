"""RAW files: the camera's own preview where it is good enough, else a half-size development of the sensor's data."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files.exif import ExifFacts, read_exif_block, read_tiff_facts, upright
from curation.photos.files.jpeg import JPEG_MAGIC, read_jpeg_header
from curation.photos.files.native_messages import native_messages_caught
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.tiff.raw import MIN_PREVIEW_LONG_SIDE_PX

if TYPE_CHECKING:
    import rawpy

__all__ = ["RawPreview", "develop_half_size", "develop_in_place", "read_raw_orientation", "read_raw_preview"]

# LibRaw's codes for the camera's orientation, as EXIF orientations (dcraw's table).
_EXIF_ORIENTATIONS = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
_TURNED_BACK = {6: 8, 8: 6}  # which orientation undoes another; the others undo themselves
_CMT_BLOCKS = (b"CMT1", b"CMT2")  # TIFF structures with EXIF's tags in Canon's CR3
_CR3_HEADER_BYTES = 65536
# LibRaw needs about 4 bytes of memory per pixel of the sensor while it develops at half size.
_SENSOR_SHARE = 2.0
# Where data is missing, LibRaw continues with invented pixels and only prints a message,
_DAMAGE = re.compile(r"unexpected end of file|data corrupted", re.IGNORECASE)
# or for some makers none at all. No camera packs a pixel of its sensor into less than a bit.
_MIN_BYTES_PER_SENSOR_PIXEL = 1 / 20
_NO_PREVIEW = "no readable preview in the RAW file: export it as JPEG"


@dataclass(frozen=True, slots=True, eq=False)
class RawPreview:
    """The picture that a RAW file offers.

    Attributes:
        jpeg: The embedded JPEG; None if there is none that is large enough.
        bitmap: (H, W, 3) uint8 RGB, the embedded uncompressed preview; None likewise.
        orientation: EXIF orientation of the picture that is used.
        facts: Of the file's EXIF.
        half_size: Width and height, as stored, of a half-size development, which is used if there is no preview.
        sensor_orientation: EXIF orientation of a development.
    """

    jpeg: bytes | None
    bitmap: NDArray[np.uint8] | None
    orientation: int
    facts: ExifFacts
    half_size: tuple[int, int]
    sensor_orientation: int


def read_raw_preview(file: PhotoFile, *, max_megapixels: float) -> RawPreview:
    """Read the largest preview of a RAW file, without decoding the sensor's data.

    Raises:
        PhotoUnreadableError: If LibRaw cannot read the file, or there is no picture.
        PhotoTooLargeError: If there is no preview and the sensor's picture is too large.
        OSError: If the file itself cannot be read.
    """
    with native_messages_caught(), _open_raw(file) as raw:
        import rawpy

        sizes = raw.sizes
        sensor_long_side = max(sizes.width, sizes.height)
        flip = _EXIF_ORIENTATIONS.get(sizes.flip, 1)
        try:
            thumb = raw.extract_thumb()
        except (rawpy.LibRawError, rawpy.NotSupportedError):
            thumb = None
    facts = _file_facts(file)
    half_size = (-(-sizes.width // 2), -(-sizes.height // 2))
    jpeg, bitmap = _usable(thumb, sensor_long_side)
    if jpeg is not None:
        own = read_jpeg_header(BytesIO(jpeg)).facts
        orientation = own.orientation or flip
        timed = own if facts.capture_time is None else facts
        facts = ExifFacts(orientation, timed.capture_time, timed.time_source)
        return RawPreview(jpeg, None, orientation, facts, half_size, flip)
    if bitmap is not None:
        return RawPreview(None, bitmap, flip, facts, half_size, flip)
    if sensor_long_side <= 0:
        raise PhotoUnreadableError(_NO_PREVIEW)
    sensor_pixels = sizes.raw_width * sizes.raw_height
    if file.size_bytes < sensor_pixels * _MIN_BYTES_PER_SENSOR_PIXEL:
        raise PhotoUnreadableError("the RAW file is cut off, and has no readable preview: export it as JPEG")
    if sensor_pixels > max_megapixels * 1e6 * _SENSOR_SHARE:
        raise PhotoTooLargeError(
            f"the RAW file has no preview and a sensor of {sizes.raw_width} x {sizes.raw_height} pixels, "
            f"which is too much for io.max_photo_megapixels = {max_megapixels:g}: export it as JPEG"
        )
    return RawPreview(None, None, flip, facts, half_size, flip)


def read_raw_orientation(file: PhotoFile) -> int:
    """The EXIF orientation of the sensor's picture; that of the preview may differ.

    Raises:
        PhotoUnreadableError: If LibRaw cannot read the file.
        OSError: If the file itself cannot be read.
    """
    orientation = _file_facts(file).orientation
    if orientation is not None:
        return orientation
    with native_messages_caught(), _open_raw(file) as raw:
        return _EXIF_ORIENTATIONS.get(raw.sizes.flip, 1)


def _usable(thumb: rawpy.Thumbnail | None, sensor_long_side: int) -> tuple[bytes | None, NDArray[np.uint8] | None]:
    """The preview if it is readable and large enough, as JPEG or as bitmap."""
    enough = min(MIN_PREVIEW_LONG_SIDE_PX, sensor_long_side)
    if thumb is None:
        return None, None
    data = thumb.data
    if isinstance(data, bytes):
        if not data.startswith(JPEG_MAGIC):
            return None, None
        try:
            header = read_jpeg_header(BytesIO(data))
        except PhotoUnreadableError:
            return None, None
        return (data, None) if max(header.width, header.height) >= enough else (None, None)
    if data.ndim == 2:
        data = data[:, :, np.newaxis]
    if data.dtype != np.uint8 or data.ndim != 3 or max(data.shape[:2]) < max(1, enough):
        return None, None
    return None, np.ascontiguousarray(np.broadcast_to(data[:, :, :3], (*data.shape[:2], 3)))


def develop_half_size(file: PhotoFile, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Develop the sensor's data at half size with the camera's white balance.

    Args:
        file: The RAW file.
        size: Expected width and height; LibRaw may round odd sides differently.

    Returns:
        (H, W, 3) uint8 sRGB as stored, not turned.

    Raises:
        PhotoUnreadableError: If the sensor's data cannot be decoded.
        OSError: If the file itself cannot be read.
    """
    with native_messages_caught() as messages, _open_raw(file) as raw:
        import rawpy

        try:
            array: NDArray[np.uint8] = raw.postprocess(
                half_size=True, use_camera_wb=True, output_bps=8, output_color=rawpy.ColorSpace.sRGB, user_flip=0
            )
        except (rawpy.LibRawError, rawpy.NotSupportedError, ValueError) as error:
            raise PhotoUnreadableError(f"{_NO_PREVIEW} ({_words(error)})") from error
    if _DAMAGE.search(messages.text):
        raise PhotoUnreadableError("the RAW file is cut off or damaged, and has no readable preview: export it as JPEG")
    if array.ndim != 3 or array.shape[2] != 3:
        raise PhotoUnreadableError(f"{_NO_PREVIEW} (it develops to {array.shape})")
    if (array.shape[1], array.shape[0]) != size:
        import cv2

        array = cv2.resize(array, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return array


def develop_in_place(
    file: PhotoFile, half_size: tuple[int, int], orientation: int, wanted: int, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Develop the sensor's data to stand for a preview that is broken.

    Args:
        file: The RAW file.
        half_size: See `develop_half_size`.
        orientation: EXIF orientation of the development.
        wanted: EXIF orientation that the result has to have.
        size: Width and height that it has to have.

    Returns:
        (height, width, 3) uint8 sRGB, contiguous.

    Raises:
        PhotoUnreadableError: If the sensor's data cannot be decoded.
        OSError: If the file itself cannot be read.
    """
    import cv2

    developed = develop_half_size(file, half_size)
    if orientation != wanted:
        developed = upright(upright(developed, orientation), _TURNED_BACK.get(wanted, wanted))
    resized = cv2.resize(np.ascontiguousarray(developed), size, interpolation=cv2.INTER_AREA)
    return resized.astype(np.uint8, copy=False)


@contextmanager
def _open_raw(file: PhotoFile) -> Iterator[rawpy.RawPy]:
    with warnings.catch_warnings():
        # It warns about fork with OpenMP, but our pools spawn.
        warnings.simplefilter("ignore")
        import rawpy
    name = _name_for_rawpy(file.path)
    with rawpy.RawPy() as raw:
        try:
            if name is not None:
                raw.open_file(name)
            else:
                with file.open() as opened:
                    raw.open_buffer(opened)
        except rawpy.LibRawIOError as error:
            raise PhotoUnreadableError(f"the RAW file is cut off or damaged ({_words(error)})") from error
        except rawpy.LibRawError as error:
            raise PhotoUnreadableError(f"{_NO_PREVIEW} ({_words(error)})") from error
        yield raw


def _name_for_rawpy(path: Path | None) -> str | None:
    """None where rawpy has to get the content: it accepts no names that are not UTF-8."""
    if path is None:
        return None
    try:
        return os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _words(error: Exception) -> str:
    text = error.args[0] if error.args else error
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def _file_facts(stored: PhotoFile) -> ExifFacts:
    """The EXIF facts of a RAW file that is a TIFF or a CR3; none for others."""
    with stored.open() as file:
        facts = read_tiff_facts(file)
        if facts.capture_time is not None or facts.orientation is not None:
            return facts
        file.seek(0)
        start = file.read(_CR3_HEADER_BYTES)
    for name in _CMT_BLOCKS:
        position = start.find(name)
        if position >= 0:
            found = read_exif_block(start[position + 4 :])
            timed = found if facts.capture_time is None else facts
            facts = ExifFacts(facts.orientation or found.orientation, timed.capture_time, timed.time_source)
    return facts
