"""Photos whose pixels come from the decoder processes of this program; the same pixels as if they were decoded here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.decoders import decoded, decoders_here
from curation.errors import PhotoUnreadableError
from curation.photos.files.decoding import open_photo, open_photo_bytes
from curation.photos.files.lazy_photo import OpenPhoto, PhotoOutline

__all__ = ["open_elsewhere"]


class _Elsewhere:
    """A photo source that decodes in a decoder process; each call reads the header anew, in less than a millisecond."""

    capture_time: datetime | None = None
    time_source = ""
    icc_profile: bytes | None = None

    def __init__(self, photo: bytes | Path, max_megapixels: float, *, patient: bool) -> None:
        self._asked = (photo, max_megapixels)
        self._about = _named(photo)
        self._is_patient = patient
        outline = decoded(_outline, *self._asked, about=self._about, patient=patient)
        self.width, self.height, self.orientation = outline.width, outline.height, outline.orientation
        self.limit_share = outline.limit_share
        self.divisors: Sequence[int] = outline.divisors

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        return decoded(_stored, *self._asked, divisor, about=self._about, patient=self._is_patient)


def open_elsewhere(photo: bytes | Path, *, max_megapixels: float, patient: bool = False) -> OpenPhoto:
    """Open a photo as `open_photo` and `open_photo_bytes` do, but read and decode it in the decoder processes.

    If there are none, it is decoded here. Capture time, colour profile and faults of a photo that is decoded elsewhere
    are not known.

    Args:
        photo: A photo's file, or its content.
        max_megapixels: As for `open_photo`.
        patient: As for `curation.decoders.decoded`.

    Raises:
        PhotoUnreadableError: As `open_photo`, or if decoding goes beyond the limits of the processes.
        PhotoTooLargeError: If it has more pixels than the limit.
        DecodersBusyError: If it cannot be decoded now, see `curation.decoders.decoded`.
    """
    if decoders_here() is None:
        return _opened(photo, max_megapixels)
    return OpenPhoto(_Elsewhere(photo, max_megapixels, patient=patient), max_megapixels=max_megapixels)


def _named(photo: bytes | Path) -> str:
    if isinstance(photo, bytes):
        return hashlib.sha256(photo).hexdigest()
    try:
        status = photo.stat()
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error
    return f"{photo} {status.st_size} {status.st_mtime_ns}"


def _opened(photo: bytes | Path, max_megapixels: float) -> OpenPhoto:
    if isinstance(photo, bytes):
        return open_photo_bytes(photo, max_megapixels=max_megapixels)
    return open_photo(photo, max_megapixels=max_megapixels)


# Called in a decoder process.


def _outline(photo: bytes | Path, max_megapixels: float) -> PhotoOutline:
    return _opened(photo, max_megapixels).outline


def _stored(photo: bytes | Path, max_megapixels: float, divisor: int) -> NDArray[np.uint8]:
    return _opened(photo, max_megapixels).stored(1 / divisor)
