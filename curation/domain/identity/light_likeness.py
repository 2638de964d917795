"""How well the light of one photo is explained by that of another, from their miniatures alone.

Exposure, contrast, white balance and black-and-white change the light along a smooth curve of the old light and
colour; another photo, even the next of a burst, changes it at the places where something moved. So one photo is fitted
to the other by a polynomial, and what is left over, on average and where it is most, is what differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.measuring.measures import MINIATURE_BYTES, MINIATURE_PX

__all__ = [
    "LEAST_PIXELS",
    "LeftOver",
    "Miniatures",
    "left_over",
    "left_over_in_windows",
    "miniatures_of",
    "smoothed",
    "turned",
]

Miniatures = NDArray[np.float32]
"""(N, 16, 16, 3) lightness and colours, in 8-bit levels of CIELAB. A photo without a miniature, or with one of hardly
any contrast, is all NaN: black frames look like each other."""

LEAST_PIXELS = 30
"""Of a miniature; with fewer in common two photos cannot be compared."""

_NOISE = 0.5  # squared levels: what rounding and another compression alone change
_LEAST_CONTRAST = 3.0  # levels, standard deviation
_POINTS, _SPREAD = (
    3,
    2.4,
)  # points per side on which the other photo is looked at, and how many pixels they cover: as blurred as a smoothed one
_PAIRS_AT_ONCE = 512  # few enough for the processor's cache
_ROUGH, _USUAL, _CLOSE = 2, 6, 11  # functions of the old light and colours


class LeftOver(NamedTuple):
    """What of a photo's light another one does not explain.

    Attributes:
        share: (P,) in [0, 1], of the variance of the light; 1 for photos that cannot be compared.
        peak: (P,) the largest difference of a pixel, in levels; infinite for photos that cannot be compared.
        toned: (P,) how much the light and the range of colours were changed, over what is left over, both as root mean
            squares in levels: about 0 for photos of one exposure, however different they are, and 2 and more for
            photos that were made brighter or grey; 0 for photos that cannot be compared.
    """

    share: NDArray[np.float64]
    peak: NDArray[np.float64]
    toned: NDArray[np.float64]


def miniatures_of(looks: Sequence[PhotoLook]) -> Miniatures:
    """The miniatures of photos."""
    out = np.full((len(looks), MINIATURE_PX, MINIATURE_PX, 3), np.nan, dtype=np.float32)
    for row, look in enumerate(looks):
        if look.miniature is not None and len(look.miniature) == MINIATURE_BYTES and min(look.width, look.height) > 0:
            out[row] = np.frombuffer(look.miniature, dtype=np.uint8).reshape(MINIATURE_PX, MINIATURE_PX, 3)
    out[out[..., 0].std(axis=(1, 2)) < _LEAST_CONTRAST] = np.nan
    return out


def turned(miniatures: Miniatures, turn: int) -> Miniatures:
    """The miniatures of the photos turned by quarters, counterclockwise."""
    return np.ascontiguousarray(np.rot90(miniatures, turn, axes=(1, 2)))


def smoothed(miniatures: Miniatures) -> Miniatures:
    """The miniatures with each pixel spread over its neighbours by the weights 1, 2, 1, as windows are compared."""
    padded = np.pad(miniatures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    return np.asarray((rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4, dtype=np.float32)


def left_over(old: Miniatures, new: Miniatures) -> LeftOver:
    """What of the new photos' light the old ones do not explain.

    Args:
        old: (P, 16, 16, 3).
        new: (P, 16, 16, 3), in the same position.
    """
    inside = np.ones((min(len(old), _PAIRS_AT_ONCE), MINIATURE_PX * MINIATURE_PX), dtype=np.bool_)
    parts = []
    for start in range(0, len(old), _PAIRS_AT_ONCE):
        here, there = old[start : start + _PAIRS_AT_ONCE], new[start : start + _PAIRS_AT_ONCE]
        light = there[..., 0].reshape(len(there), -1)
        share, peak, change, rest = _fitted(here, light, inside[: len(light)], functions=_CLOSE)
        colours, other = (one[..., 1:].reshape(len(one), -1, 2) for one in (here, there))
        change += ((colours.mean(axis=1) - other.mean(axis=1)) ** 2).sum(axis=1)
        change += ((colours.std(axis=1) - other.std(axis=1)) ** 2).sum(axis=1)
        parts.append(LeftOver(share, peak, np.where(share < 1.0, np.sqrt(change / (rest + 0.25)), 0.0)))
    return _joined(parts)


def left_over_in_windows(
    old: Miniatures, new: Miniatures, maps: NDArray[np.float64], *, roughly: bool = False
) -> LeftOver:
    """The same where the new photos show a part of the old ones.

    The pixels of the smoothed old miniature are compared with what the new one shows around their place: a crop shows
    more detail, and its pixels lie between those of the whole; both are averaged away.

    Args:
        old: (P, 16, 16, 3), from `smoothed`.
        new: (P, 16, 16, 3), not smoothed.
        maps: (P, 2, 3) of units, see `curation.domain.identity.frame_maps`.
        roughly: Fit a straight line of the light only, for a quick first answer.
    """
    parts = []
    for start in range(0, len(old), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        shown, inside = _shown(new[part, ..., 0], maps[part])
        share, peak, change, rest = _fitted(old[part], shown, inside, functions=_ROUGH if roughly else _USUAL)
        parts.append(LeftOver(share, peak, np.where(share < 1.0, np.sqrt(change / (rest + 0.25)), 0.0)))
    return _joined(parts)


def _joined(parts: Sequence[LeftOver]) -> LeftOver:
    if not parts:
        return LeftOver(np.ones(0), np.ones(0), np.ones(0))
    return LeftOver(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _shown(light: NDArray[np.float32], maps: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What the new photos show at each pixel of the old miniature: (P, 256), and whether all of it is inside."""
    count, side = len(light), MINIATURE_PX
    grid = _GRID
    points = grid @ np.swapaxes(maps[:, :, :2], 1, 2).astype(np.float32) + maps[:, None, :, 2].astype(np.float32)
    inside = np.all((points >= -0.002) & (points <= 1.002), axis=2)
    points = np.clip(points * np.float32(side) - np.float32(0.5), 0, side - 1)
    low = np.minimum(points.astype(np.int32), side - 2)
    part = points - low.astype(np.float32)
    flat = light.reshape(count, -1)
    first = low[..., 1] * side + low[..., 0]

    def at(shift: int) -> NDArray[np.float32]:
        return np.take_along_axis(flat, first + shift, axis=1)

    upper = at(0) * (1 - part[..., 0]) + at(1) * part[..., 0]
    lower = at(side) * (1 - part[..., 0]) + at(side + 1) * part[..., 0]
    values = upper * (1 - part[..., 1]) + lower * part[..., 1]
    shape = (count, side * side, _POINTS * _POINTS)
    mean = np.asarray(values.reshape(shape).mean(axis=2), dtype=np.float32)
    whole: NDArray[np.bool_] = np.all(inside.reshape(shape), axis=2)
    return mean, whole


