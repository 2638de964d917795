"""Faces that are too large for a detector at its working size.

A detector that looks for small faces in a large picture sees a face that fills the picture as pieces: an eye and a
cheek become a face each. At a tenth of the pixels it sees one face, and no pieces. So where a look at the working
size shows something large, the photo is looked at once more at a small size, and this small look decides about
everything that it can see. The border around its picture shows the detector where a face is cut off by the edge.

Areas are (N, 4) float64 edges x1, y1, x2, y2. This module contains the geometry only.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.areas import inside_share, overlap
from curation.engines.face_form import is_trusted
from curation.engines.tiling import Areas, Detections

__all__ = ["CloseUps", "SmallPicture", "shows_close_up", "small_picture", "with_close_ups"]

# Two looks see the same face if their areas overlap by this much of their union.
_SAME_IOU = 0.4
# A face that both looks see alike keeps the finer landmarks.
_ALIKE_IOU = 0.6
# Pieces of a face overlap by this much of the smaller one.
_PIECE_OVERLAP = 0.2
# How much of the area of a piece is inside of the face.
_PIECE_INSIDE = 0.7


class CloseUps(NamedTuple):
    """Parameters of the small look; sizes are longer sides.

    Attributes:
        small_size_px: Longer side of the photo in the small look.
        border_px: Width of the black border around it.
        large_face_px: Size from which a face calls for the small look, in pixels of the first look.
        largest_face_px: Size up to which the first look sees a face well, in the same pixels.
        visible_face_px: Size from which the small look sees every face, in its own pixels.
        min_confidence: Minimum confidence of a face; below it, the face is only suspected.
    """

    small_size_px: int
    border_px: int
    large_face_px: float
    largest_face_px: float
    visible_face_px: float
    min_confidence: float


class SmallPicture(NamedTuple):
    """A picture made smaller, with a border.

    Attributes:
        array: (H, W, 3) uint8.
        scale: Its pixels per pixel of the picture that it was made of.
        border_px: Width of the border in its pixels.
    """

    array: NDArray[np.uint8]
    scale: float
    border_px: int

    def in_picture(self, seen: Detections) -> Detections:
        """What was found in it, in pixels of the picture that it was made of."""
        return seen.moved(1.0, -self.border_px, -self.border_px).moved(self.scale, 0, 0)


def small_picture(picture: NDArray[np.uint8], size_px: int, border_px: int) -> SmallPicture:
    """Make a picture smaller, if it is larger than `size_px`, and put a black border around it.

    Args:
        picture: (H, W, 3) uint8.
        size_px: Maximum of the longer side without the border.
        border_px: Width of the border.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, size_px / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    bordered = np.zeros((size[1] + 2 * border_px, size[0] + 2 * border_px, 3), dtype=np.uint8)
    bordered[border_px : border_px + size[1], border_px : border_px + size[0]] = picture
    return SmallPicture(bordered, scale, border_px)


def shows_close_up(seen: Detections, close_ups: CloseUps) -> bool:
    """Whether the first look shows something large that may be a piece of a face, so that the small look is worthwhile.

    A face that stays alone on its place, up to the size that the first look sees well, with landmarks beyond doubt, is
    right; pieces come in twos and threes.

    Args:
        seen: What the first look found and suspects, in its pixels.
        close_ups: Parameters.
    """
    sides = _longer_sides(seen.areas)
    large = np.flatnonzero(sides >= close_ups.large_face_px)
    if not len(large):
        return False
    shared = np.maximum(inside_share(seen.areas, seen.areas), inside_share(seen.areas, seen.areas).T)
    np.fill_diagonal(shared, 0.0)
    return not all(
        sides[index] <= close_ups.largest_face_px
        and shared[index].max() < _PIECE_OVERLAP
        and is_trusted(seen.points[index], float(seen.confidences[index]))
        for index in large
    )


