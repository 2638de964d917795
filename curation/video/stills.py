"""A picture of a film as a photo: the one that is on screen at a time, tone-mapped if the film is HDR, and as JPEG."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from curation.domain.film.times import Interval
from curation.engines.base import Pixels
from curation.errors import ClipUnreadableError
from curation.video.frame import ClipFrame
from curation.video.opening import Clip, open_clip

__all__ = ["still", "still_jpeg"]

_QUALITY: Final = 92
_LOOK_BACK_S: Final = 2
_AFTER: Final = Fraction(1, 1_000_000)  # the span's end does not belong to it


def still(path: Path, time: Fraction, *, long_side_px: int | None = None) -> Pixels:
    """The picture that is on screen at a time: the last one that begins at or before it.

    Before the first picture it is the first one, after the end the last one; damaged ones are passed over.

    Args:
        path: Of the film.
        time: In seconds since the container's start.
        long_side_px: The longer side is at most this; None: full size.

    Raises:
        ClipUnreadableError: The file cannot be read, or holds no picture that is whole.
        ExtraMissingError: PyAV is not installed.
    """
    with open_clip(path) as clip:
        frame = _on_screen(clip, time)
        if frame is None:
            frame = next((frame for frame in clip.frames() if not frame.is_corrupt), None)
        if frame is None:
            raise ClipUnreadableError("The film holds no picture that is whole: copy the file again.")
        return frame.picture.graded(long_side_px)


def _on_screen(clip: Clip, time: Fraction) -> ClipFrame | None:
    """The last whole picture that begins at or before a time; None if there is none."""
    back = Fraction(_LOOK_BACK_S)
    while True:
        frame = None
        for candidate in clip.frames(Interval(time - back, time + _AFTER)):
            if not candidate.is_corrupt:
                frame = candidate
        if frame is not None or time < back:
            return frame
        back *= 8  # a picture that stands for long, or a time after the end


def still_jpeg(path: Path, time: Fraction, *, long_side_px: int | None = None) -> bytes:
    """The picture of `still` as a JPEG file.

    Raises:
        ClipUnreadableError: The file cannot be read, or holds no picture that is whole.
        ExtraMissingError: PyAV is not installed.
    """
    pixels = still(path, time, long_side_px=long_side_px).array
    _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return encoded.tobytes()
