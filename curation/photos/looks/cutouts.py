"""People cut out of a photo as transparent PNG files, at its full size and without the old background's fringe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels
from curation.photos.looks.matting import Matte, estimate_matte
from curation.photos.looks.png_writing import binary_png, colour_png

__all__ = ["MaskOfArea", "cutout_png", "mask_png", "reach_of"]

# The longer side at which alpha and colours are estimated; at full size they are only applied. Where several people
# were looked at one by one, their masks together show more: then so many pixels for one of theirs, within a limit.
_MATTE_PX = 512
_MATTE_PER_MASK_PX = 1.6
_MAX_MATTE_PX = 1024
_STRIP_PIXELS = 1_000_000
# Below that, a mask says "nothing there".
_MIN_VALUE = 0.3
_BINARY = 0.5


class MaskOfArea(Protocol):
    """A mask as `curation.engines.bodies.base.BodyMask` has it."""

    @property
    def values(self) -> NDArray[np.float32]:
        """(h, w) float32 in [0, 1]."""

    @property
    def area(self) -> Box:
        """What it covers, in pixels of the upright full-size photo."""

    @property
    def scale(self) -> float:
        """Pixels of `values` per pixel of the photo."""


def cutout_png(
    photo: PhotoPixels,
    masks: Sequence[MaskOfArea],
    *,
    icc_profile: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    area: Box | None = None,
) -> bytes:
    """Cut people out of a photo.

    Args:
        photo: The photo, in the colour space of `icc_profile`, see `photos.files.own_colours`.
        masks: Of the people to keep; everything else becomes transparent. Without any the picture is empty.
        icc_profile: Of the photo's pixels; None for sRGB.
        dpi: Pixels per inch, horizontally and vertically, as the photo's file says; None if it does not.
        area: The part of the photo to write, in pixels of the upright full-size photo; None for all of it.

    Returns:
        A PNG, RGBA with 8 bits a channel, of the size of the area (at the photo's `full()` scale). It has no metadata
        but the colour profile and the resolution, and hides nothing in its transparent pixels.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded.
    """
    pixels = photo.full()
    height, width = pixels.array.shape[:2]
    frame = _scaled(area, pixels.scale, width, height) if area is not None else Box(0, 0, width, height)
    reaches = [reach for reach in (reach_of(mask) for mask in masks) if reach is not None]
    if not reaches:
        strips: Iterator[NDArray[np.uint8]] = _empty_strips(frame)
    else:
        region = _scaled(_union(reaches), pixels.scale, width, height)
        matte = _matte(pixels.array, pixels.scale, masks, region)
        strips = _cut_strips(pixels.array, matte, region, frame)
    return colour_png(strips, frame.w, frame.h, has_alpha=True, icc_profile=icc_profile, dpi=dpi)


def mask_png(mask: MaskOfArea, size: tuple[int, int]) -> bytes:
    """A mask as a PNG of one bit a pixel: white where the mask is at least 0.5.

    Args:
        mask: Of a person or of clothes.
        size: Width and height of the upright full-size photo, which the picture gets.
    """
    width, height = size
    rows = max(1, _STRIP_PIXELS // width)

    def strips() -> Iterator[NDArray[np.bool_]]:
        for top in range(0, height, rows):
            strip = Box(0, top, width, min(rows, height - top))
            yield _sampled(mask, strip, strip.w, strip.h) >= _BINARY

    return binary_png(strips(), width, height)


def reach_of(mask: MaskOfArea) -> Box | None:
    """The smallest box around everything that a mask may contain, in pixels of the photo; None if it is empty."""
    there = mask.values >= _MIN_VALUE
    rows, columns = np.nonzero(there.any(axis=1))[0], np.nonzero(there.any(axis=0))[0]
    if not len(rows):
        return None
    margin = 8  # pixels of the mask; hair reaches beyond what the mask is sure of
    height, width = mask.values.shape
    x0, x1 = max(0, columns[0] - margin) / width, min(width, columns[-1] + 1 + margin) / width
    y0, y1 = max(0, rows[0] - margin) / height, min(height, rows[-1] + 1 + margin) / height
    left, top = mask.area.x + int(x0 * mask.area.w), mask.area.y + int(y0 * mask.area.h)
    right, bottom = mask.area.x + round(x1 * mask.area.w), mask.area.y + round(y1 * mask.area.h)
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def _matte(picture: NDArray[np.uint8], scale: float, masks: Sequence[MaskOfArea], region: Box) -> Matte:
    """The matte of a region of the decoded picture."""
    finest = max(mask.scale for mask in masks) / scale
    longest = max(region.w, region.h)
    zoom = min(1.0, _MAX_MATTE_PX / longest, max(_MATTE_PX / longest, _MATTE_PER_MASK_PX * finest))
    size = (max(1, round(region.w * zoom)), max(1, round(region.h * zoom)))
    part = picture[region.y : region.y + region.h, region.x : region.x + region.w]
    small = part if zoom == 1 else cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA)
    in_photo = Box(*(round(each / scale) for each in region))
    missing = np.ones((size[1], size[0]), np.float32)
    for mask in masks:
        missing *= 1 - _sampled(mask, in_photo, *size)
    coarseness = max(1.0, zoom / finest)
    return estimate_matte(np.asarray(small, dtype=np.uint8), 1 - missing, coarseness)


def _sampled(mask: MaskOfArea, part: Box, width: int, height: int) -> NDArray[np.float32]:
    """A mask's values over a part of the photo, (height, width); 0 outside of the mask's area."""
    rows, columns = mask.values.shape
    across, down = columns / mask.area.w, rows / mask.area.h
    xs = (part.x + (np.arange(width) + 0.5) * (part.w / width) - mask.area.x) * across - 0.5
    ys = (part.y + (np.arange(height) + 0.5) * (part.h / height) - mask.area.y) * down - 0.5
    inside = ((xs >= -0.5) & (xs <= columns - 0.5))[np.newaxis] & ((ys >= -0.5) & (ys <= rows - 0.5))[:, np.newaxis]
    map_x = np.broadcast_to(xs.astype(np.float32), (height, width)).copy()
    map_y = np.broadcast_to(ys.astype(np.float32)[:, np.newaxis], (height, width)).copy()
    values = cv2.remap(mask.values, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.where(inside, values, 0), dtype=np.float32)


def _empty_strips(frame: Box) -> Iterator[NDArray[np.uint8]]:
    rows = max(1, _STRIP_PIXELS // frame.w)
    for top in range(0, frame.h, rows):
        yield np.zeros((min(rows, frame.h - top), frame.w, 4), np.uint8)


def _cut_strips(picture: NDArray[np.uint8], matte: Matte, region: Box, frame: Box) -> Iterator[NDArray[np.uint8]]:
    """The rows of the frame, transparent outside of the region."""
    rows = max(1, _STRIP_PIXELS // max(frame.w, region.w))
    left, right = max(region.x, frame.x), min(region.x + region.w, frame.x + frame.w)
    for start in range(0, frame.h, rows):
        count = min(rows, frame.h - start)
        strip = np.zeros((count, frame.w, 4), np.uint8)
        top = max(frame.y + start, region.y)
        bottom = min(frame.y + start + count, region.y + region.h)
        if top < bottom and left < right:
            part = picture[top:bottom, region.x : region.x + region.w]
            cut = matte.cut(part, top - region.y, (region.w, region.h))
            strip[top - frame.y - start : bottom - frame.y - start, left - frame.x : right - frame.x] = cut[
                :, left - region.x : right - region.x
            ]
        yield strip


def _union(boxes: Sequence[Box]) -> Box:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.w for box in boxes), max(box.y + box.h for box in boxes)
    return Box(left, top, right - left, bottom - top)


def _scaled(box: Box, scale: float, width: int, height: int) -> Box:
    """A box of the photo in pixels of a decoded picture, inside it."""
    left, top = min(max(0, int(box.x * scale)), width - 1), min(max(0, int(box.y * scale)), height - 1)
    right = min(width, max(left + 1, round((box.x + box.w) * scale)))
    bottom = min(height, max(top + 1, round((box.y + box.h) * scale)))
    return Box(left, top, right - left, bottom - top)
