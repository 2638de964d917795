"""A second look at large photos at a finer scale, so that the back row of a large group is found.

A detector sees a photo at its working size, where the faces of a back row may have ten pixels. If this first look
finds or only suspects small faces, and the photo has more pixels, the detector examines the parts of the photo around
these faces again, at a finer scale and in overlapping tiles. Photos without small faces take no extra time.

Areas are (N, 4) float64 edges x1, y1, x2, y2. This module contains the geometry only; the engines have the detectors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.base import PhotoPixels, Pixels

__all__ = ["TILING_MODES", "Detections", "Tile", "Tiling", "detect_in_two_looks", "regions_of_small_faces", "tiles_of"]

TILING_MODES = ("auto", "off", "always")
"""When there is a second look: if the first one suspects small faces, never, or for every photo with more pixels."""

# How many times finer the second look must be to be worthwhile.
_MIN_GAIN = 1.4
# A face that only the second look finds, and that is larger than this many small faces, is an error: the first look
# would have found it.
_MAX_SECOND_LOOK = 1.5
# In front of a group of tiny faces, no face is this many times as large as a small one.
_LARGE_FACE = 2.0
# How far around a small face others are searched for, in lengths of its longer side.
_REACH_SIDEWAYS = 10.0
_REACH_UP = 6.0
_REACH_DOWN = 4.0
# Two areas show the same face if they overlap by this much of their union, or of the smaller one.
_SAME_IOU = 0.4
_SAME_INSIDE = 0.7

Areas = NDArray[np.float64]


class Detections(NamedTuple):
    """Faces that a detector finds in a picture, in any order.

    Attributes:
        areas: (N, 4) float64 edges x1, y1, x2, y2.
        confidences: (N,) float64.
        points: (N, K, 2) float64 landmarks; K is 0 for a detector without any.
    """

    areas: Areas
    confidences: NDArray[np.float64]
    points: NDArray[np.float64]

    def subset(self, which: NDArray[np.intp] | NDArray[np.bool_] | Sequence[int]) -> Detections:
        """A subset, by index or mask."""
        index = np.asarray(which) if len(which) else np.zeros(0, dtype=np.intp)
        return Detections(self.areas[index], self.confidences[index], self.points[index])

    def moved(self, scale: float, left: float, top: float) -> Detections:
        """In other coordinates: divided by `scale`, then shifted; points refer to centres of pixels."""
        shift = np.array([left, top])
        return Detections(
            self.areas / scale + np.tile(shift, 2),
            self.confidences,
            (self.points + 0.5) / scale - 0.5 + shift,
        )


class Tiling(NamedTuple):
    """Parameters of the second look; sizes are longer sides.

    Attributes:
        mode: One of `TILING_MODES`.
        finer_size_px: Maximum size of the photo in the second look.
        max_enlargement: Maximum scale of the second look relative to the full-size photo; above 1 for a detector that
            needs large faces.
        tile_px: Maximum of the longer and the shorter side of a tile, in pixels of the second look.
        overlap_px: Overlap of tiles, in the same pixels; a face up to this size is complete in at least one tile.
        small_face_px: Size up to which a face is small, in pixels of the first look: others near it may be too small
            for the first look, and it is replaced by that of the second look, whose landmarks are finer.
        min_small_faces: How many small faces, found or suspected, trigger a second look.
        min_confidence: Minimum confidence of a face, in both looks; below it, the face is only suspected.
    """

    mode: str
    finer_size_px: int
    max_enlargement: float
    tile_px: tuple[int, int]
    overlap_px: int
    small_face_px: float
    min_small_faces: int
    min_confidence: float


class Tile(NamedTuple):
    """A part of a picture, in its pixels, and its core: the part whose faces belong to this tile and no other."""

    x: int
    y: int
    width: int
    height: int
    core: tuple[float, float, float, float]


def detect_in_two_looks(
    detect: Callable[[NDArray[np.uint8]], Detections],
    photo: PhotoPixels,
    first: Pixels,
    tiling: Tiling,
    *,
    suspect: Callable[[NDArray[np.uint8]], Areas] | None = None,
    seen: Detections | None = None,
) -> Detections:
    """Find the faces of a photo at its working size and, if worthwhile, again at a finer scale.

    Args:
        detect: Finds faces in an (H, W, 3) uint8 RGB picture, in its pixels, including those that it only suspects.
        photo: The photo; decoded at full size only if there is a second look.
        first: The photo at its working size.
        tiling: Parameters of the second look.
        suspect: Guesses areas of small faces in the picture of the first look, for a detector that reports no
            suspected faces; called only if the photo has more pixels and shows no very large face.
        seen: What there is in the picture of the first look, if that is known already.

    Returns:
        Faces with at least `tiling.min_confidence`, in pixels of the upright full-size photo, not clipped.
    """
    if seen is None:
        seen = detect(first.array)
    sure = seen.subset(seen.confidences >= tiling.min_confidence).moved(first.scale, 0, 0)
    if tiling.mode == "off":
        return sure
    finer = min(tiling.max_enlargement, tiling.finer_size_px / max(photo.width, photo.height))
    if finer < _MIN_GAIN * first.scale:
        return sure
    small_px = tiling.small_face_px / first.scale
    if tiling.mode == "always":
        regions = np.array([[0.0, 0.0, photo.width, photo.height]])
    else:
        areas = seen.areas
        if suspect is not None and _longer_sides(areas).max(initial=0) < _LARGE_FACE * tiling.small_face_px:
            areas = np.concatenate([areas, suspect(first.array)])
        regions = regions_of_small_faces(areas / first.scale, small_px)
    if not len(regions) or (tiling.mode == "auto" and len(regions) < tiling.min_small_faces):
        return sure
    base = photo.full()  # the crops of small faces need it as well, so nothing is decoded twice
    finer = min(finer, tiling.max_enlargement * base.scale)
    if finer < _MIN_GAIN * first.scale:
        return sure
    return _merged(sure, _second_look(detect, base, finer, regions, small_px, tiling), small_px)


def regions_of_small_faces(areas: Areas, small_px: float) -> Areas:
    """Where faces that are too small for the detector are likely: around other small faces.

    Args:
        areas: (N, 4) of the faces that it finds or suspects.
        small_px: Longer side up to which a face is small, in pixels of `areas`.

    Returns:
        (M, 4) edges, not clipped; empty if there is no sign of small faces.
    """
    sides = _longer_sides(areas)
    small = sides < small_px
    reach = np.array([-_REACH_SIDEWAYS, -_REACH_UP, _REACH_SIDEWAYS, _REACH_DOWN])
    return np.asarray(areas[small] + sides[small, None] * reach, dtype=np.float64)


def tiles_of(width: int, height: int, tile_px: tuple[int, int], overlap_px: int) -> tuple[Tile, ...]:
    """Cover a picture with as few tiles of about equal size as possible, row by row.

    Args:
        width: Of the picture in pixels.
        height: Of the picture in pixels.
        tile_px: Maximum of the longer and the shorter side of a tile, which has the orientation of the picture.
        overlap_px: Minimum overlap of neighbours.
    """
    across, down = tile_px if width >= height else tile_px[::-1]
    return tuple(
        Tile(x, y, w, h, (x_core[0], y_core[0], x_core[1], y_core[1]))
        for y, h, y_core in _cuts(height, down, overlap_px)
        for x, w, x_core in _cuts(width, across, overlap_px)
    )


def _cuts(length: int, longest: int, overlap: int) -> Iterator[tuple[int, int, tuple[float, float]]]:
    """Start, length and core of the intervals that cover a line."""
    count = max(1, math.ceil((length - overlap) / (longest - overlap)))
    piece = math.ceil((length + (count - 1) * overlap) / count)
    starts = [round(place * (length - piece) / max(1, count - 1)) for place in range(count)]
    for place, start in enumerate(starts):
        # Cores meet in the middle of the overlap.
        low = -math.inf if place == 0 else (start + starts[place - 1] + piece) / 2
        high = math.inf if place == count - 1 else (starts[place + 1] + start + piece) / 2
        yield start, piece, (low, high)


def _second_look(
    detect: Callable[[NDArray[np.uint8]], Detections],
    base: Pixels,
    finer: float,
    regions: Areas,
    small_px: float,
    tiling: Tiling,
) -> Detections:
    """The faces in the tiles that show a part of the regions, and in further tiles near small faces found there.

    Args:
        detect: Finds faces in a picture.
        base: The decoded photo.
        finer: Scale of the second look.
        regions: (M, 4), at least one, in pixels of the full-size photo.
        small_px: Longer side of a face up to which others are searched for around it, in the same pixels.
        tiling: Sizes and confidence.
    """
    height, width = base.array.shape[:2]
    reduction = finer / base.scale
    size = (max(1, round(width * reduction)), max(1, round(height * reduction)))
    tiles = list(tiles_of(*size, tiling.tile_px, tiling.overlap_px))
    found: list[Detections] = []
    while tiles and len(regions):
        shown = [_intersects(tile, regions * finer) for tile in tiles]
        examined = [
            _detect_in_tile(detect, base, reduction, tile, tiling)
            for tile, is_shown in zip(tiles, shown, strict=True)
            if is_shown
        ]
        tiles = [tile for tile, is_shown in zip(tiles, shown, strict=True) if not is_shown]
        found += examined
        areas = [part.areas for part in examined]
        regions = regions_of_small_faces(np.concatenate([np.zeros((0, 4)), *areas]), small_px)
    return _concatenated(found)


def _intersects(tile: Tile, regions: Areas) -> bool:
    low, high = np.array([tile.x, tile.y]), np.array([tile.x + tile.width, tile.y + tile.height])
    return bool(((regions[:, :2] < high) & (regions[:, 2:] > low)).all(axis=1).any())


def _detect_in_tile(
    detect: Callable[[NDArray[np.uint8]], Detections], base: Pixels, reduction: float, tile: Tile, tiling: Tiling
) -> Detections:
    """The faces of a tile with sufficient confidence, in pixels of the full-size photo.

    A tile is cropped from the decoded photo and resized by itself, so that there is no second large picture in memory.
    """
    height, width = base.array.shape[:2]
    left, top = math.floor(tile.x / reduction), math.floor(tile.y / reduction)
    right = min(width, math.ceil((tile.x + tile.width) / reduction))
    bottom = min(height, math.ceil((tile.y + tile.height) / reduction))
    part = base.array[top:bottom, left:right]
    if reduction != 1:
        size = (max(1, round((right - left) * reduction)), max(1, round((bottom - top) * reduction)))
        way = cv2.INTER_AREA if reduction < 1 else cv2.INTER_LINEAR
        part = np.asarray(cv2.resize(part, size, interpolation=way), dtype=np.uint8)
    own = _of_tile(detect(part), tile, tiling.min_confidence)
    return own.moved(reduction * base.scale, left / base.scale, top / base.scale)


def _of_tile(seen: Detections, tile: Tile, min_confidence: float) -> Detections:
    """The faces with sufficient confidence that belong to this tile, because their middle is in its core."""
    middles = (seen.areas[:, :2] + seen.areas[:, 2:]) / 2 + np.array([tile.x, tile.y])
    low, high = np.array(tile.core[:2]), np.array(tile.core[2:])
    inside = ((middles >= low) & (middles < high)).all(axis=1)
    return seen.subset(inside & (seen.confidences >= min_confidence))


def _concatenated(parts: Sequence[Detections]) -> Detections:
    return Detections(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _merged(first: Detections, second: Detections, small_px: float) -> Detections:
    """One detection per face: that of the second look for small faces, that of the first look for others."""
    sides = _longer_sides(first.areas)
    large, small = first.subset(sides >= small_px), first.subset(sides < small_px)
    # The first look's detections are different faces already; tiles of the second look may show the same face.
    second = second.subset(_longer_sides(second.areas) < _MAX_SECOND_LOOK * small_px)
    finer: list[int] = []
    for index in np.lexsort((*second.areas.T[::-1], -second.confidences)):
        area = second.areas[index]
        if not _matches_any(area, large.areas) and not _matches_any(area, second.areas[finer]):
            finer.append(int(index))
    second = second.subset(finer)
    missed = [index for index, area in enumerate(small.areas) if not _matches_any(area, second.areas)]
    return _concatenated((large, second, small.subset(missed)))


def _longer_sides(areas: Areas) -> NDArray[np.float64]:
    return np.asarray((areas[:, 2:] - areas[:, :2]).max(axis=1, initial=0), dtype=np.float64)


def _matches_any(area: NDArray[np.float64], others: Areas) -> bool:
    shared = np.prod(
        np.clip(np.minimum(area[2:], others[:, 2:]) - np.maximum(area[:2], others[:, :2]), 0, None), axis=1
    )
    own, theirs = np.prod(area[2:] - area[:2]), np.prod(others[:, 2:] - others[:, :2], axis=1)
    same = (shared >= _SAME_IOU * (own + theirs - shared)) | (shared >= _SAME_INSIDE * np.minimum(own, theirs))
    return bool(same.any())
