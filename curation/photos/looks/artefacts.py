"""Signs that a picture is not a plain photo: a collage, a screenshot, a cut-out on an empty background.

What nature and lenses never make: a seam that is straight to the pixel from one edge of the picture to the other,
and areas without any noise. Buildings, boards and horizons are straight too, but mostly tilted, distorted or hidden in
part, so a seam alone is a weak sign, and one between two faces a strong one. Studio backgrounds have grain.
Borders of one colour around the picture, as of a film scan, are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.measuring.measures import Artefacts

__all__ = ["artefacts"]

_LONG_SIDE_PX = 320
_MIN_SIDE_PX = 64

# Seams: columns where nearly all rows have a step at exactly this place.
_STEP = 14  # grey levels of the strongest channel between the two sides of a seam
_STEEPER = 2.0  # than beside it: a seam has no width
_MARGIN = 0.1  # of the width, beside the edges: borders, frames and door posts
_SEAM = (0.72, 0.92)  # share of the rows with a step, where the certainty begins and where it is full
_WORST_PART = 0.35  # every sixth of the seam has steps in at least this share of its rows
_PARTS = 6
_SEAM_ALONE = 0.35  # certainty of a seam without a face on either side of it
_LIKE_SIZE = 0.5  # of the faces on both sides of a seam

# Flat areas: blocks in which all pixels are equal, but for rounding.
_BLOCK_PX = 8
_FLAT_RANGE = 2
_CLIPPED = (40, 247)  # darker and brighter areas may be flat in photos as well
_FLAT_SHARE = (0.1, 0.3)
_LINES = 4  # straight edges in a screenshot: bars, windows, lists
_LINE = 0.6  # of the width

# Empty backgrounds: the bands at the top and at both sides are flat and of one colour.
_BAND = 0.08
_EMPTY_SHARE = (0.75, 0.95)
_STILL_EMPTY = 0.3  # of the bands around what is left without its borders: a photo in a frame has none
_WHITE_CERTAINTY = 0.6  # of a white background, which may be a studio's


def artefacts(picture: NDArray[np.uint8], faces: Sequence[Box] = (), *, scale: float = 1.0) -> Artefacts:
    """Look for the signs.

    Args:
        picture: (H, W, 3) uint8 RGB, upright, reduced by averaging if it was larger.
        faces: Boxes of the faces, in pixels of the full-size photo.
        scale: Pixels of `picture` per pixel of the full-size photo.

    Returns:
        The certainties, rounded to two digits; all 0 for a picture of less than 64 pixels.
    """
    # Every n-th pixel: averaging would widen the seams, and takes longer than all the rest.
    stride = max(1, round(max(picture.shape[:2]) / _LONG_SIDE_PX))
    picture, reduction = np.ascontiguousarray(picture[::stride, ::stride]), 1 / stride
    inner, (left, top) = _without_borders(picture)
    if min(inner.shape[:2]) < _MIN_SIDE_PX:
        return Artefacts()
    boxes = [
        tuple(side * scale * reduction - shift for side, shift in zip(box, (left, top, 0, 0), strict=True))
        for box in faces
    ]
    vertical, columns = _seams(inner, [(box[0], box[2]) for box in boxes])
    turned = np.ascontiguousarray(inner.transpose(1, 0, 2))
    horizontal, rows = _seams(turned, [(box[1], box[3]) for box in boxes])
    flat, colours = _flat_blocks(inner)
    lit = flat & (colours.max(axis=2) > _CLIPPED[0])
    lines = min(1.0, (columns + rows) / _LINES)
    return Artefacts(
        collage=round(max(vertical, horizontal), 2),
        screenshot=round(_certainty(float(lit.mean()), _FLAT_SHARE) * lines, 2),
        cut_out=round(_emptiness(picture, flat, colours), 2),
    )


def _certainty(value: float, span: tuple[float, float]) -> float:
    begin, full = span
    return min(1.0, max(0.0, (value - begin) / (full - begin)))


def _without_borders(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The picture without rows and columns of one colour at its edges, and where it begins (x, y)."""
    limit = 4 * _FLAT_RANGE
    rows = _spread(cv2.reduce(picture, 1, cv2.REDUCE_MAX), cv2.reduce(picture, 1, cv2.REDUCE_MIN)) > limit
    columns = _spread(cv2.reduce(picture, 0, cv2.REDUCE_MAX), cv2.reduce(picture, 0, cv2.REDUCE_MIN)) > limit
    if not rows.any() or not columns.any():
        return picture[:0], (0, 0)
    top, bottom = int(rows.argmax()), len(rows) - int(rows[::-1].argmax())
    left, right = int(columns.argmax()), len(columns) - int(columns[::-1].argmax())
    return np.ascontiguousarray(picture[top:bottom, left:right]), (left, top)


