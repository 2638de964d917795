"""Photos as a browser shows them: upright JPEGs of a chosen size, whatever the format of the file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import numpy as np
import simplejpeg

from curation.domain.faces.face import Box
from curation.photos.files.decoding import open_photo, open_photo_bytes
from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, sniff
from curation.photos.files.lazy_photo import OpenPhoto
from curation.photos.looks.thumbnails import face_chip_jpeg

__all__ = [
    "LONG_SIDE_PX",
    "PICTURES_VERSION",
    "PictureSize",
    "face_picture",
    "kept_jpeg",
    "photo_picture",
    "picture_of_bytes",
]

PICTURES_VERSION = 2  # raise it when the pictures made from the same photo change

_MAX_JPEG_PX = 65_500  # the largest side of a JPEG
_KEPT_QUALITY = 95


class PictureSize(StrEnum):
    """The sizes in which photos are shown."""

    THUMBNAIL = "thumbnail"
    SCREEN = "screen"
    FULL = "full"


LONG_SIDE_PX = {PictureSize.THUMBNAIL: 320, PictureSize.SCREEN: 2048, PictureSize.FULL: _MAX_JPEG_PX}
"""The maximum of the longer side, in pixels; smaller photos are not enlarged."""
_QUALITY = {PictureSize.THUMBNAIL: 80, PictureSize.SCREEN: 87, PictureSize.FULL: 92}
_SUBSAMPLING = {PictureSize.THUMBNAIL: "420", PictureSize.SCREEN: "420", PictureSize.FULL: "444"}


def photo_picture(path: Path, size: PictureSize, *, max_megapixels: float) -> bytes:
    """A photo as a JPEG (sRGB), turned upright, without any metadata.

    Args:
        path: Of the photo, in any supported format.
        size: See `LONG_SIDE_PX`.
        max_megapixels: Larger photos are rejected; JPEGs are decoded at a smaller size instead.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    return _picture(open_photo(path, max_megapixels=max_megapixels), size)


def picture_of_bytes(content: bytes, size: PictureSize, *, max_megapixels: float, name: str = "") -> bytes:
    """The same of a photo that is in memory only.

    Args:
        content: Of the photo's file, in any supported format.
        size: See `LONG_SIDE_PX`.
        max_megapixels: As for `photo_picture`.
        name: Of the file, if it had one: its extension tells RAW files that begin like a TIFF.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    return _picture(open_photo_bytes(content, max_megapixels=max_megapixels, name=name), size)


def _picture(photo: OpenPhoto, size: PictureSize) -> bytes:
    limit = LONG_SIDE_PX[size]
    is_full = size is PictureSize.FULL and max(photo.width, photo.height) <= limit
    pixels = photo.full() if is_full else photo.reduced(limit)
    jpeg: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels.array),
        quality=_QUALITY[size],
        colorspace="RGB",
        colorsubsampling=_SUBSAMPLING[size],
    )
    return jpeg


def face_picture(path: Path, box: Box, *, long_side_px: int, max_megapixels: float) -> bytes:
    """A face with some of its surroundings as a JPEG (sRGB), see `curation.photos.looks.thumbnails`.

    Args:
        path: Of the photo.
        box: The face, in pixels of the upright full-size photo.
        long_side_px: Maximum of the picture's longer side, in pixels.
        max_megapixels: As for `photo_picture`.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    photo = open_photo(path, max_megapixels=max_megapixels)
    enough = min(1.0, long_side_px / max(box.w, box.h, 1))
    return face_chip_jpeg(photo.detailed(enough), box, long_side_px=long_side_px)


def kept_jpeg(content: bytes, *, max_megapixels: float) -> bytes:
    """A photo as a JPEG to be kept: a JPEG as it came, byte for byte; other formats upright, sRGB, without metadata.

    Args:
        content: Of the photo's file.
        max_megapixels: As for `photo_picture`; a JPEG is not looked at.

    Raises:
        PhotoUnreadableError: If a photo of another format cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    if sniff(content[:SNIFF_BYTES], "") is PhotoFormat.JPEG:
        return content
    photo = open_photo_bytes(content, max_megapixels=max_megapixels)
    pixels = photo.full() if max(photo.width, photo.height) <= _MAX_JPEG_PX else photo.reduced(_MAX_JPEG_PX)
    jpeg: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels.array), quality=_KEPT_QUALITY, colorspace="RGB", colorsubsampling="444"
    )
    return jpeg
