"""How the frame of a photo lies in the frame of its edited version: whole, turned, cropped or straightened.

A map is a (2, 3) matrix M that takes a point of the old photo to the new one, M @ (x, y, 1). Maps of pixels take the
centres of pixels, as landmarks are given; maps of units take places from 0 to 1 between the edges of the photo.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.geometry import inverse_transform
from curation.domain.identity.photo_looks import PhotoLook

__all__ = [
    "LARGEST_TILT_DEG",
    "WHOLE_MAPS",
    "Map",
    "Window",
    "in_pixels",
    "in_units",
    "is_edit",
    "tilt_deg",
    "whole_turns",
    "window_maps",
    "window_of",
]

Map = NDArray[np.float64]

Window = tuple[int, float, float, float, float]
"""A crop: quarter turns counterclockwise; its size, of which 1 is the largest of the new photo's shape that the old one
holds; its middle x and y in units of the old photo; the tilt by which it was straightened, in degrees
counterclockwise."""

WHOLE_MAPS: tuple[Map, ...] = (
    np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]),
    np.array([[-1.0, 0.0, 1.0], [0.0, -1.0, 1.0]]),
    np.array([[0.0, -1.0, 1.0], [1.0, 0.0, 0.0]]),
)
"""Maps of units of whole photos, turned counterclockwise by 0, 90, 180 and 270 degrees (as numpy.rot90 turns)."""

LARGEST_TILT_DEG = 12.0
"""Nobody straightens a photo by more; beyond, it is another photo."""

_SAME_ASPECT = 0.02  # the sides of small photos are rounded to whole pixels
_SMALLEST_SHARE = 0.15  # of a side of the old photo; smaller crops show one face and nothing around it
BEYOND = 0.02
"""Of the new photo's side: how far it may seem to stick out of the old one."""


def whole_turns(old: PhotoLook, new: PhotoLook) -> list[int]:
    """The quarter turns, counterclockwise, after which the old photo has the new one's shape."""
    if min(old.width, old.height, new.width, new.height) < 1:
        return []
    shapes = (old.width / old.height, old.height / old.width)
    wanted = new.width / new.height
    slack = _SAME_ASPECT + 1.0 / min(old.width, old.height) + 1.0 / min(new.width, new.height)
    return [turn for turn in range(4) if abs(math.log(shapes[turn % 2] / wanted)) <= slack]


def in_pixels(units: Map, old: PhotoLook, new: PhotoLook) -> Map:
    """A map of units as a map of pixels."""
    return _chained(_to_pixels(new), _chained(units, inverse_transform(_to_pixels(old))))


def in_units(pixels: Map, old: PhotoLook, new: PhotoLook) -> Map:
    """A map of pixels as a map of units."""
    return _chained(inverse_transform(_to_pixels(new)), _chained(pixels, _to_pixels(old)))


def tilt_deg(pixels: Map) -> float:
    """The angle of a map of pixels beyond the nearest quarter turn, in [-45, 45] degrees."""
    angle = math.degrees(math.atan2(float(pixels[1, 0]), float(pixels[0, 0])))
    return (angle + 45.0) % 90.0 - 45.0


def is_edit(pixels: Map, old: PhotoLook, new: PhotoLook, *, beyond: float = BEYOND) -> bool:
    """Whether an edit can have made the new frame: it lies within the old one, and is hardly tilted."""
    if not np.isfinite(pixels).all() or abs(tilt_deg(pixels)) > LARGEST_TILT_DEG:
        return False
    try:
        back = inverse_transform(in_units(pixels, old, new))
    except ValueError:
        return False
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]) @ back[:, :2].T + back[:, 2]
    sides = corners.max(axis=0) - corners.min(axis=0)
    slack = beyond * sides
    return bool((corners >= -slack).all() and (corners <= 1.0 + slack).all() and (sides >= _SMALLEST_SHARE).all())


def window_maps(
    sizes: NDArray[np.float64], turns: NDArray[np.intp], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The maps of units of crops.

    Args:
        sizes: (P, 4) width and height of the photo, and of its crop.
        turns: (P,) quarter turns counterclockwise.
        places: (P, 4) the rest of a `Window`.

    Returns:
        (P, 2, 3).
    """
    old, new = sizes[:, :2], sizes[:, 2:]
    back = np.where((turns % 2 == 0)[:, None], new, new[:, ::-1])
    enlarged = (back / old).max(axis=1) / np.maximum(places[:, 0], 0.1)
    angle = np.radians(90.0 * turns + places[:, 3])
    cosine, sine = np.cos(angle) * enlarged, np.sin(angle) * enlarged
    linear = np.stack([np.stack([cosine, sine], axis=1), np.stack([-sine, cosine], axis=1)], axis=1)
    shift = new / 2 - np.einsum("pij,pj->pi", linear, places[:, 1:3] * old)
    return np.concatenate([linear * old[:, None] / new[:, :, None], (shift / new)[:, :, None]], axis=2)


def window_of(pixels: Map, old: PhotoLook, new: PhotoLook) -> Window:
    """The window that a map of pixels takes to the whole new photo."""
    angle = math.degrees(math.atan2(-float(pixels[1, 0]), float(pixels[0, 0])))
    turn = round(angle / 90.0)
    w, h = (new.width, new.height) if turn % 2 == 0 else (new.height, new.width)
    enlarged = math.hypot(float(pixels[0, 0]), float(pixels[1, 0]))
    back = inverse_transform(in_units(pixels, old, new))
    x, y = back[:, :2] @ (0.5, 0.5) + back[:, 2]
    return turn % 4, max(w / old.width, h / old.height) / enlarged, float(x), float(y), angle - 90.0 * turn


def _to_pixels(look: PhotoLook) -> Map:
    return np.array([[look.width, 0.0, -0.5], [0.0, look.height, -0.5]], dtype=np.float64)


def _chained(second: Map, first: Map) -> Map:
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])