def _spread(highest: NDArray[Any], lowest: NDArray[Any]) -> NDArray[np.uint8]:
    """(N,) the largest difference of any channel."""
    return np.asarray((highest - lowest).reshape(-1, 3).max(axis=1))


def _seams(picture: NDArray[np.uint8], faces: Sequence[tuple[float, float]]) -> tuple[float, int]:
    """The certainty of a seam from top to bottom, and the number of straight edges over most of the height.

    `faces` are the left edge and the width of each face, in pixels of the picture.
    """
    step = _differences(picture, 1)
    # A seam in a photo that was reduced is spread over two columns, so the step over both of them counts.
    wide = _differences(picture, 3)
    number = step.shape[1] - 6
    if number < 1:
        return 0.0, 0
    beside = cv2.max(np.ascontiguousarray(step[:, :number]), np.ascontiguousarray(step[:, 6:]))
    across = wide[:, 2 : 2 + number]
    is_step = (across > _STEP) & (across > _STEEPER * beside)
    share = is_step.mean(axis=0)
    lines = _runs(share > _LINE)
    margin = int(_MARGIN * picture.shape[1])
    inside = share[margin : number - margin]
    if inside.size == 0:
        return 0.0, lines
    best = int(inside.argmax()) + margin
    certainty = _certainty(float(share[best]), _SEAM)
    if certainty == 0.0 or min(float(part.mean()) for part in np.array_split(is_step[:, best], _PARTS)) < _WORST_PART:
        return 0.0, lines
    seam = best + 3.5
    before = max((width for start, width in faces if start + 0.9 * width <= seam), default=0.0)
    behind = max((width for start, width in faces if start + 0.1 * width >= seam), default=0.0)
    has_both = min(before, behind) > 0 and min(before, behind) >= _LIKE_SIZE * max(before, behind)
    return certainty * (1.0 if has_both else _SEAM_ALONE), lines


def _differences(picture: NDArray[np.uint8], distance: int) -> NDArray[np.uint8]:
    """(H, W - distance) the largest difference of any channel between columns so far apart."""
    apart = cv2.absdiff(
        np.ascontiguousarray(picture[:, distance:]), np.ascontiguousarray(picture[:, : picture.shape[1] - distance])
    )
    red, green, blue = cv2.split(apart)
    return np.asarray(cv2.max(cv2.max(red, green), blue), dtype=np.uint8)


def _runs(hits: NDArray[np.bool_]) -> int:
    """The number of runs of neighbouring hits."""
    return int(np.count_nonzero(hits[1:] & ~hits[:-1])) + int(hits[:1].any())


def _flat_blocks(picture: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """(h, w) whether a block is flat, and (h, w, 3) one of its colours."""
    kernel = np.ones((_BLOCK_PX, _BLOCK_PX), np.uint8)
    centre = _BLOCK_PX // 2
    highest = cv2.dilate(picture, kernel)[centre::_BLOCK_PX, centre::_BLOCK_PX]
    lowest = cv2.erode(picture, kernel)[centre::_BLOCK_PX, centre::_BLOCK_PX]
    return np.asarray((highest - lowest).max(axis=2) <= _FLAT_RANGE), np.asarray(highest)


def _emptiness(picture: NDArray[np.uint8], inner_flat: NDArray[np.bool_], inner_colours: NDArray[np.uint8]) -> float:
    """The certainty that the bands at the top and at both sides are one flat area; a dark one may be the night."""
    flat, colours = _flat_blocks(picture)
    band = _band(flat.shape)
    found = colours[band].astype(np.int16)
    typical = np.median(found, axis=0)
    if typical.max() <= _CLIPPED[0]:
        return 0.0
    certainty = _certainty(_share_of(flat[band], found, typical), _EMPTY_SHARE)
    if certainty == 0.0:
        return 0.0
    inner_band = _band(inner_flat.shape)
    if _share_of(inner_flat[inner_band], inner_colours[inner_band].astype(np.int16), typical) < _STILL_EMPTY:
        return 0.0
    return certainty * (_WHITE_CERTAINTY if typical.min() >= _CLIPPED[1] else 1.0)


def _band(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The blocks at the top and at both sides; not at the lower sides, which shoulders may reach."""
    height, width = shape
    wide = max(1, round(_BAND * width))
    band = np.zeros((height, width), dtype=bool)
    band[: max(1, round(_BAND * height))] = True
    band[: height * 2 // 3, :wide] = band[: height * 2 // 3, -wide:] = True
    return band


def _share_of(flat: NDArray[np.bool_], colours: NDArray[np.int16], typical: NDArray[np.floating]) -> float:
    """The share of the blocks that are flat and of the typical colour."""
    return float((flat & (np.abs(colours - typical).max(axis=1) <= 2 * _FLAT_RANGE)).mean())
