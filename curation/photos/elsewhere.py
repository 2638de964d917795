"""Photos whose pixels come from the decoder processes of this program; the same pixels as if they were decoded here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from curation.decoders import decoded, decoders_here
from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.lazy_photo import OpenPhoto, PhotoOutline

__all__ = ["open_elsewhere"]


class _Elsewhere:
    """A photo source that decodes in a decoder process; each call reads the header anew, in less than a millisecond."""

    capture_time: datetime | None = None
    time_source = ""
    icc_profile: bytes | None = None

    def __init__(self, content: bytes, max_megapixels: float, about: str) -> None:
        self._content = content
        self._max_megapixels = max_megapixels
        self._about = about
        outline = decoded(_outline, content, max_megapixels, about=about)
        self.width, self.height, self.orientation = outline.width, outline.height, outline.orientation
        self.limit_share = outline.limit_share
        self.divisors: Sequence[int] = outline.divisors

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        return decoded(_stored, self._content, self._max_megapixels, divisor, about=self._about)


def open_elsewhere(content: bytes, *, max_megapixels: float) -> OpenPhoto:
    """Open a photo as `open_photo_bytes` does, but read and decode it in the decoder processes, if there are any.

    Capture time, colour profile and faults of such a photo are not known here.

    Args:
        content: Of a photo's file.
        max_megapixels: As for `open_photo_bytes`.

    Raises:
        PhotoUnreadableError: As `open_photo_bytes`, or if decoding goes beyond the limits of the processes.
        PhotoTooLargeError: If it has more pixels than the limit.
        DecodersBusyError: If it cannot be decoded now, see `curation.decoders.decoded`.
    """
    if decoders_here() is None:
        return open_photo_bytes(content, max_megapixels=max_megapixels)
    source = _Elsewhere(content, max_megapixels, hashlib.sha256(content).hexdigest())
    return OpenPhoto(source, max_megapixels=max_megapixels)


# Called in a decoder process.


def _outline(content: bytes, max_megapixels: float) -> PhotoOutline:
    return open_photo_bytes(content, max_megapixels=max_megapixels).outline


def _stored(content: bytes, max_megapixels: float, divisor: int) -> NDArray[np.uint8]:
    return open_photo_bytes(content, max_megapixels=max_megapixels).stored(1 / divisor)
