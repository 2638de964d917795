"""A photo that is decoded when its pixels are asked for, at the smallest size that suffices, and turned upright."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.files.health import FileFault
from curation.domain.measuring.taken import TakenTime, read_source
from curation.engines.base import Pixels
from curation.errors import PhotoDamagedError, PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files.exif import sides_swapped, upright
from curation.photos.files.pillow_files import too_large

__all__ = ["FindsFaults", "OpenPhoto", "PhotoOutline", "PhotoSource", "halved", "raise_explained"]

# A picture that is only a little smaller than wanted is used as it is: a 6000 px photo decoded at a quarter (1500 px)
# serves where 1600 px are wanted, and resizing takes as long as decoding.
_ENOUGH = 0.88
_MIN_HALVED_PX = 16


def _no_clock() -> str:
    """For a source that is no file."""
    return ""


def _whole() -> tuple[FileFault, ...]:
    """For a source that is no file."""
    return ()


class PhotoSource(Protocol):
    """A file whose header was read; sizes and arrays are as stored, before the photo is turned upright."""

    width: int
    height: int
    orientation: int
    """EXIF orientation, 1 to 8, of the decoded picture."""
    capture_time: datetime | None
    limit_share: float
    """The fraction of the limit in megapixels that applies to this file; below 1 if decoding takes much memory."""
    icc_profile: bytes | None
    """The colour profile in the file, if it is one for its RGB pixels."""
    time_source: str
    """Where `capture_time` stands in the file; empty if it is unknown."""

    @property
    def divisors(self) -> Sequence[int]:
        """The sizes at which the file can be decoded, as divisors of the full size; the first is 1."""

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode to (ceil(height / divisor), ceil(width / divisor), 3) uint8 sRGB, contiguous.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """


@dataclass(frozen=True, slots=True)
class PhotoOutline:
    """What of a `PhotoSource` is known without decoding; small enough to send to another process."""

    width: int
    height: int
    orientation: int
    divisors: tuple[int, ...]
    limit_share: float


@runtime_checkable
class FindsFaults(Protocol):
    """A source that learns only while it decodes what is wrong with its file."""

    found_faults: tuple[FileFault, ...]
    """Those that leave the decoded picture right."""


