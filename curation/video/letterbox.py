"""The part of a film's picture that is not black bar.

A row or column at the edge belongs to a bar if it is dark and even, and stays so through the shot. A dark scene is no
bar: from pictures that are dark themselves nothing can be told. What is written into a bar for a moment, such as a
subtitle, does not make it a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box

__all__ = ["effective_area"]

_DARK: Final = 40
"""Brightness up to which a bar is black, of 16 to 235; bars are often not quite black."""
_UNEVEN: Final = 5.0
"""By how much the brightness along a bar and through a shot varies: noise and the ringing of the coder."""
_EDGE: Final = 8.0
"""By how much the picture beside a bar differs from it."""
_EDGE_SHARE: Final = 0.4
"""Over at least this share of its length: a face in front of black has no bars."""
_BRIGHT: Final = 60
"""What a twentieth of a picture reaches that can tell bars from a dark scene."""
_LARGEST_SHARE: Final = 0.35
"""Bars that take more than this on one side are a dark picture."""
_EMPTY_SHARE: Final = 0.6
"""In at least this share of the pictures a bar is empty."""


def effective_area(samples: Sequence[NDArray[np.uint8]], width: int, height: int) -> Box:
    """The picture between black bars, in pixels of the upright picture; all of it if there are none.

    As exact as the samples' grid: the box never cuts into the picture, and holds at most one line of a bar a side.

    Args:
        samples: (36, W, 3) Y, Cb, Cr, of pictures of one shot (`ClipFrame.sample`).
        width: Of the upright picture, in pixels.
        height: Likewise.
    """
    whole = Box(0, 0, width, height)
    alike = [sample[..., 0] for sample in samples if sample.shape == samples[0].shape]
    telling = [picture for picture in alike if np.percentile(picture, 95) >= _BRIGHT]
    if not telling:
        return whole
    stack = np.stack(telling).astype(np.float32)
    rows = stack.shape[1]
    top, bottom = _bars(stack)
    # Columns are judged by what is between the bars above and below: where both cross, all is dark.
    left, right = _bars(stack[:, top : rows - bottom].transpose(0, 2, 1))
    x, x_end = _edges(left, right, stack.shape[2], width)
    y, y_end = _edges(top, bottom, rows, height)
    return Box(x, y, x_end - x, y_end - y)


def _bars(pictures: NDArray[np.float32]) -> tuple[int, int]:
    """How many lines at the beginning and at the end are bars, of (N, lines, places) brightness."""
    return _first_bar(pictures), _first_bar(pictures[:, ::-1])


def _first_bar(pictures: NDArray[np.float32]) -> int:
    """Lines of the bar that the pictures begin with; 0 if there is none, or if nothing sets it off from the picture."""
    level = np.median(pictures, axis=2)
    is_empty = (level <= _DARK) & (np.abs(pictures - level[..., np.newaxis]).max(axis=2) <= 2 * _UNEVEN)
    usual = np.median(level, axis=0)
    is_steady = np.abs(level - usual).mean(axis=0) <= _UNEVEN
    is_bar = (is_empty.mean(axis=0) >= _EMPTY_SHARE) & is_steady & (np.abs(usual - usual[0]) <= _UNEVEN)
    count = len(is_bar) if is_bar.all() else int(np.argmin(is_bar))
    if count == 0 or count > _LARGEST_SHARE * len(is_bar):
        return 0
    difference = np.abs(pictures[:, count] - usual[0])
    return count if (difference >= _EDGE).mean() >= _EDGE_SHARE else 0


def _edges(first: int, last: int, count: int, size: int) -> tuple[int, int]:
    """Where the picture begins and ends, in pixels, for so many lines of bars out of `count` at both ends.

    A line stands for the pixel in its middle; up to the middle of the last bar's line all is bar.
    """
    begin = 0 if first == 0 else (2 * first - 1) * size // (2 * count) + 1
    end = size if last == 0 else size - (2 * last - 1) * size // (2 * count) - 1
    return begin, end
