"""The part of a film's picture that is not black bar.

A row or column belongs to a bar if it is dark and even in all pictures of a shot that are not dark themselves. What is
written into a bar for a moment, such as a subtitle, does not make it a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box

__all__ = ["effective_area"]

_DARK: Final = 40
"""Brightness (16 is black) up to which a bar is black; bars are often not quite."""
_EVEN: Final = 6
"""By how much the brightness along a bar varies: noise and the ringing of the coder."""
_BRIGHT: Final = 60
"""What a picture reaches somewhere inside if it can tell bars from a dark scene."""
_LARGEST_SHARE: Final = 0.35
"""Bars that take more than this on one side are a dark picture."""


def effective_area(samples: Sequence[NDArray[np.uint8]], width: int, height: int) -> Box:
    """The picture between black bars, in pixels of the upright picture; all of it if there are none.

    Args:
        samples: (36, W, 3) Y, Cb, Cr, of pictures of one shot (`ClipFrame.sample`).
        width: Of the upright picture, in pixels.
        height: Likewise.
    """
    whole = Box(0, 0, width, height)
    if not samples:
        return whole
    bright = np.stack([sample[..., 0] for sample in samples if sample.shape == samples[0].shape])
    telling = [picture for picture in bright if np.percentile(picture, 95) >= _BRIGHT]
    if not telling:
        return whole
    # Brightness of the median picture: what is written into a bar in fewer than half of them does not count.
    stack = np.stack(telling)
    median = np.median(stack, axis=0)
    rows = _bars(median)
    columns = _bars(median.T)
    top, bottom = rows
    left, right = columns
    lines, places = median.shape
    y, x = top * height // lines, left * width // places
    return Box(x, y, width - x - right * width // places, height - y - bottom * height // lines)


def _bars(brightness: NDArray[np.float64]) -> tuple[int, int]:
    """How many lines at the beginning and at the end are bars."""
    is_bar = (brightness.max(axis=1) <= _DARK) & (np.ptp(brightness, axis=1) <= _EVEN)
    count = len(is_bar)
    first = int(np.argmin(is_bar)) if not is_bar.all() else 0
    last = int(np.argmin(is_bar[::-1])) if not is_bar.all() else 0
    limit = int(count * _LARGEST_SHARE)
    return (first if first <= limit else 0), (last if last <= limit else 0)
