"""A picture of a film with its time, and the small sample of it from which cuts are told."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from curation.video.picture import FilmPicture, Screen

__all__ = ["SAMPLE_ROWS", "ClipFrame"]

SAMPLE_ROWS: Final = 36
_SAMPLE_COLUMNS: Final = (8, 128)
_BLACK: Final = (16, 128, 128)


class ClipFrame:
    """A picture of a film; nothing is converted before it is asked for.

    Attributes:
        time: When it is shown, in seconds since the container's start.
        duration: Until the next one is shown, in seconds.
        number: 0-based in this iteration; damaged ones count.
        is_corrupt: Whether it is damaged, or did not come out of the decoder: then its picture is that of the one
            before.
    """

    __slots__ = ("_frame", "_kept_px", "_picture", "_sample", "_screen", "duration", "is_corrupt", "number", "time")

    def __init__(
        self,
        frame: Any,
        screen: Screen,
        *,
        time: Fraction,
        duration: Fraction,
        number: int,
        is_corrupt: bool = False,
        kept_px: int | None = None,
        sample: NDArray[np.uint8] | None = None,
    ) -> None:
        """For PyAV's frame, which is None for a picture that is black because there is none."""
        self.time = time
        self.duration = duration
        self.number = number
        self.is_corrupt = is_corrupt
        self._frame = frame
        self._screen = screen
        self._kept_px = kept_px
        self._sample = sample
        self._picture: FilmPicture | None = None

    @property
    def picture(self) -> FilmPicture:
        """Its pixels: upright, square, RGB; converted when they are asked for, and kept with the frame."""
        if self._picture is None:
            self._picture = FilmPicture(self._frame, self._screen, kept_px=self._kept_px)
        return self._picture

    def sample(self) -> NDArray[np.uint8]:
        """(36, W, 3) brightness and two colour differences (Y, Cb, Cr) of single pixels on a grid over the picture.

        Upright; W goes by the shape of the picture. Made once; do not write to it.
        """
        if self._sample is None:
            self._sample = _sampled(self._frame, self._screen)
        return self._sample

    def held(self, long_side_px: int) -> ClipFrame:
        """This frame for keeping, with its longer side at most `long_side_px`, without the decoder's larger buffers.

        Its picture has the width and height of the full size, and gives pixels at a scale below 1.
        """
        screen = self._screen
        frame = self._frame
        kept_px = self._kept_px
        longest = max(screen.width, screen.height) if kept_px is None else kept_px
        sample = self.sample()
        if frame is not None and long_side_px < longest:
            scale = long_side_px / longest
            width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
            frame = screen.scaler.scaled(frame, width, height, _kept_format(frame))
            kept_px = long_side_px
        return ClipFrame(
            frame,
            screen,
            time=self.time,
            duration=self.duration,
            number=self.number,
            is_corrupt=self.is_corrupt,
            kept_px=kept_px,
            sample=sample,
        )


def _kept_format(frame: Any) -> str:
    """A format of 8 bits in which a reduced picture is kept."""
    name = str(frame.format.name)
    if name.startswith("yuv"):
        is_full = name.startswith("yuvj") or frame.color_range == 2
        return "yuvj420p" if is_full else "yuv420p"
    return "rgb24"


def _sampled(frame: Any, screen: Screen) -> NDArray[np.uint8]:
    """The sample of a stored frame."""
    columns = min(max(round(SAMPLE_ROWS * screen.width / screen.height), _SAMPLE_COLUMNS[0]), _SAMPLE_COLUMNS[1])
    if frame is None:
        return np.broadcast_to(np.asarray(_BLACK, dtype=np.uint8), (SAMPLE_ROWS, columns, 3))
    turned = screen.display.turned_deg in (90, 270)
    rows, columns = (columns, SAMPLE_ROWS) if turned else (SAMPLE_ROWS, columns)
    dtype = _plane_type(frame)
    if dtype is None:
        frame, dtype = screen.scaler.scaled(frame, columns, rows, "yuv444p"), np.dtype(np.uint8)
    sample = np.empty((rows, columns, 3), dtype=np.uint8)
    for index, plane in enumerate(tuple(frame.planes)[:3]):
        places = _places(rows, columns, plane.height, plane.width, plane.line_size // dtype.itemsize)
        values = np.frombuffer(plane, dtype=dtype).take(places)
        sample[..., index] = values if dtype == np.uint8 else values >> _extra_bits(frame)
    return screen.display.upright(sample)


def _plane_type(frame: Any) -> np.dtype[Any] | None:
    """Of the values in the Y, U and V planes; None for formats that have no such planes."""
    name = str(frame.format.name)
    if not name.startswith("yuv") or not name.endswith(("p", "le")) or len(frame.planes) < 3:
        return None
    return np.dtype("<u2" if name.endswith("le") else np.uint8)


@lru_cache(maxsize=16)
def _places(rows: int, columns: int, height: int, width: int, stride: int) -> NDArray[np.intp]:
    """(rows, columns) where the middles of the grid's fields lie in a plane's memory, in values."""
    y = (2 * np.arange(rows) + 1) * height // (2 * rows)
    x = (2 * np.arange(columns) + 1) * width // (2 * columns)
    return np.asarray(y[:, np.newaxis] * stride + x, dtype=np.intp)


def _extra_bits(frame: Any) -> int:
    """By how many bits a sample of a plane is longer than 8."""
    return int(frame.format.components[0].bits) - 8
