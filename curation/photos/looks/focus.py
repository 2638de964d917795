"""How sharp a picture is, independent of its noise, contrast and brightness.

A natural picture has about the same energy in each octave of detail, and blur removes it from the finest
octaves first. So the share of the fine octaves measures the blur, and is the same for large and small
faces, for bright and dark ones. Noise looks like fine detail, but is spread evenly over the
picture while detail is on edges: it is estimated where the picture is smooth and subtracted, a fifth
more than is found, since a noisy photo that counts as sharp does more harm than the reverse.
"""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MIN_SIDE_PX", "fine_detail"]

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


def fine_detail(picture: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> float | None:
    """The share of fine detail, as the logarithm to base 2.

    0.9 log2((e0 + e1) / (e2 + e3)) + 0.1 log2(e0 / e2), where e0 to e3 are the energies of four octaves, finest
    first, on the picture's edges and without the noise.

    Args:
        picture: (H, W, 3) uint8 RGB, not enlarged.
        mask: (H, W), the part to judge; the rest is only used to estimate the noise. None judges all.

    Returns:
        About -1.5 to -2.5 for a sharp face, -4 for a clearly blurred one, -6 for an unusable one;
        None if the picture is too small or has no contrast.
    """
    if min(picture.shape[:2]) < MIN_SIDE_PX:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    levels = [grey, *(cv2.GaussianBlur(grey, (0, 0), s, borderType=cv2.BORDER_REFLECT_101) for s in _SIGMAS_PX)]
    octaves = [finer - coarser for finer, coarser in itertools.pairwise(levels)]
    edges = cv2.GaussianBlur(octaves[2] ** 2 + octaves[3] ** 2, (0, 0), _EDGE_SIGMA_PX)
    judged = edges if mask is None else edges[mask]
    if judged.size == 0:
        return None
    edges = np.maximum(edges - np.percentile(judged, _EDGE_PERCENTILE), 0)
    if mask is not None:
        edges = edges * mask
    total = float(edges.sum())
    if total <= 0:
        return None
    energy = np.array([float((edges * octave * octave).sum()) / total for octave in octaves])
    energy -= _noise_energy(grey, octaves[0], octaves[1])
    coarse = float(energy[2] + energy[3])
    if coarse < _MIN_COARSE_ENERGY:
        return None
    energy = np.maximum(energy, coarse * _FLOOR)
    fine = math.log2((energy[0] + energy[1]) / (energy[2] + energy[3]))
    return (1 - _FINEST_SHARE) * fine + _FINEST_SHARE * math.log2(energy[0] / energy[2])


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
    in_finest = float(np.percentile(averages(finest * finest)[lit], _SMOOTH_PERCENTILE)) / _FINEST_BIAS
    in_second = float(np.percentile(averages(second * second)[lit], _SMOOTH_PERCENTILE)) / _SECOND_BIAS
    white = in_finest * _NOISE_GAIN / _NOISE_GAIN[0]
    excess = min(max(in_second / white[1], 1.0), _MAX_SECOND_EXCESS) if white[1] > 0 else 1.0
    return np.asarray(white * np.array([1.0, excess, excess, excess]), dtype=np.float64)
