"""Portable float maps in colour, linear light (Debevec, 2001); those in grey are opened by Pillow."""

from __future__ import annotations

import re
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from curation.errors import PhotoUnreadableError
from curation.photos.colours.cicp import SRGB_PRIMARIES
from curation.photos.colours.matrices import to_srgb_light
from curation.photos.colours.told import ToldColours
from curation.photos.files.photo_file import PhotoFile
from curation.photos.forms.pixels import light_pixels_to_srgb, pixels_to_srgb, unit_to_codes

__all__ = ["ColourPfmSource", "is_colour_pfm"]

_HEADER = re.compile(rb"PF\s+(\d{1,6})\s+(\d{1,6})\s+(-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s")
_MAX_HEADER_BYTES = 128


def is_colour_pfm(file: PhotoFile) -> bool:
    """Whether a file is one.

    Raises:
        OSError: If it cannot be read.
    """
    with file.open() as opened:
        return opened.read(2) == b"PF"


class ColourPfmSource:
    """Such a file, see `lazy_photo.PhotoSource`."""

    divisors = (1,)
    orientation = 1
    limit_share = 0.3
    capture_time: datetime | None = None
    time_source = ""
    icc_profile: bytes | None = None

    def __init__(self, file: PhotoFile) -> None:
        """Read the header.

        Raises:
            PhotoUnreadableError: If it is damaged.
            OSError: If the file itself cannot be read.
        """
        self._file = file
        with file.open() as opened:
            match = _HEADER.match(opened.read(_MAX_HEADER_BYTES))
        if match is None or float(match[3]) == 0 or 0 in (int(match[1]), int(match[2])):
            raise PhotoUnreadableError("the file is cut off or damaged (no header of a portable float map)")
        self.width, self.height = int(match[1]), int(match[2])
        self._order = "<" if float(match[3]) < 0 else ">"
        self._start = match.end()

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode, see `lazy_photo.PhotoSource`."""
        count = self.width * self.height * 3
        data = self._file.read()[self._start : self._start + 4 * count]
        if len(data) < 4 * count:
            raise PhotoUnreadableError(f"the file is cut off: its picture has {len(data)} of {4 * count} bytes")
        values = np.frombuffer(data, f"{self._order}f4").reshape(self.height, self.width, 3)[::-1].astype(np.float32)
        if float(np.nan_to_num(values).max(initial=0)) <= 1:  # as of floats in a TIFF
            return pixels_to_srgb(unit_to_codes(values), ToldColours())
        return light_pixels_to_srgb(values, to_srgb_light(SRGB_PRIMARIES).astype(np.float32))
