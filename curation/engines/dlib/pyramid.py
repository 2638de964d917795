"""The image pyramid of dlib's detector (MMOD)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DLIB_MARGIN_PX", "PyramidLevel", "level_pictures", "pyramid_layout"]

DLIB_MARGIN_PX = 11
"""The distance that dlib leaves between the pyramid and the edges of its large picture."""

# Each level has 5/6 of the size of the one before, down to 5 rows. dlib places all levels into one picture, 10 px
# apart.
_MIN_ROWS = 5
_PADDING_PX = 10


class PyramidLevel(NamedTuple):
    """The size of a level in pixels, and its position in dlib's large picture."""

    height: int
    width: int
    top: int
    left: int


def pyramid_layout(height: int, width: int) -> list[PyramidLevel]:
    """The levels of a picture's pyramid, and where dlib places them in its one large picture.

    The first column is filled downwards until the next level would fit beside the last one and half of the height is
    used; the remaining levels are placed upwards along the right edge.

    Args:
        height: Of the picture in pixels.
        width: Of the picture in pixels.
    """
    sizes = [(height, width)]
    while True:
        rows, columns = (side * 5 // 6 for side in sizes[-1])
        if rows < _MIN_ROWS or columns < 1:
            break
        sizes.append((rows, columns))
    below = sum(rows + _PADDING_PX for rows, _ in sizes) - 2 * _PADDING_PX - height
    column_height, width_before = 0, 0
    for rows, columns in sizes:
        fits_beside = columns <= width - width_before - _PADDING_PX
        if fits_beside and 2 * (column_height - height) >= below:
            break
        column_height += rows + _PADDING_PX
        width_before = columns
    column_height -= _PADDING_PX
    levels: list[PyramidLevel] = []
    edge = DLIB_MARGIN_PX
    right = DLIB_MARGIN_PX + width
    for rows, columns in sizes:
        if edge >= column_height + DLIB_MARGIN_PX:
            break
        levels.append(PyramidLevel(rows, columns, edge, DLIB_MARGIN_PX))
        edge += rows + _PADDING_PX
    edge -= _PADDING_PX
    for rows, columns in sizes[len(levels) :]:
        if edge - rows < DLIB_MARGIN_PX + height:
            break  # dlib stops where a level would overlap the photo itself
        levels.append(PyramidLevel(rows, columns, edge - rows, right - columns))
        edge -= rows + _PADDING_PX
    return levels


def level_pictures(picture: NDArray[np.uint8], levels: Sequence[PyramidLevel]) -> list[NDArray[np.uint8]]:
    """The picture at each level, (H, W, 3) uint8.

    Each is resized from the one before so that the corner pixels keep their places, as in dlib.
    """
    pictures = [np.ascontiguousarray(picture)]
    for level in levels[1:]:
        height, width = pictures[-1].shape[:2]
        matrix = np.array(
            [[(width - 1) / max(level.width - 1, 1), 0, 0], [0, (height - 1) / max(level.height - 1, 1), 0]]
        )
        resized = cv2.warpAffine(
            pictures[-1],
            matrix,
            (level.width, level.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        pictures.append(np.asarray(resized, dtype=np.uint8))
    return pictures
