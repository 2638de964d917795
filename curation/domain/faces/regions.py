"""Face regions in the coordinates of the stored picture, as other programs read them.

Boxes are pixels of the upright photo. Region metadata (Metadata Working Group, Guidelines for
Handling Image Metadata 2.0, section 5.9) is normalised, gives the centre of the area, and refers to
the stored picture, before it is rotated by the EXIF orientation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from curation.domain.faces.face import Box

__all__ = ["Area", "FaceRegion", "StoredPicture", "overlap", "stored_area"]

_SWAPPED_FROM = 5  # orientations 5 to 8 turn by a quarter
_SAME_SHAPE = 0.01  # of the ratio of width to height; previews lack some lines of their sensor's edge
_FLIPPED_X = (2, 3, 6, 7)
_FLIPPED_Y = (3, 4, 7, 8)


class Area(NamedTuple):
    """A rectangle; `x`, `y` is its centre, all four are shares of the picture's width or height."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class FaceRegion:
    """A named face.

    Attributes:
        name: Name of the person.
        area: Area in the stored picture.
    """

    name: str
    area: Area


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The size of a picture as its file stores it, and its EXIF orientation.

    Attributes:
        width: In pixels, before the rotation.
        height: In pixels, before the rotation.
        orientation: EXIF tag 0x0112, 1 to 8.
    """

    width: int
    height: int
    orientation: int = 1

    @property
    def is_swapped(self) -> bool:
        """Whether rotating it upright swaps width and height."""
        return self.orientation >= _SWAPPED_FROM

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (self.height, self.width) if self.is_swapped else (self.width, self.height)

    def shows_same(self, width: float, height: float) -> bool:
        """Whether a picture of this size may show the same: whether its aspect ratio is the same."""
        return abs(width * self.height / (height * self.width) - 1) <= _SAME_SHAPE


def stored_area(box: Box, picture: StoredPicture) -> Area:
    """The area of a box in the stored picture.

    Args:
        box: In pixels of the upright picture.
        picture: How the picture is stored.

    Returns:
        The area, inside the picture, rounded to six digits, which is exact to a pixel up to a million pixels a side.
    """
    width, height = picture.upright_size
    left, right = _share(box.x, width), _share(box.x + box.w, width)
    top, bottom = _share(box.y, height), _share(box.y + box.h, height)
    x, y = (left + right) / 2, (top + bottom) / 2
    if picture.orientation in _FLIPPED_X:
        x = 1 - x
    if picture.orientation in _FLIPPED_Y:
        y = 1 - y
    w, h = right - left, bottom - top
    if picture.is_swapped:
        x, y, w, h = y, x, h, w
    return Area(round(x, 6), round(y, 6), round(w, 6), round(h, 6))


def _share(position: int, size: int) -> float:
    return min(max(position / size, 0.0), 1.0)


def overlap(first: Area, second: Area) -> float:
    """Intersection over union of two areas, in [0, 1]."""
    w = min(first.x + first.w / 2, second.x + second.w / 2) - max(first.x - first.w / 2, second.x - second.w / 2)
    h = min(first.y + first.h / 2, second.y + second.h / 2) - max(first.y - first.h / 2, second.y - second.h / 2)
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (first.w * first.h + second.w * second.h - w * h)
