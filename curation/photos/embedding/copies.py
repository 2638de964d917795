"""Copies of photos with their description inside, for every format in which it can be written safely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import BinaryIO

from curation.domain.choosing.export import PhotoDescription
from curation.photos.embedding.edits import DescribedCopy
from curation.photos.embedding.jpeg import described_jpeg, packet_of_jpeg
from curation.photos.embedding.png import described_png, packet_of_png
from curation.photos.embedding.psd import described_psd, packet_of_psd
from curation.photos.embedding.tiff import described_tiff, packet_of_tiff
from curation.photos.embedding.webp import described_webp, packet_of_webp
from curation.photos.files.formats import PhotoFormat
from curation.photos.xmp.packet import XmpPacket

__all__ = ["can_hold_description", "described_copy", "packet_inside"]

_DNG = ".dng"

_WRITERS: Mapping[PhotoFormat, Callable[[BinaryIO, PhotoDescription], DescribedCopy | None]] = MappingProxyType(
    {
        PhotoFormat.JPEG: described_jpeg,
        PhotoFormat.TIFF: described_tiff,
        PhotoFormat.PNG: described_png,
        PhotoFormat.WEBP: described_webp,
        PhotoFormat.PSD: described_psd,
        PhotoFormat.RAW: lambda file, description: described_tiff(file, description, is_dng=True),
    }
)
_READERS: Mapping[PhotoFormat, Callable[[BinaryIO], XmpPacket]] = MappingProxyType(
    {
        PhotoFormat.JPEG: packet_of_jpeg,
        PhotoFormat.TIFF: packet_of_tiff,
        PhotoFormat.PNG: packet_of_png,
        PhotoFormat.WEBP: packet_of_webp,
        PhotoFormat.PSD: packet_of_psd,
        PhotoFormat.RAW: packet_of_tiff,
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
    return _WRITERS[kind](file, description)


def packet_inside(file: BinaryIO, name: str, kind: PhotoFormat | None) -> XmpPacket | None:
    """The XMP packet in a photo; None for formats whose packets are not read.

    Args:
        file: The photo, at its start.
        name: Of the photo.
        kind: Its format.

    Raises:
        PhotoUnreadableError: If the file or its packet is damaged.
        OSError: If the file cannot be read.
    """
    return _READERS[kind](file) if kind is not None and can_hold_description(name, kind) else None
