"""Panoramas: photos so long that their faces would be tiny at the working size are looked at in parts.

At the working size of an ordinary photo, a panorama of 8:1 is a strip of 250 pixels in which no face reaches the 80
pixels that dlib's detectors need. So it is looked at in a size in which its shorter side is that of an ordinary photo,
in overlapping parts with about the shape of one. Each part costs as much as a photo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.dlib.boxes import FoundBox, without_duplicates
from curation.engines.tiling import Tile, tiles_of

__all__ = ["found_in_parts", "is_panorama", "panorama_size_px"]

# Phones' screens (20:9) and cinema's pictures (2.4:1) are ordinary photos.
_MIN_RATIO = 2.5
# The ratio of an ordinary photo, which the shorter side of a panorama is given.
_USUAL_RATIO = 1.5
# Parts overlap by this share of their length, so that a face up to half of the shorter side is complete in one of them.
_OVERLAP = 1 / 3
# A longer panorama than 12.5:1 is seen in a smaller size.
_MAX_PARTS = 12
# Larger faces (in lengths of the overlap) may be cut in all parts; they are searched for in the whole picture.
_LARGE_FACE = 0.8
_SAME_IOU, _SAME_INSIDE = 0.4, 0.7


def is_panorama(width: int, height: int) -> bool:
    """Whether a photo of this size is looked at in parts."""
    return max(width, height) > _MIN_RATIO * min(width, height)


def panorama_size_px(width: int, height: int, working_size_px: int) -> int:
    """The longer side in which a panorama is looked at.

    Args:
        width: Of the panorama in pixels.
        height: Of the panorama in pixels.
        working_size_px: The longer side in which an ordinary photo is looked at.
    """
    overlap = _overlap_px(working_size_px)
    longest = overlap + _MAX_PARTS * (working_size_px - overlap)
    return min(longest, round(working_size_px / _USUAL_RATIO * max(width, height) / min(width, height)))


def found_in_parts(
    detect: Callable[[NDArray[np.uint8]], Sequence[FoundBox]], picture: NDArray[np.uint8], working_size_px: int
) -> list[FoundBox]:
    """Find the faces of a panorama in overlapping parts, and large ones in the whole of it.

    Args:
        detect: Finds faces in an (H, W, 3) uint8 RGB picture, in its pixels.
        picture: The panorama, resized to `panorama_size_px`.
        working_size_px: The longest side of a part.

    Returns:
        The best one first, in pixels of the picture; a face that several parts show is there once.
    """
    height, width = picture.shape[:2]
    overlap = _overlap_px(working_size_px)
    found: list[FoundBox] = []
    for tile in tiles_of(width, height, (working_size_px, working_size_px), overlap):
        part = picture[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
        found += [one for one in _moved(detect(part), 1.0, tile.x, tile.y) if _belongs_to(one, tile)]
    scale = working_size_px / max(width, height)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        whole = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        found += [
            one
            for one in _moved(detect(whole), scale, 0, 0)
            if max(one.area[2:] - one.area[:2]) > _LARGE_FACE * overlap
        ]
    return without_duplicates(found, max_iou=_SAME_IOU, max_inside=_SAME_INSIDE)


def _overlap_px(working_size_px: int) -> int:
    return round(_OVERLAP * working_size_px)


def _moved(found: Sequence[FoundBox], scale: float, left: float, top: float) -> list[FoundBox]:
    shift = np.array([left, top, left, top], dtype=np.float64)
    return [FoundBox(np.asarray(one.area / scale + shift, dtype=np.float64), one.score) for one in found]


def _belongs_to(one: FoundBox, tile: Tile) -> bool:
    """Whether the middle of a box, in pixels of the picture, is in the core of the tile."""
    x, y = (one.area[:2] + one.area[2:]) / 2
    left, top, right, bottom = tile.core
    return bool(left <= x < right and top <= y < bottom)