def _points() -> NDArray[np.float32]:
    """The places in units of the points of each pixel, pixel by pixel: (256 * _POINTS ** 2, 2)."""
    side = MINIATURE_PX
    around = ((np.arange(_POINTS) + 0.5) / _POINTS - 0.5) * _SPREAD
    places = np.clip((np.arange(side)[:, None] + 0.5 + around) / side, 0.0, 1.0).reshape(-1)
    grid = np.stack(np.meshgrid(places, places), axis=-1).reshape(side, _POINTS, side, _POINTS, 2)
    return np.asarray(grid.transpose(0, 2, 1, 3, 4).reshape(-1, 2), dtype=np.float32)


_GRID = _points()


def _fitted(
    old: Miniatures, light: NDArray[np.float32], inside: NDArray[np.bool_], *, functions: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fit (P, 256) `light` by polynomials of the old light and colours, over the pixels inside.

    Returns:
        (P,) share and peak of `LeftOver`, and the mean squares of what was changed and of what is left over.
    """
    pixels = inside.sum(axis=1)
    known = (pixels >= LEAST_PIXELS) & np.isfinite(old[:, 0, 0, 0]) & np.isfinite(light[:, 0])
    share, peak = np.ones(len(old)), np.full(len(old), np.inf)
    change, left_square = np.zeros(len(old)), np.ones(len(old))
    if not known.any():
        return share, peak, change, left_square
    weight = inside[known].astype(np.float64)
    count = pixels[known].astype(np.float64)
    y = light[known].astype(np.float64)
    basis = _basis(old[known].reshape(len(y), -1, 3).astype(np.float64), functions=functions)
    weighted = basis * weight[..., None]
    normal = np.swapaxes(weighted, 1, 2) @ basis + 1e-3 * np.eye(basis.shape[2])
    curve = np.linalg.solve(normal, np.swapaxes(weighted, 1, 2) @ y[..., None])
    fit = (basis @ curve)[..., 0]
    left = (y - fit) * weight
    mean = (y * weight).sum(axis=1) / count
    variance = (((y - mean[:, None]) ** 2) * weight).sum(axis=1) / count
    rest = (left**2).sum(axis=1) / (count - basis.shape[2])
    told = variance >= _LEAST_CONTRAST**2
    share[known] = np.where(told, np.minimum(1.0, (rest + _NOISE) / (variance + _NOISE)), 1.0)
    peak[known] = np.where(told, np.abs(left).max(axis=1), np.inf)
    change[known] = (((fit - (basis[..., 1] + 1.0) * 128.0) ** 2) * weight).sum(axis=1) / count
    left_square[known] = rest
    return share, peak, change, left_square


def _basis(pixels: NDArray[np.float64], *, functions: int) -> NDArray[np.float64]:
    """(P, M, B) functions of (P, M, 3) pixels: a curve of the light, and what black-and-white makes of colours."""
    x = pixels[..., 0] / 128.0 - 1.0
    a, b = pixels[..., 1] / 32.0 - 4.0, pixels[..., 2] / 32.0 - 4.0
    # Legendre polynomials are nearly independent of each other, so that the equations are solved with little error.
    out = np.empty((*x.shape, functions))
    out[..., 0], out[..., 1] = 1.0, x
    if functions > _ROUGH:
        out[..., 2], out[..., 3] = 1.5 * x**2 - 0.5, 2.5 * x**3 - 1.5 * x
        out[..., 4], out[..., 5] = a, b
    if functions > _USUAL:
        for number, function in enumerate((a * x, b * x, a * a, b * b, a * b)):
            out[..., _USUAL + number] = function
    return out
