"""Photos turned by a quarter, a half or three quarters, so that a detector sees a lying head upright.

A turn is a number of quarter turns against the clock, 0 to 3, as in `numpy.rot90`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.engines.areas import inside_share, overlap
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.face_form import is_trusted
from curation.engines.tiling import Areas, Detections

__all__ = ["TURNS", "TurnedPhoto", "best_of_views", "shows_any", "turned_back"]

TURNS = (1, 2, 3)
"""The turns apart from none."""

_SAME_IOU = 0.3
_SAME_INSIDE = 0.6
# An upright head is now and then seen in the turned photo as well, with nearly the same confidence.
_MORE_DOUBT = 2.0


class TurnedPhoto:
    """A photo turned by some quarters; implements `curation.engines.base.PhotoPixels`.

    Nothing is decoded again, as far as the photo keeps what it decoded.
    """

    def __init__(self, photo: PhotoPixels, turn: int) -> None:
        """Turn a photo.

        Args:
            photo: The photo.
            turn: Quarter turns against the clock.
        """
        self._photo = photo
        self._turn = turn % 4

    @property
    def width(self) -> int:
        """Of the turned photo at full size, in pixels."""
        return self._photo.height if self._turn % 2 else self._photo.width

    @property
    def height(self) -> int:
        """Of the turned photo at full size, in pixels."""
        return self._photo.width if self._turn % 2 else self._photo.height

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """See `PhotoPixels.reduced`."""
        return self._turned(self._photo.reduced(long_side_px, averaged=averaged))

    def detailed(self, scale: float) -> Pixels:
        """See `PhotoPixels.detailed`."""
        return self._turned(self._photo.detailed(scale))

    def full(self) -> Pixels:
        """See `PhotoPixels.full`."""
        return self._turned(self._photo.full())

    def _turned(self, pixels: Pixels) -> Pixels:
        return Pixels(np.rot90(pixels.array, self._turn), pixels.scale)


def turned_back(seen: Detections, turn: int, width: float, height: float) -> Detections:
    """What was found in a turned picture, in coordinates of the picture before it was turned.

    The landmarks keep their order, which is that of the person: right eye, left eye, and so on.

    Args:
        seen: In pixels of the turned picture.
        turn: Quarter turns against the clock by which it was turned.
        width: Of the picture before it was turned.
        height: Likewise.
    """
    areas, points = seen.areas, seen.points
    # Undo one quarter turn after the other; the sides of the picture before the last one are (w, h).
    for step in range(turn % 4, 0, -1):
        side = width if step % 2 else height
        # The pixel (x, y) went to (y, side - 1 - x); edges of areas lie between pixels.
        points = np.stack([side - 1 - points[..., 1], points[..., 0]], axis=-1)
        areas = np.stack([side - areas[:, 3], areas[:, 0], side - areas[:, 1], areas[:, 2]], axis=-1)
    return Detections(areas, seen.confidences, points)


def best_of_views(views: Sequence[tuple[Detections, Detections]]) -> Detections:
    """One detection per face of those in several views of a photo.

    Of the detections of one face, the one stays whose landmarks were beyond doubt in its own view; of several such,
    the most confident one, the first view being given the benefit of the doubt.

    Args:
        views: For each view, what was found in the photo's coordinates, and in those of the view itself.
    """
    found = Detections(*(np.concatenate(columns) for columns in zip(*(view for view, _ in views), strict=True)))
    of_view = np.repeat(np.arange(len(views)), [len(view.areas) for view, _ in views])
    trusted = [is_trusted(*one) for _, own in views for one in zip(own.points, own.confidences, strict=True)]
    doubt = (1 - found.confidences) * np.where(of_view == 0, 1, _MORE_DOUBT)
    keep: list[int] = []
    for index in np.lexsort((doubt, ~np.array(trusted, dtype=bool))):
        # Faces of one view are different faces already.
        others = [kept for kept in keep if of_view[kept] != of_view[index]]
        if not shows_any(found.areas[index], found.areas[others]):
            keep.append(int(index))
    return found.subset(sorted(keep))


def shows_any(area: NDArray[np.float64], others: Areas) -> bool:
    """Whether an area, (4,), shows the same face as any of the others, (N, 4), seen in other views."""
    one = area[None]
    inside = np.maximum(inside_share(one, others), inside_share(others, one).T)
    return bool(((overlap(one, others) >= _SAME_IOU) | (inside >= _SAME_INSIDE)).any())
