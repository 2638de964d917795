"""How sharp a picture is, independent of its noise, contrast and brightness.

A natural picture has about the same energy in each octave of detail, and blur removes it from the finest
octaves first. So the share of the fine octaves measures the blur, and is the same for large and small
faces, for bright and dark ones. Noise looks like fine detail, but is spread evenly over the
picture while detail is on edges: it is estimated where the picture is smooth and subtracted, a fifth
more than is found, since a noisy photo that counts as sharp does more harm than the reverse.

A camera or a face that moves smears in one direction and leaves the edges along it sharp, so the energy of all
directions together hardly falls. Therefore the least sharp direction counts as well: the gradients of the fine and of
the coarse octaves are summed up as structure tensors (Foerstner and Guelch 1987), whose quadratic form gives the energy
in each direction. Defocus and noise act on all directions alike, and change nothing in the comparison of directions.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MIN_SIDE_PX", "fine_detail", "sharpest_detail", "unsmeared_detail"]

MIN_SIDE_PX = 16
"""Smaller pictures have too few pixels for four octaves."""

_SIGMAS_PX = (0.7, 1.4, 2.8, 5.6)
# Energy of white noise of variance 1 in each octave (mean square of the differences of the Gaussians, measured).
_NOISE_GAIN = np.array([0.5189, 0.0776, 0.0181, 0.0046])
_BLOCK_PX = 7  # the finest octaves' energy is averaged over such blocks to estimate the noise
_BLOCK_STEP_PX = 3
_SMOOTH_PERCENTILE = 20  # this share of a face has no texture of its own
# For pure noise, the 20th percentile of such averages is 0.79 of their mean in the finest octave; a fifth more is
# subtracted. Where cameras and JPEG have smoothed it, the second octave is noisier than white noise would be.
_FINEST_BIAS, _SECOND_BIAS = 0.65, 0.7
_MAX_SECOND_EXCESS = 5.0
_DARKEST, _BRIGHTEST = 16, 240  # in blocks beyond these levels, clipping has removed the noise
_MIN_BLOCKS = 12
_EDGE_PERCENTILE = 50  # only the part of the picture with coarse detail is measured
_FINEST_SHARE = 0.1  # weight of the finest octave alone, the first to show blur, but also noise
_EDGE_SIGMA_PX = 3.0
_FLOOR = 2.0**-9  # of the coarse energy: with 8 bits, less cannot be distinguished from none
_MIN_COARSE_ENERGY = 0.25  # in squared grey levels; below it there is no detail to judge


# Gradient energy, in one direction, of white noise of variance 1 in the two finest octaves together (measured: 0.456),
# without the fifth more that is subtracted elsewhere: too much of it would make directions uneven.
_GRADIENT_NOISE_GAIN = 0.375
# What a smear takes from the detail (log2), chosen on sharp, defocused and smeared faces. The first looks at how far
# the least sharp direction is below the mean, the second at how uneven the directions of the fine octaves are, which
# shows smears that are too long for the coarse octaves. Sharp faces reach 0.4 and 1.5.
_EVEN_GAP, _PER_GAP = 0.4, 2.0
_EVEN_RATIO, _PER_RATIO = 1.8, 1.0
_MOST_LOST = 2.0  # far beyond the threshold the detail itself tells more and less blur apart, and better so under noise
_SOFTENING = 0.05  # of the energy of all directions, added to each: a direction without any detail says nothing
# The same for a whole photo, in which buildings and horizons favour directions.
_PHOTO_EVEN_GAP, _PER_PHOTO_GAP = 0.6, 2.0
_TILES = 8  # along the longer side of the photo
_MIN_TILE_PX = 48
_SHARP_TILES = 0.25  # the share of the tiles, the sharpest ones, that the focus of a photo is measured on
_LEAST_COARSE = 0.5  # of the mean over the directions: a tile with less coarse energy in a direction cannot tell it
_ANGLES = np.arange(8) * (math.pi / 8)
_DIRECTIONS = np.stack([np.cos(_ANGLES) ** 2, 2 * np.cos(_ANGLES) * np.sin(_ANGLES), np.sin(_ANGLES) ** 2], axis=1)


def fine_detail(picture: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> float | None:
    """The share of fine detail in all directions together, as the logarithm to base 2.

    0.9 log2((e0 + e1) / (e2 + e3)) + 0.1 log2(e0 / e2), where e0 to e3 are the energies of four octaves, finest
    first, on the picture's edges and without the noise.

    Args:
        picture: (H, W, 3) uint8 RGB, not enlarged.
        mask: (H, W), the part to judge; the rest is only used to estimate the noise. None judges all.

    Returns:
        About -1.5 to -2.5 for a sharp face, -4 for a clearly blurred one, -6 for an unusable one;
        None if the picture is too small or has no contrast.
    """
    seen = _seen(picture, mask)
    return None if seen is None else seen.detail


def unsmeared_detail(picture: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> float | None:
    """The share of fine detail, less what a smear in one direction takes from it.

    Args:
        picture: (H, W, 3) uint8 RGB, not enlarged.
        mask: (H, W), the part to judge, as in `fine_detail`.

    Returns:
        As `fine_detail`, and up to 2 lower if the picture is smeared.
    """
    seen = _seen(picture, mask)
    if seen is None:
        return None
    fine, coarse = _tensors(seen)
    fine, coarse = (t + _SOFTENING * (t[0] + t[2]) * np.array([1.0, 0.0, 1.0]) for t in (fine, coarse))
    least, _ = _ratios(fine, coarse)
    gap = math.log2((fine[0] + fine[2]) / (coarse[0] + coarse[2])) - math.log2(least)
    low, high = _ratios(fine, np.array([1.0, 0.0, 1.0]))
    uneven = math.log2(high / low)
    loss = _PER_GAP * max(0.0, gap - _EVEN_GAP) + _PER_RATIO * max(0.0, uneven - _EVEN_RATIO)
    return seen.detail - _MOST_LOST * (1.0 - math.exp(-loss / _MOST_LOST))


def sharpest_detail(picture: NDArray[np.uint8]) -> float | None:
    """The share of fine detail of the sharpest tiles of a whole photo, less what a smear takes from it.

    A photo is cut into tiles, since a part of it may be out of focus on purpose. In a photo that is not smeared each
    direction is sharp in some tiles; in a smeared one the same direction is soft in all of them.

    Args:
        picture: (H, W, 3) uint8 RGB, not enlarged.

    Returns:
        About -1 to 1 for a sharp photo, -3 for a blurred one; None if no tile has any contrast.
    """
    height, width = picture.shape[:2]
    side = max(_MIN_TILE_PX, math.ceil(max(height, width) / _TILES))
    tiles = [
        tile
        for top in range(0, max(1, height - side // 2), side)
        for left in range(0, max(1, width - side // 2), side)
        if (tile := _seen(picture[top : top + side, left : left + side], None)) is not None
    ]
    if not tiles:
        return None
    tensors = [_tensors(tile) for tile in tiles]
    fine, coarse = (np.stack(part) @ _DIRECTIONS.T for part in zip(*tensors, strict=True))
    relative = coarse / np.maximum(coarse.mean(axis=1, keepdims=True), 1e-9)
    there = np.maximum(coarse, 1e-9)
    share = np.log2(np.maximum(fine, there * _FLOOR) / there)
    told = [
        _mean_of_best(share[relative[:, number] >= _LEAST_COARSE, number])
        for number in range(len(_DIRECTIONS))
        if (relative[:, number] >= _LEAST_COARSE).sum() >= 2
    ]
    together = np.log2(np.maximum(fine.mean(axis=1) / np.maximum(coarse.mean(axis=1), 1e-9), _FLOOR))
    gap = _mean_of_best(together) - min(told) if told else 0.0
    detail = _mean_of_best(np.array([tile.detail for tile in tiles]))
    return detail - _PER_PHOTO_GAP * max(0.0, gap - _PHOTO_EVEN_GAP)


def _mean_of_best(values: NDArray[np.float64]) -> float:
    best = np.sort(values)[::-1][: max(1, round(_SHARP_TILES * len(values)))]
    return float(best.mean())


class _Seen(NamedTuple):
    """A picture as the measures look at it.

    Attributes:
        detail: See `fine_detail`.
        levels: (H, W) float32 each, the picture as it is and blurred by `_SIGMAS_PX`.
        edges: (H, W) float32, the weight of each pixel.
        noise: Variance of the noise, as if it were white.
    """

    detail: float
    levels: list[NDArray[np.float32]]
    edges: NDArray[np.float32]
    noise: float


def _seen(picture: NDArray[np.uint8], mask: NDArray[np.bool_] | None) -> _Seen | None:
    if min(picture.shape[:2]) < MIN_SIDE_PX:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    levels = [grey, *(_blurred(grey, sigma_px) for sigma_px in _SIGMAS_PX)]
    octaves = [finer - coarser for finer, coarser in itertools.pairwise(levels)]
    edges = np.asarray(cv2.GaussianBlur(octaves[2] ** 2 + octaves[3] ** 2, (0, 0), _EDGE_SIGMA_PX), dtype=np.float32)
    judged = edges if mask is None else edges[mask]
    if judged.size == 0:
        return None
    edges = np.maximum(edges - np.float32(_percentile(judged, _EDGE_PERCENTILE)), 0)
    if mask is not None:
        edges = edges * mask
    total = float(edges.sum())
    if total <= 0:
        return None
    energy = np.array([float((edges * octave * octave).sum()) / total for octave in octaves])
    noise = _noise_energy(grey, octaves[0], octaves[1])
    energy -= noise
    coarse = float(energy[2] + energy[3])
    if coarse < _MIN_COARSE_ENERGY:
        return None
    energy = np.maximum(energy, coarse * _FLOOR)
    fine = math.log2((energy[0] + energy[1]) / (energy[2] + energy[3]))
    detail = (1 - _FINEST_SHARE) * fine + _FINEST_SHARE * math.log2(energy[0] / energy[2])
    return _Seen(
        detail,
        levels,
        edges,
        float(noise[0] / _NOISE_GAIN[0]),
    )


def _blurred(grey: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(
        cv2.GaussianBlur(grey, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101),
        dtype=np.float32,
    )


def _tensors(seen: _Seen) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The structure tensors (xx, xy, yy) of the fine and of the coarse octaves; the fine one without the noise."""
    plain, _, middle, _, coarsest = seen.levels
    fine, coarse = (_tensor(band, seen.edges) for band in (plain - middle, middle - coarsest))
    fine[[0, 2]] = np.maximum(fine[[0, 2]] - seen.noise * _GRADIENT_NOISE_GAIN, coarse[[0, 2]] * _FLOOR)
    # What is subtracted from the diagonal must leave a tensor: no direction has negative energy.
    limit = math.sqrt(fine[0] * fine[2])
    fine[1] = min(limit, max(-limit, fine[1]))
    return fine, coarse


