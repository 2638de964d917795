"""Photos as a browser shows them: upright JPEGs of a chosen size, whatever the format of the file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import numpy as np
import simplejpeg

from curation.domain.faces.face import Box
from curation.photos.files.decoding import open_photo
from curation.photos.looks.thumbnails import face_chip_jpeg

__all__ = ["LONG_SIDE_PX", "PICTURES_VERSION", "PictureSize", "face_picture", "photo_picture"]

PICTURES_VERSION = 1  # raise it whenever the pictures of the same photo change

_MAX_JPEG_PX = 65_500  # a JPEG has no longer side


class PictureSize(StrEnum):
    """How large a picture of a photo is."""

    THUMBNAIL = "thumbnail"
    SCREEN = "screen"
    FULL = "full"


LONG_SIDE_PX = {PictureSize.THUMBNAIL: 320, PictureSize.SCREEN: 2048, PictureSize.FULL: _MAX_JPEG_PX}
"""The longer side at most, in pixels; smaller photos are never enlarged."""
_QUALITY = {PictureSize.THUMBNAIL: 80, PictureSize.SCREEN: 87, PictureSize.FULL: 92}
_SUBSAMPLING = {PictureSize.THUMBNAIL: "420", PictureSize.SCREEN: "420", PictureSize.FULL: "444"}


def photo_picture(path: Path, size: PictureSize, *, max_megapixels: float) -> bytes:
    """A photo as a JPEG (sRGB), turned upright, without any metadata.

    Args:
        path: Of the photo, in any format that can be decoded.
        size: See `LONG_SIDE_PX`.
        max_megapixels: Larger photos are refused, JPEGs decoded smaller instead.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    photo = open_photo(path, max_megapixels=max_megapixels)
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
    """A face with some of its surroundings as a JPEG (sRGB), as `curation.photos.looks.thumbnails` cuts it.

    Args:
        path: Of the photo.
        box: The face, in pixels of the upright full-size photo.
        long_side_px: The picture's longer side at most.
        max_megapixels: As for `photo_picture`.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    photo = open_photo(path, max_megapixels=max_megapixels)
    enough = min(1.0, long_side_px / max(box.w, box.h, 1))
    return face_chip_jpeg(photo.detailed(enough), box, long_side_px=long_side_px)
