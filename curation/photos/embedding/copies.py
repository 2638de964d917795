"""Copies of photos with their description inside, for every format in which it can be written safely."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import BinaryIO

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy
from curation.photos.embedding.heif import described_heif, own_of_heif
from curation.photos.embedding.jpeg import described_jpeg, own_of_jpeg
from curation.photos.embedding.own_packet import OwnPacket
from curation.photos.embedding.png import described_png, own_of_png
from curation.photos.embedding.psd import described_psd, own_of_psd
from curation.photos.embedding.tiff import described_tiff, own_of_tiff
from curation.photos.embedding.webp import described_webp, own_of_webp
from curation.photos.files.formats import PhotoFormat

__all__ = ["can_hold_description", "described_copy", "told_inside"]

_DNG = ".dng"
# What parsing bytes that nobody foresaw may raise: a photo is then copied as it is, and the others are exported.
_DAMAGE = (struct.error, IndexError, KeyError, ValueError, OverflowError)

_WRITERS: Mapping[PhotoFormat, Callable[[BinaryIO, PhotoDescription], DescribedCopy | None]] = MappingProxyType(
    {
        PhotoFormat.JPEG: described_jpeg,
        PhotoFormat.TIFF: described_tiff,
        PhotoFormat.PNG: described_png,
        PhotoFormat.WEBP: described_webp,
        PhotoFormat.PSD: described_psd,
        PhotoFormat.HEIF: described_heif,
        PhotoFormat.AVIF: described_heif,
        PhotoFormat.RAW: lambda file, description: described_tiff(file, description, is_dng=True),
    }
)
_READERS: Mapping[PhotoFormat, Callable[[BinaryIO], OwnPacket]] = MappingProxyType(
    {
        PhotoFormat.JPEG: own_of_jpeg,
        PhotoFormat.TIFF: own_of_tiff,
        PhotoFormat.PNG: own_of_png,
        PhotoFormat.WEBP: own_of_webp,
        PhotoFormat.PSD: own_of_psd,
        PhotoFormat.HEIF: own_of_heif,
        PhotoFormat.AVIF: own_of_heif,
        PhotoFormat.RAW: own_of_tiff,
    }
)


def can_hold_description(name: str, kind: PhotoFormat | None) -> bool:
    """Whether a description can be written into copies of a photo: not into RAW files, except DNGs.

    Args:
        name: Of the photo.
        kind: Its format; None if it is not supported.
    """
    return kind in _WRITERS and (kind is not PhotoFormat.RAW or PurePath(name).suffix.lower() == _DNG)


def described_copy(file: BinaryIO, kind: PhotoFormat, description: PhotoDescription) -> DescribedCopy | None:
    """A copy of a photo that contains its description, and as many of its bytes as they were as can be.

    Args:
        file: The photo, at its start.
        kind: Its format, see `can_hold_description`.
        description: What the user said about it.

    Returns:
        The copy; None if the file already contains the description, or the description is empty.

    Raises:
        PhotoUnreadableError: If the file is damaged or of an unknown kind, so that something could be lost.
        OSError: If the file cannot be read.
    """
    try:
        return _WRITERS[kind](file, description)
    except _DAMAGE as error:
        raise PhotoUnreadableError("its metadata is damaged in a way that is not known") from error


def told_inside(file: BinaryIO, kind: PhotoFormat | None) -> OwnPacket | None:
    """What a photo says about itself already; None for formats in which nothing is read.

    Args:
        file: The photo, at its start.
        kind: Its format.

    Raises:
        PhotoUnreadableError: If the file or its packet is damaged.
        OSError: If the file cannot be read.
    """
    if kind is None or kind not in _READERS:
        return None
    try:
        return _READERS[kind](file)
    except _DAMAGE as error:
        raise PhotoUnreadableError("its metadata is damaged in a way that is not known") from error
