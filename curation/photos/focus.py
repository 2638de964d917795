"""How sharp a picture is, whatever its noise, contrast and light.

A natural picture holds about as much energy in each octave of detail; blur takes it from the finest
octaves first. So the share of the fine octaves tells the blur, and is the same for large and small
faces, for bright and dark ones. Noise looks like fine detail, but it lies evenly over the
picture while detail lies on edges: it is estimated where the picture is smooth and taken off.
"""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MIN_SIDE_PX", "fine_detail"]

MIN_SIDE_PX = 16
"""Smaller pictures hold too few pixels for four octaves."""

_SIGMAS_PX = (0.7, 1.4, 2.8, 5.6)
# What white noise of variance 1 leaves in each octave (mean square of the differences of the Gaussians, measured).
_NOISE_GAIN = np.array([0.5189, 0.0776, 0.0181, 0.0046])
_BLOCK_PX = 7  # over such blocks the finest octave's energy is averaged to find the noise
_SMOOTH_PERCENTILE = 15  # this share of a face has no texture of its own
_SMOOTH_BIAS = 0.75  # the 15th percentile of such averages of pure noise lies this far below their mean
_EDGE_PERCENTILE = 60  # only the part of the picture that has coarse detail is looked at
_EDGE_SIGMA_PX = 3.0
_FLOOR = 2.0**-9  # of the coarse energy: less cannot be told from none, with 8 bits
_MIN_COARSE_ENERGY = 0.25  # in squared grey levels; below it there is nothing to focus on


def fine_detail(picture: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> float | None:
    """The share of fine detail, as a power of 2.

    The mean of log2(e0 / e2) and log2((e0 + e1) / (e2 + e3)), where e0 to e3 are the energies of four
    octaves, finest first, on the picture's edges and without the noise.

    Args:
        picture: (H, W, 3) uint8 RGB, not enlarged.
        mask: (H, W), the part to judge; the rest only helps to find the noise. None takes all.

    Returns:
        About -1.5 to -2.5 for a sharp face, -4 for one that is plainly blurred, -6 for one that is lost;
        None if the picture is too small or has no contrast.
    """
    if min(picture.shape[:2]) < MIN_SIDE_PX:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    levels = [grey, *(cv2.GaussianBlur(grey, (0, 0), s, borderType=cv2.BORDER_REFLECT_101) for s in _SIGMAS_PX)]
    octaves = [finer - coarser for finer, coarser in itertools.pairwise(levels)]
    noise_variance = _noise_variance(octaves[0])
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
    energy -= noise_variance * _NOISE_GAIN
    coarse = float(energy[2] + energy[3])
    if coarse < _MIN_COARSE_ENERGY:
        return None
    energy = np.maximum(energy, coarse * _FLOOR)
    return (math.log2(energy[0] / energy[2]) + math.log2((energy[0] + energy[1]) / (energy[2] + energy[3]))) / 2


def _noise_variance(finest: NDArray[np.float32]) -> float:
    block = cv2.boxFilter(finest * finest, -1, (_BLOCK_PX, _BLOCK_PX))
    rim = _BLOCK_PX // 2
    smooth = float(np.percentile(block[rim:-rim:rim, rim:-rim:rim], _SMOOTH_PERCENTILE))
    return smooth / float(_NOISE_GAIN[0]) / _SMOOTH_BIAS
