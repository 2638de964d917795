"""The pixels of a person's clothes: certain ones, away from the edges, each with the part of the outfit it shows."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.faces.face import Box
from curation.domain.outfits.zones import body_unit, zones_of

__all__ = ["ClothedPixels", "MaskValues", "PhotoArray", "clothed_pixels", "photo_places"]

_CLOTHES_FROM = 0.5  # mask values
_EDGE = 0.02  # pixels nearer to the mask's edge than this part of a torso are mixed with what is beside them
_LEAST_INSIDE = 0.3  # of a mask that must remain without its edges; straps and scarves are all edge
_MOST_MASK_PIXELS = 60_000


class PhotoArray(Protocol):
    """A decoded photo, see `curation.engines.base.Pixels`."""

    @property
    def array(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB."""

    @property
    def scale(self) -> float:
        """Pixels of `array` per pixel of the upright full-size photo, in (0, 1]."""


class MaskValues(Protocol):
    """How likely each pixel of a part of a photo is clothes, see `curation.engines.bodies.base.BodyMask`."""

    @property
    def values(self) -> NDArray[np.float32]:
        """(H, W) float32 in [0, 1]."""

    @property
    def area(self) -> Box:
        """The part of the upright full-size photo that `values` covers."""


class ClothedPixels(NamedTuple):
    """Samples of a person's clothes.

    Attributes:
        colours: (N, 3) uint8 sRGB.
        weights: (N,) float32, how certainly each is clothes, in (0, 1].
        zones: (N,) uint8, see `curation.domain.outfits.zones.Zone`.
        pixels_each: How many pixels of the full-size photo one sample stands for.
        unit: Length of the person's torso in pixels of the full-size photo.
    """

    colours: NDArray[np.uint8]
    weights: NDArray[np.float32]
    zones: NDArray[np.uint8]
    pixels_each: float
    unit: float


def clothed_pixels(photo: PhotoArray, clothes: MaskValues, person: Person) -> ClothedPixels:
    """Collect the pixels of a person's clothes.

    Args:
        photo: The photo, at any scale.
        clothes: The person's clothing mask.
        person: The person.
    """
    stride = max(1, math.ceil(math.sqrt(clothes.values.size / _MOST_MASK_PIXELS)))
    values = clothes.values[::stride, ::stride]
    area = clothes.area
    unit = body_unit(person)
    height, width = values.shape
    if not values.size:
        return _nothing(unit)
    across, down = area.w / width, area.h / height
    inside = values >= _CLOTHES_FROM
    kept = _without_edges(inside, round(_EDGE * unit / max(across, down)))
    if kept.sum() < _LEAST_INSIDE * inside.sum():
        kept = inside
    rows, columns = np.nonzero(kept)
    if not len(rows):
        return _nothing(unit)
    points = np.stack([area.x + (columns + 0.5) * across - 0.5, area.y + (rows + 0.5) * down - 0.5], axis=1)
    y, x = photo_places(photo, points)
    return ClothedPixels(
        np.ascontiguousarray(photo.array[y, x]),
        np.asarray(values[rows, columns], dtype=np.float32),
        zones_of(points, person),
        across * down,
        unit,
    )


def photo_places(photo: PhotoArray, points: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of a photo's array that are nearest to (N, 2) points of the full-size photo."""
    height, width = photo.array.shape[:2]
    places = np.rint((points + 0.5) * photo.scale - 0.5).astype(np.intp)
    return places[:, 1].clip(0, height - 1), places[:, 0].clip(0, width - 1)


def _nothing(unit: float) -> ClothedPixels:
    return ClothedPixels(
        np.zeros((0, 3), dtype=np.uint8), np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.uint8), 1.0, unit
    )


def _without_edges(inside: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """What is more than `radius` pixels from anything outside; the border of the array is no edge."""
    kept = inside
    for _ in range(min(radius, 12)):
        padded = np.pad(kept, 1, mode="edge")
        kept = kept & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return kept
