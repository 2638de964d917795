"""Whether a photo's file is whole, by the rules of its container.

A decoder that does not complain proves little: several fill up what is missing, or decode zeros. Here every part that a
file names has to lie inside it, and coded data must look like coded data; what can be seen only in the decoded picture
is checked where it is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from curation.domain.files.health import FileFault
from curation.errors import PhotoDamagedError
from curation.photos.files.formats import PhotoFormat
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.bitmaps import bmp_faults, pnm_faults
from curation.photos.whole.gif import gif_faults
from curation.photos.whole.iso.heif import heif_faults
from curation.photos.whole.iso.jpeg_xl import jpeg_xl_faults
from curation.photos.whole.jpeg.behind import jpeg_faults
from curation.photos.whole.jpeg2000 import jpeg2000_faults
from curation.photos.whole.png import png_faults
from curation.photos.whole.psd import psd_faults
from curation.photos.whole.riff import webp_faults
from curation.photos.whole.tiff.pictures import tiff_faults
from curation.photos.whole.tiff.raw import raw_faults

__all__ = ["CHECKS", "Check", "faults_of", "require_seen_part_whole"]

# Files are looked at in memory.
_MAX_FILE_BYTES = 2**30

Check = Callable[[PhotoFile], tuple[FileFault, ...]]
"""Looks at a file without decoding its picture; raises OSError only if the file cannot be read."""

CHECKS: Mapping[PhotoFormat, Check] = MappingProxyType(
    {
        PhotoFormat.AVIF: heif_faults,
        PhotoFormat.BMP: bmp_faults,
        PhotoFormat.GIF: gif_faults,
        PhotoFormat.HEIF: heif_faults,
        PhotoFormat.JPEG: jpeg_faults,
        PhotoFormat.JPEG_2000: jpeg2000_faults,
        PhotoFormat.JPEG_XL: jpeg_xl_faults,
        PhotoFormat.PNG: png_faults,
        PhotoFormat.PNM: pnm_faults,
        PhotoFormat.PSD: psd_faults,
        PhotoFormat.RAW: raw_faults,
        PhotoFormat.TIFF: tiff_faults,
        PhotoFormat.WEBP: webp_faults,
    }
)
"""The check of each format; a format without one is checked by its decoder only."""


def faults_of(file: PhotoFile, kind: PhotoFormat) -> tuple[FileFault, ...]:
    """What is wrong with a file; nothing for one that is whole, as far as it can be told without decoding it.

    Args:
        file: The file.
        kind: Its format, see `formats.sniff`.

    Returns:
        Faults; none for a file of more than a gigabyte, which is left to its decoder.

    Raises:
        OSError: If it cannot be read.
    """
    check = CHECKS.get(kind)
    if check is None or file.size_bytes > _MAX_FILE_BYTES:
        return ()
    return check(file)


def require_seen_part_whole(file: PhotoFile, kind: PhotoFormat) -> tuple[FileFault, ...]:
    """The faults that do not affect the picture that is analysed.

    Raises:
        PhotoDamagedError: If a fault does.
        OSError: If the file cannot be read.
    """
    faults = faults_of(file, kind)
    for fault in faults:
        if fault.is_seen:
            raise PhotoDamagedError(fault.reason, kind=fault.kind.value, good=fault.good)
    return faults