def _tensor(band: NDArray[np.float32], edges: NDArray[np.float32]) -> NDArray[np.float64]:
    across = band[1:-1, 2:] - band[1:-1, :-2]
    down = band[2:, 1:-1] - band[:-2, 1:-1]
    weighted, inner = across * edges[1:-1, 1:-1], edges[1:-1, 1:-1]
    sums = (np.vdot(weighted, across), np.vdot(weighted, down), np.vdot(down * inner, down))
    return np.array([float(total) for total in sums]) / (4 * float(edges.sum()))


def _ratios(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """The least and the greatest ratio of the energies of two tensors over all directions.

    They are the eigenvalues of the pencil of both (det(first - ratio * second) = 0), and positive.
    """
    a = second[0] * second[2] - second[1] ** 2
    b = first[0] * second[2] + first[2] * second[0] - 2 * first[1] * second[1]
    c = first[0] * first[2] - first[1] ** 2
    a = max(a, 1e-12)
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    greatest = (b + root) / (2 * a)
    return max(c / a / max(greatest, 1e-12), 1e-6), max(greatest, 1e-6)


def _percentile(values: NDArray[np.float32], percent: float) -> float:
    """Linearly interpolated, like numpy.percentile, which takes several times as long for so few values."""
    flat = values.ravel()
    place = percent / 100 * (len(flat) - 1)
    low = int(place)
    high = min(low + 1, len(flat) - 1)
    ordered = np.partition(flat, (low, high))
    return float(ordered[low]) + (place - low) * (float(ordered[high]) - float(ordered[low]))


def _noise_energy(
    grey: NDArray[np.float32], finest: NDArray[np.float32], second: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(4,) the energy of the noise in each octave."""

    def averages(values: NDArray[np.float32]) -> NDArray[np.float32]:
        rim = _BLOCK_PX // 2
        boxed = cv2.boxFilter(values, -1, (_BLOCK_PX, _BLOCK_PX))
        return np.asarray(boxed[rim:-rim:_BLOCK_STEP_PX, rim:-rim:_BLOCK_STEP_PX], dtype=np.float32)

    levels = averages(grey)
    lit = (levels > _DARKEST) & (levels < _BRIGHTEST)
    if lit.sum() < _MIN_BLOCKS:
        lit[:] = True
    in_finest = _percentile(averages(finest * finest)[lit], _SMOOTH_PERCENTILE) / _FINEST_BIAS
    in_second = _percentile(averages(second * second)[lit], _SMOOTH_PERCENTILE) / _SECOND_BIAS
    white = in_finest * _NOISE_GAIN / _NOISE_GAIN[0]
    excess = min(max(in_second / white[1], 1.0), _MAX_SECOND_EXCESS) if white[1] > 0 else 1.0
    return np.asarray(white * np.array([1.0, excess, excess, excess]), dtype=np.float64)
