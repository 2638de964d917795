"""Where one photo may be a crop of another, found by its light alone: for photos without faces that can be compared."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.domain.identity.frame_maps import Window, window_maps
from curation.domain.identity.light_likeness import LeftOver, Miniatures, left_over_in_windows, smoothed, turned
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.measuring.measures import MINIATURE_PX

__all__ = ["likely_windows", "refined_windows"]

# Sizes of the crops that are tried, and the tilts; 1 is the largest crop of the new photo's shape.
_SCALES = (1.0, 0.9, 0.8, 0.71, 0.63, 0.56, 0.5, 0.44)
_STEP = 0.1  # of the crop's side, from one place to the next
_TILTED = ((0.9, 4.0), (0.9, -4.0), (0.8, 8.0), (0.8, -8.0))
_SIDE = 8  # pixels of the windows that are compared first
_LEAST_CORRELATION = 0.85
_WINDOWS_A_PAIR = 2
_PHOTOS_LOOKED_AT = 3  # for each old photo
_SHAPE_STEP = 0.1  # logarithm: photos whose shapes differ by less are taken to have one
_FIRST_ROUNDS, _ROUGH_ROUNDS, _ROUNDS = 3, 8, 12
_HOPELESS, _STILL_HOPELESS = 0.35, 0.2  # of the light, after the first rounds and after the rough ones


def likely_windows(
    old: Sequence[PhotoLook], new: Sequence[PhotoLook], old_miniatures: Miniatures, new_miniatures: Miniatures
) -> dict[tuple[int, int], list[Window]]:
    """Pairs of photos of which the second may be a crop of the first, and where it would lie.

    Args:
        old: The photos.
        new: Possible crops.
        old_miniatures: (O, 16, 16, 3), see `light_likeness`.
        new_miniatures: (N, 16, 16, 3).

    Returns:
        For the few best pairs of rows of each old photo the windows that look most like the new photo, best first.
    """
    found: dict[tuple[int, int], list[tuple[float, Window]]] = defaultdict(list)
    old_shapes, new_shapes = _by_shape(old, old_miniatures), _by_shape(new, new_miniatures)
    for old_shape, old_rows in old_shapes.items():
        for new_shape, new_rows in new_shapes.items():
            for turn in range(4):
                shape = new_shape if turn % 2 == 0 else -new_shape
                windows, places, weights = _windows(round((old_shape - shape) / _SHAPE_STEP))
                back = _normalised(_reduced(turned(new_miniatures[new_rows], -turn)[..., 0])).T
                for row in old_rows:
                    sampled = np.einsum("mi,mi->m", old_miniatures[row, ..., 0].reshape(-1)[places], weights)
                    alike = _normalised(sampled.reshape(len(windows), -1)) @ back
                    for column in np.flatnonzero(alike.max(axis=0) >= _LEAST_CORRELATION):
                        best = np.argsort(-alike[:, column], kind="stable")[:_WINDOWS_A_PAIR]
                        found[int(row), int(new_rows[column])] += [
                            (float(alike[window, column]), (turn, *windows[window])) for window in best
                        ]
    best_of: dict[int, list[tuple[float, int, list[Window]]]] = defaultdict(list)
    for pair, tried in sorted(found.items()):
        tried.sort(key=lambda one: -one[0])
        best_of[pair[0]].append((tried[0][0], pair[1], [window for _, window in tried[:_WINDOWS_A_PAIR]]))
    return {
        (old_row, new_row): several_windows
        for old_row, several in best_of.items()
        for _, new_row, several_windows in sorted(several, key=lambda one: -one[0])[:_PHOTOS_LOOKED_AT]
    }


def refined_windows(
    pairs: Sequence[tuple[PhotoLook, PhotoLook]],
    old_miniatures: Miniatures,
    new_miniatures: Miniatures,
    windows: Sequence[Window],
) -> tuple[NDArray[np.float64], LeftOver]:
    """The maps near windows that explain the new photos' light best.

    Args:
        pairs: P photos and their possible crops.
        old_miniatures: (P, 16, 16, 3).
        new_miniatures: (P, 16, 16, 3).
        windows: Of each pair, from `likely_windows` or `window_of`.

    Returns:
        (P, 2, 3) maps of units, and what they leave over.
    """
    count = len(pairs)
    old_miniatures = smoothed(old_miniatures)
    turns = np.array([window[0] for window in windows], dtype=np.intp)
    sizes = np.array([(old.width, old.height, new.width, new.height) for old, new in pairs], dtype=np.float64)
    best = np.array([window[1:] for window in windows], dtype=np.float64).reshape(count, 4)
    step = np.stack([0.06 + 0 * best[:, 0], 0.04 * best[:, 0], 0.04 * best[:, 0], 1.5 + 0 * best[:, 0]], axis=1)
    moves = np.concatenate([np.eye(4), -np.eye(4)])

    def left_at(rows: NDArray[np.intp], places: NDArray[np.float64], *, roughly: bool) -> NDArray[np.float64]:
        maps = window_maps(sizes[rows], turns[rows], places)
        return left_over_in_windows(old_miniatures[rows], new_miniatures[rows], maps, roughly=roughly).share

    least = left_at(np.arange(count), best, roughly=True)
    rows = np.arange(count)
    for number in range(_ROUNDS):
        roughly = number < _ROUGH_ROUNDS
        if number == _FIRST_ROUNDS:
            rows = rows[least[rows] < _HOPELESS]
        if number == _ROUGH_ROUNDS:
            rows = rows[least[rows] < _STILL_HOPELESS]
            least[rows] = left_at(rows, best[rows], roughly=False)
        if not len(rows):
            break
        tried = best[rows, None] + moves * step[rows, None]
        left = left_at(np.repeat(rows, len(moves)), tried.reshape(-1, 4), roughly=roughly).reshape(
            len(rows), len(moves)
        )
        gains = np.maximum(least[rows, None] - left, 0.0)
        largest = gains.max(axis=1)
        # All moves that help at once, or the best of them alone.
        together = best[rows] + (gains @ moves) / np.maximum(largest, 1e-12)[:, None] * step[rows]
        shared = left_at(rows, together, roughly=roughly)
        alone, single = left.min(axis=1), tried[np.arange(len(rows)), left.argmin(axis=1)]
        moved = largest > 0
        best[rows[moved]] = np.where((shared < alone)[:, None], together, single)[moved]
        least[rows[moved]] = np.minimum(shared, alone)[moved]
        step[rows[~moved]] /= 2
    maps = window_maps(sizes, turns, best)
    return maps, left_over_in_windows(old_miniatures, new_miniatures, maps)


def _by_shape(looks: Sequence[PhotoLook], miniatures: Miniatures) -> dict[float, NDArray[np.intp]]:
    """Rows of the photos that can be compared, by the logarithm of width through height."""
    out: dict[float, list[int]] = defaultdict(list)
    for row, look in enumerate(looks):
        if np.isfinite(miniatures[row, 0, 0, 0]) and look.width > 0 and look.height > 0:
            out[round(math.log(look.width / look.height) / _SHAPE_STEP) * _SHAPE_STEP].append(row)
    return {shape: np.array(rows, dtype=np.intp) for shape, rows in sorted(out.items())}


@functools.lru_cache(maxsize=64)
def _windows(
    narrower: int,
) -> tuple[list[tuple[float, float, float, float]], NDArray[np.intp], NDArray[np.float32]]:
    """Windows of a shape, and how a miniature is sampled at their W * 64 places: four pixels each, and their weights.

    Args:
        narrower: Logarithm of the old photo's width through height over that of the new one, in `_SHAPE_STEP`.
    """
    ratio = math.exp(narrower * _SHAPE_STEP)
    largest = (1.0 / ratio, 1.0) if ratio > 1 else (1.0, ratio)
    windows = []
    for scale in _SCALES:
        across, down = _places(largest[0] * scale), _places(largest[1] * scale)
        windows += [(scale, float(x), float(y), 0.0) for y in down for x in across]
    windows += [(scale, 0.5, 0.5, tilt) for scale, tilt in _TILTED]
    scales, x, y, tilts = np.array(windows).T[:, :, None]
    places = (np.arange(_SIDE) + 0.5) / _SIDE - 0.5
    v, u = (grid.reshape(1, -1) for grid in np.meshgrid(places, places, indexing="ij"))
    across, down = u * largest[0] * scales, v * largest[1] * scales
    # The shape of the old photo itself is not known here: the tilt is that of a square one.
    cosine, sine = np.cos(np.radians(tilts)), np.sin(np.radians(tilts))
    points = np.stack([x + across * cosine - down * sine, y + across * sine + down * cosine], axis=-1).reshape(-1, 2)
    points = np.clip(points * MINIATURE_PX - 0.5, 0, MINIATURE_PX - 1)
    low = np.minimum(points.astype(np.intp), MINIATURE_PX - 2)
    right, below = (points - low).T
    first = low[:, 1] * MINIATURE_PX + low[:, 0]
    pixels = first[:, None] + np.array([0, 1, MINIATURE_PX, MINIATURE_PX + 1])
    weights = np.stack([(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below], axis=1)
    return windows, pixels, weights.astype(np.float32)


def _places(side: float) -> NDArray[np.float64]:
    free = max(0.0, 1.0 - side)
    return 0.5 + np.linspace(-free / 2, free / 2, 1 + math.ceil(free / (_STEP * side) - 1e-9))


def _reduced(light: NDArray[np.float32]) -> NDArray[np.float32]:
    part = MINIATURE_PX // _SIDE
    cells = light.reshape(len(light), _SIDE, part, _SIDE, part).mean(axis=(2, 4))
    return np.asarray(cells.reshape(len(light), -1), dtype=np.float32)


def _normalised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    values = values - values.mean(axis=1, keepdims=True)
    return np.asarray(values / np.sqrt(np.einsum("ij,ij->i", values, values) + values.shape[1])[:, None])