class OpenPhoto:
    """A photo whose header was read; implements `curation.engines.base.PhotoPixels`.

    Attributes:
        width: Of the upright full-size photo in pixels, known without decoding.
        height: Of the upright full-size photo in pixels, known without decoding.
        capture_time: When it was taken, in the camera's local time without a time zone; None if unknown.
        time_source: Where that stands, see `TakenTime.source`; empty if it is unknown.
        told: The time that stands in the content of the file, whatever its name says: what may be kept by content.
        faults: What is wrong with the file without affecting the picture; known once something was decoded.
        orientation: Of the stored picture, 1 to 8 as in EXIF tag 0x0112.
        outline: What of the source is known without decoding.
        icc_profile: The colour profile in the file, from which pixels are converted to sRGB unless the photo was opened
            in its own colours; None if there is no usable one.
    """

    def __init__(
        self,
        source: PhotoSource,
        *,
        max_megapixels: float,
        check: Callable[[], tuple[FileFault, ...]] = _whole,
        told: TakenTime | None = None,
        taken: TakenTime | None = None,
        read_clock: Callable[[], str] = _no_clock,
    ) -> None:
        """Check the size against the limit.

        Args:
            source: The file.
            max_megapixels: As for `open_photo`.
            check: Called once, before the first decoding; returns `faults`, or raises `PhotoDamagedError`.
            told: The time in the file's content; None for that of the source.
            taken: The time that is used, of the content or of the name; None for `told`.
            read_clock: Reads whose clock the time is by, see `camera_facts.read_clock`.

        Raises:
            PhotoTooLargeError: If the photo is too large even at the smallest size at which it can be decoded.
        """
        self._source: PhotoSource | None = source
        self.orientation: Final = source.orientation
        self.outline: Final = PhotoOutline(
            source.width, source.height, source.orientation, tuple(source.divisors), source.limit_share
        )
        swapped = sides_swapped(source.orientation)
        self.width: Final = source.height if swapped else source.width
        self.height: Final = source.width if swapped else source.height
        if told is None and source.capture_time is not None:
            told = read_source(source.capture_time, source.time_source)
        used = told if taken is None else taken
        self.told: Final = told
        self.capture_time: Final = None if used is None else used.time
        self.time_source: Final = "" if used is None else used.source
        self._read_clock = read_clock
        self.faults: tuple[FileFault, ...] = ()
        self._check = check
        self._is_checked = False
        self.icc_profile: Final = source.icc_profile
        self._full_divisor: Final = _fitting_divisor(source, max_megapixels)
        self._decoded: dict[int, NDArray[np.uint8]] = {}
        self._reduced: tuple[tuple[int, bool], NDArray[np.uint8], float] | None = None

    @property
    def clock(self) -> str:
        """Whose clock the time is by, see `camera_facts.read_clock`; empty if the file does not name its camera."""
        return self._read_clock()

    @property
    def full_scale(self) -> float:
        """Pixels of `full` per pixel of the full-size photo: 1, or less for a JPEG above the limit."""
        return 1 / self._full_divisor

    def full(self) -> Pixels:
        """The photo at full size; decoded only once.

        A JPEG above the limit is returned at 1/2, 1/4 or 1/8 of its size, the largest that fits.

        Returns:
            A view of an array that all callers share, so do not write to it.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """
        return self.detailed(1.0)

    def detailed(self, scale: float) -> Pixels:
        """The photo at `scale` or more, whichever takes the least work; see `PhotoPixels.detailed`.

        Returns:
            An already decoded picture if it is large enough, else a JPEG at the smallest size that is, else the same
            as `full`. A view of an array that all callers share, so do not write to it.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """
        array, got = self._at_least(scale)
        return Pixels(upright(array, self.orientation), got)

    def stored(self, scale: float) -> NDArray[np.uint8]:
        """Like `detailed`, but as stored, before it is turned upright: (H, W, 3) uint8.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """
        return self._at_least(scale)[0]

    def already_decoded(self, scale: float) -> Pixels:
        """The smallest already decoded picture of at least `scale`, else the largest one.

        Raises:
            PhotoUnreadableError: If nothing was decoded before, and the file cannot be decoded completely.
        """
        fitting = [divisor for divisor in self._decoded if 1 / divisor >= scale]
        if self._decoded and not fitting:
            return self.detailed(1 / min(self._decoded))
        return self.detailed(scale)

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """The photo with its longer side at most `long_side_px`, see `PhotoPixels.reduced`.

        A JPEG is decoded at a reduced size if nothing larger was decoded before. The last result is cached.

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
        """A picture as stored, at `scale` or more if the photo is that large, and its actual scale."""
        fitting = [divisor for divisor in self._decoded if 1 / divisor >= scale or divisor == self._full_divisor]
        if fitting:
            divisor = max(fitting)
        else:
            if not self._is_checked:
                self.faults, self._is_checked = self._checked(), True
            assert self._source is not None  # it is dropped once the full picture is decoded, which always fits
            divisor = max(
                (d for d in self._source.divisors if d > self._full_divisor and 1 / d >= scale),
                default=self._full_divisor,
            )
            try:
                self._decoded[divisor] = self._source.decode(divisor)
            except PhotoUnreadableError as failure:
                raise_explained(failure, lambda: self.faults)
            if isinstance(self._source, FindsFaults):
                self.faults += tuple(fault for fault in self._source.found_faults if fault not in self.faults)
            if divisor == self._full_divisor:
                self._source = None  # frees its memory
        return self._decoded[divisor], 1 / divisor

    def _checked(self) -> tuple[FileFault, ...]:
        try:
            return self._check()
        except OSError as error:
            raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error


def raise_explained(failure: PhotoUnreadableError, faults: Callable[[], Sequence[FileFault]]) -> NoReturn:
    """Raise the failure of a decoder, as what its file shows to be wrong, if that is known.

    Args:
        failure: What the decoder says, which often knows no more than that it failed.
        faults: Returns what the check of the file saw.

    Raises:
        PhotoDamagedError: With what the check saw, caused by the failure.
        PhotoUnreadableError: The failure itself, with its own cause, if the check saw nothing.
    """
    told = _explained(failure, faults)
    if told is None:
        raise failure
    raise told from failure


def _explained(failure: PhotoUnreadableError, faults: Callable[[], Sequence[FileFault]]) -> PhotoDamagedError | None:
    if type(failure) is not PhotoUnreadableError:  # others say already what it is
        return None
    try:
        found = sorted(faults(), key=lambda fault: not fault.is_seen)
    except OSError:
        return None
    if not found:
        return None
    first = found[0]
    # A fault beside the picture need not be why it cannot be decoded.
    reason = first.reason if first.is_seen else f"{first.reason} ({failure})"
    return PhotoDamagedError(reason, kind=first.kind.value, good=first.good if first.is_seen else "")


def _reduced(
    array: NDArray[np.uint8], scale: float, wanted: float, size: tuple[int, int], *, averaged: bool
) -> tuple[NDArray[np.uint8], float]:
    """A picture reduced to about the wanted scale, at which its size is `size`; and its actual scale."""
    # Halving is many times faster than a resize by any other factor.
    while scale > wanted and scale * 0.5 >= _ENOUGH * wanted and min(array.shape[:2]) >= _MIN_HALVED_PX:
        array = halved(array)
        scale *= 0.5
    if scale > wanted:
        # Down to half the size, bilinear interpolation reads every pixel, and takes a sixth of the time.
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
    note = "" if source.limit_share == 1 else f", of which {limit:g} apply to this format"
    size = f"{source.width} x {source.height} pixels ({megapixels:.4g} megapixels)"
    raise PhotoTooLargeError(too_large(size, max_megapixels, note))


def halved(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture at half its size, each pixel the mean of four; many times faster than a resize by another factor.

    Args:
        array: (H, W, 3) uint8, H and W at least 2; the last row or column of an odd size is dropped.
    """
    height, width = array.shape[0] // 2, array.shape[1] // 2
    small = cv2.resize(array[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
