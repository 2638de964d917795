"""Holes in pixels that are stored plainly, where black is zeros, too.

A black sky, the bars of a film and the corners of a turned picture follow the picture; what was never written follows
the file. So a run of zeros is a hole if it begins or ends in the middle of a row whose pixels are lit up to there while
those above are lit from there on, or if it lies exactly between borders of a disk's sectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.photos.whole.zero_runs import zero_runs

__all__ = ["Hole", "PlainPixels", "find_hole"]

_SHORTEST = 64
_SECTOR_BYTES = 512
_MOST_RUNS, _MOST_SHORT_RUNS = 2000, 500
# In 800 pictures with black bars, frames, corners, shapes and nights, turned and not, the rows around no run of black
# longer than a row were lit to more than 0.4 on both sides.
_SURE, _ODD = 0.6, 0.2
_BOTH_SIDES = 0.9
_FEWEST_OWN, _FEWEST_FACING, _FACING_PART = 2, 8, 16
_NEAR_PIXELS = 4
_LIT = 6  # of 255: darkness fades to black in steps
_BORDER_ROWS, _BORDER_STEP, _BORDER_TIMES = 3, 8, 2
_SPLIT_SAMPLE = 12  # of 255: a channel that is not just dark


@dataclass(frozen=True, slots=True)
class PlainPixels:
    """How pixels lie in a file.

    Attributes:
        start: Where the first row begins.
        rows: How many there are.
        stride: Bytes from row to row.
        row_bytes: Of a row without what fills it up.
        pixel_bytes: Of a pixel, in all channels.
        colour_bytes: Of these, how many are colours; the rest is transparency or nothing.
        sample_bytes: Of one sample.
    """

    start: int
    rows: int
    stride: int
    row_bytes: int
    pixel_bytes: int
    colour_bytes: int
    sample_bytes: int = 1

    @property
    def end(self) -> int:
        """The place behind the last row."""
        return self.start + self.rows * self.stride


@dataclass(frozen=True, slots=True)
class Hole:
    """A run of zeros that is not black.

    Attributes:
        start: Where it begins in the file.
        end: The place behind it.
        sure: Whether it cannot be meant so.
    """

    start: int
    end: int
    sure: bool


def find_hole(data: bytes, pixels: PlainPixels) -> Hole | None:
    """The first sure hole in a picture, else the first that may be one.

    Args:
        data: The file.
        pixels: How the pixels lie in it.
    """
    end = min(pixels.end, len(data))
    perhaps: Hole | None = None
    for shortest, most in ((max(pixels.stride, _SHORTEST), _MOST_RUNS), (_SHORTEST, _MOST_SHORT_RUNS)):
        for run in zero_runs(data, shortest, pixels.start, end, most=most):
            is_sure = _looks_torn(data, pixels, run, end)
            if is_sure:
                return Hole(*run, sure=True)
            if is_sure is not None and perhaps is None:
                perhaps = Hole(*run, sure=False)
    return perhaps


@dataclass(frozen=True, slots=True)
class _Edge:
    """One end of a run of zeros.

    Attributes:
        lit: How much of the rows around it is not black: of its own up to it, and of the next one from there on, the
            lesser of the two; 0 if these are too few pixels.
        is_border: Whether it lies at the border of sectors, but not of rows.
        is_split: Whether it lies within a pixel.
        is_wide: Whether more than a few pixels of the next row are lit.
        is_faced: Whether the next row is lit wherever this one is not, be it in a few pixels only.
    """

    lit: float = 0.0
    is_border: bool = False
    is_split: bool = False
    is_wide: bool = False
    is_faced: bool = False


def _looks_torn(data: bytes, pixels: PlainPixels, run: tuple[int, int], end: int) -> bool | None:
    """Whether a run is surely a hole; None if nothing speaks for it."""
    is_first, is_last = run[0] == pixels.start, run[1] >= end
    begin = _Edge() if is_first else _edge(data, pixels, run, is_begin=True)
    stop = _Edge() if is_last else _edge(data, pixels, run, is_begin=False)
    lit = max(begin.lit, stop.lit)
    if begin.is_border and (stop.is_border or is_last) and lit >= _ODD:
        return True
    if run[1] - run[0] < pixels.stride:
        is_mid_row = (run[0] - pixels.start) // pixels.stride == (run[1] - 1 - pixels.start) // pixels.stride
        is_odd = not is_mid_row or begin.is_split or stop.is_split
        lit = min(begin.lit, 1.0 if is_last else stop.lit)
        return False if is_odd and lit >= _BOTH_SIDES else None
    if begin.lit >= _SURE and (is_last or stop.lit >= _SURE):
        return True
    is_odd = (begin.lit >= _ODD and (begin.is_split or begin.is_border)) or (
        stop.lit >= _ODD and (stop.is_split or stop.is_border)
    )
    # A pixel of which a part is missing, near the end of its row.
    is_odd = is_odd or any(edge.is_split and edge.is_faced for edge in (begin, stop))
    is_odd = is_odd or any(edge.is_wide and edge.lit >= _BOTH_SIDES and not is_first for edge in (begin, stop))
    return False if is_odd or (begin.is_border and stop.is_border) else None


def _edge(data: bytes, pixels: PlainPixels, run: tuple[int, int], *, is_begin: bool) -> _Edge:
    """What lies around one end of a run, in its row and in the row next to it that the run leaves alone."""
    at = run[0] if is_begin else run[1]
    row, column = divmod(at - pixels.start, pixels.stride)
    last = pixels.row_bytes // pixels.pixel_bytes
    pixel = column // pixels.pixel_bytes
    if column == 0 or pixel >= last:
        return _Edge()
    sample = data[at - 1 if is_begin else at]
    # Transparency may end a pixel with a zero.
    is_within = 0 < column % pixels.pixel_bytes < pixels.colour_bytes
    is_split = is_within and sample >= _SPLIT_SAMPLE and pixels.sample_bytes == 1
    is_short = run[1] - run[0] < pixels.stride
    first_row, last_row = ((place - pixels.start) // pixels.stride for place in (run[0], run[1] - 1))
    here, beside = _lit(data, pixels, row), _lit(data, pixels, row - 1 if is_begin else row + 1)
    if is_begin:
        until = ((run[1] - 1 - pixels.start) % pixels.stride) // pixels.pixel_bytes if first_row == last_row else last
        own, near, facing = here[:pixel], here[max(0, pixel - _NEAR_PIXELS) : pixel], beside[pixel:until]
    else:
        since = ((run[0] - pixels.start) % pixels.stride) // pixels.pixel_bytes + 1 if first_row == last_row else 0
        own, near, facing = here[pixel + 1 :], here[pixel + 1 : pixel + 1 + _NEAR_PIXELS], beside[since:pixel]
    own = near if is_short else own
    if not near.all():
        return _Edge(0.0, at % _SECTOR_BYTES == 0, is_split)
    if not beside.size:  # the first or the last row
        return _Edge(_share(own, _FEWEST_FACING), at % _SECTOR_BYTES == 0, is_split)
    if not is_split and _is_drawn(data, pixels, row, pixel, -1 if is_begin else 1):
        return _Edge(0.0, at % _SECTOR_BYTES == 0, is_split)
    lit = min(_share(own, _FEWEST_OWN), _share(facing, _NEAR_PIXELS if is_short else _FEWEST_FACING))
    is_wide = int(np.count_nonzero(facing)) > last // _FACING_PART
    # The last pixel of a row above a black bar may itself end in zeros.
    is_faced = facing.size > 1 and bool(facing.all()) and _share(own, _FEWEST_OWN) >= _SURE
    return _Edge(lit, at % _SECTOR_BYTES == 0, is_split, is_wide, is_faced)


def _is_drawn(data: bytes, pixels: PlainPixels, row: int, pixel: int, step: int) -> bool:
    """Whether a border goes on through the next rows: two pictures side by side on black, of which one is longer."""
    jumps = 0
    for other in range(row + step, row + (_BORDER_ROWS + 1) * step, step):
        samples = _samples(data, pixels, other)
        if not 0 < pixel < len(samples):
            return False
        steps = np.abs(np.diff(samples.astype(np.int16), axis=0)).max(axis=1)
        jumps += int(steps[pixel - 1]) > _BORDER_STEP + _BORDER_TIMES * float(np.median(steps))
    return jumps == _BORDER_ROWS


def _share(lit: NDArray[np.bool_], fewest: int) -> float:
    """How much of a part of a row is not black; 0 if that are too few pixels to tell."""
    return float(lit.mean()) if np.count_nonzero(lit) >= fewest else 0.0


def _lit(data: bytes, pixels: PlainPixels, row: int) -> NDArray[np.bool_]:
    """Which pixels of a row are not black; none for a row outside the picture."""
    samples = _samples(data, pixels, row)
    lit: NDArray[np.bool_] = np.any(samples >= _LIT if pixels.sample_bytes == 1 else samples != 0, axis=1)
    return lit


def _samples(data: bytes, pixels: PlainPixels, row: int) -> NDArray[np.uint8]:
    """The bytes of the colours of a row, (pixels, bytes); none for a row outside the picture."""
    count = pixels.row_bytes // pixels.pixel_bytes
    at = pixels.start + row * pixels.stride
    if not 0 <= row < pixels.rows or at + count * pixels.pixel_bytes > len(data):
        return np.zeros((0, pixels.colour_bytes), np.uint8)
    samples = np.frombuffer(data, np.uint8, count * pixels.pixel_bytes, at).reshape(count, pixels.pixel_bytes)
    return samples[:, : pixels.colour_bytes]