def with_close_ups(first: Detections, small: Detections, scale: float, close_ups: CloseUps) -> Detections:
    """What the first look found and suspects, corrected by the small look.

    Large faces are those of the small look; the first look's landmarks are kept where both agree. What the first look
    sees in the middle of such a face is a piece of it, unless the small look sees it as well. Whatever is large enough
    for the small look, and is not seen there, is nothing.

    Args:
        first: Found and suspected in the first look, in its pixels.
        small: Found and suspected in the small look, in the same pixels.
        scale: Pixels of the small look per pixel of the first look.
        close_ups: Parameters.

    Returns:
        Found and suspected faces, in pixels of the first look.
    """
    small = small.subset(_not_pieces(small, close_ups.min_confidence))
    own, theirs = _longer_sides(first.areas), _longer_sides(small.areas)
    sure = small.confidences >= close_ups.min_confidence
    is_decisive = sure & (theirs >= close_ups.large_face_px)
    decisive = small.subset(is_decisive)
    alike = overlap(first.areas, small.areas) >= _SAME_IOU
    same = overlap(first.areas, decisive.areas)
    piece = _in_the_middle(first.areas, decisive.areas).any(axis=1) & ~alike[:, sure].any(axis=1)
    visible = own * scale >= close_ups.visible_face_px
    keep = ~(same >= _SAME_IOU).any(axis=1) & ~piece & (alike.any(axis=1) | ~visible)
    # Faces of a middle size that only the small look sees, for instance since the photo is blurred.
    new = sure & ~is_decisive & (theirs * scale >= close_ups.visible_face_px) & ~alike.any(axis=0)
    parts = (_with_finer_landmarks(decisive, first, same, close_ups), first.subset(keep), small.subset(new))
    return Detections(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _with_finer_landmarks(
    decisive: Detections, first: Detections, same: NDArray[np.float64], close_ups: CloseUps
) -> Detections:
    """The decisive faces, each as the first look sees it if that agrees and sees no pieces."""
    pieces = (inside_share(first.areas, decisive.areas) >= _PIECE_OVERLAP).sum(axis=0)
    rows = []
    for column in range(len(decisive.areas)):
        row = int(np.argmax(same[:, column])) if len(same) else -1
        finer = (
            row >= 0
            and same[row, column] >= _ALIKE_IOU
            and _longer_sides(first.areas[row : row + 1])[0] <= close_ups.largest_face_px
            and (
                is_trusted(first.points[row], float(first.confidences[row]))
                or (pieces[column] == 1 and first.confidences[row] >= decisive.confidences[column])
            )
        )
        rows.append(first.subset([row]) if finer else decisive.subset([column]))
    return Detections(*(np.concatenate(parts) for parts in zip(*rows, strict=True))) if rows else decisive


def _not_pieces(seen: Detections, min_confidence: float) -> NDArray[np.bool_]:
    """Mask of the detections that are beyond doubt, or not in the middle of a better one."""
    better = seen.confidences[None, :] > seen.confidences[:, None]
    better &= (seen.confidences >= min_confidence)[None, :]
    in_it = (inside_share(seen.areas, seen.areas) >= _PIECE_INSIDE) & _in_the_middle(seen.areas, seen.areas)
    around_it = in_it.T
    beyond_doubt = [is_trusted(*one) for one in zip(seen.points, seen.confidences, strict=True)]
    return np.asarray(~(better & (in_it | around_it)).any(axis=1) | np.array(beyond_doubt, dtype=bool), dtype=bool)


def _in_the_middle(areas: Areas, of: Areas) -> NDArray[np.bool_]:
    """(N, M): whether the middle of each area is in the ellipse that touches the edges of another."""
    middles = (areas[:, :2] + areas[:, 2:]) / 2
    centres, halves = (of[:, :2] + of[:, 2:]) / 2, np.maximum(1e-9, (of[:, 2:] - of[:, :2]) / 2)
    distances = (middles[:, None] - centres[None]) / halves[None]
    return np.asarray((distances**2).sum(axis=2) < 1, dtype=bool)


def _longer_sides(areas: Areas) -> NDArray[np.float64]:
    return np.asarray((areas[:, 2:] - areas[:, :2]).max(axis=1, initial=0), dtype=np.float64)
