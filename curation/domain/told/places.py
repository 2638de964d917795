"""From regions as files have them, in shares of a picture, to boxes in pixels of the upright photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation.domain.faces.face import Box
from curation.domain.faces.regions import Area, StoredPicture, overlap
from curation.domain.told.file_told import ToldRegion

__all__ = ["FileRegion", "RegionList", "placed", "upright_box"]

_SAME_PLACE = 0.5
_FLIPPED_X = (2, 3, 6, 7)
_FLIPPED_Y = (3, 4, 7, 8)


@dataclass(frozen=True, slots=True)
class FileRegion:
    """A named area of a picture.

    Attributes:
        name: Of a person.
        area: In shares of the picture that the list belongs to.
    """

    name: str
    area: Area


@dataclass(frozen=True, slots=True)
class RegionList:
    """The named faces that one program wrote in one form.

    Attributes:
        regions: The faces.
        width: Of the picture that they were drawn on, in pixels, as the file says; None if it does not.
        height: Likewise.
        program: Who wrote them; empty if it is not known.
        is_upright: Whether they are known to be shares of the upright picture; else they are those of the stored one.
    """

    regions: tuple[FileRegion, ...]
    width: float | None = None
    height: float | None = None
    program: str = ""
    is_upright: bool = False


def placed(lists: Sequence[RegionList], picture: StoredPicture) -> tuple[tuple[ToldRegion, ...], bool]:
    """The regions of a photo, in pixels of the upright photo; of two at the same place only the first.

    Lists of a picture of another shape are left out: the photo was cropped or turned since. A list whose picture has
    the shape of the upright photo, where that is not the stored one, is taken as upright.

    Args:
        lists: The most trusted one first.
        picture: How the photo is stored.

    Returns:
        The regions, and whether a list was left out.
    """
    width, height = picture.upright_size
    found: list[tuple[Area, ToldRegion]] = []
    left_out = False
    for one in lists:
        turned = _orientation(one, picture)
        if turned is None:
            left_out = True
            continue
        new = []
        for region in one.regions:
            area = _upright(region.area, turned)
            box = _box(area, width, height)
            if box is not None and not any(overlap(area, other) >= _SAME_PLACE for other, _ in found):
                new.append((area, ToldRegion(region.name, box, one.program)))
        found += new
    return tuple(region for _, region in found), left_out


def upright_box(area: Area, picture: StoredPicture) -> Box | None:
    """The box of an area of the stored picture, in pixels of the upright photo; None if it lies outside."""
    return _box(_upright(area, picture.orientation), *picture.upright_size)


def _orientation(one: RegionList, picture: StoredPicture) -> int | None:
    """By which orientation the areas of a list are turned upright; None if they belong to another picture."""
    if one.is_upright:
        return 1
    if one.width is None or one.height is None or one.width <= 0 or one.height <= 0:
        return picture.orientation
    if picture.shows_same(one.width, one.height):
        return picture.orientation
    if picture.is_swapped and StoredPicture(picture.height, picture.width).shows_same(one.width, one.height):
        return 1
    return None


def _upright(area: Area, orientation: int) -> Area:
    x, y, w, h = area
    if orientation >= 5:
        x, y, w, h = y, x, h, w
    if orientation in _FLIPPED_X:
        x = 1 - x
    if orientation in _FLIPPED_Y:
        y = 1 - y
    return Area(x, y, w, h)


def _box(area: Area, width: int, height: int) -> Box | None:
    left, right = _pixels((area.x - area.w / 2, area.x + area.w / 2), width)
    top, bottom = _pixels((area.y - area.h / 2, area.y + area.h / 2), height)
    return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _pixels(shares: Iterable[float], size: int) -> tuple[int, int]:
    low, high = (round(min(max(share, 0.0), 1.0) * size) for share in shares)
    return low, high
