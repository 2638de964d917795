"""An outfit as numbers, to compare people's clothes within one event: histograms of colours below the chin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.outfits.clothed_pixels import MaskValues, PhotoArray, clothed_pixels
from curation.domain.outfits.oklab import oklab
from curation.domain.outfits.zones import Zone

__all__ = ["SIGNATURE_LENGTH", "distance", "outfit_signature"]

# Bins of lightness, a and b; pixels are shared between neighbouring bins, so that a little more light changes little.
_BINS = (5, 6, 6)
_LOWEST = (0.05, -0.15, -0.15)
_HIGHEST = (0.95, 0.15, 0.15)
_ZONES = (Zone.TOP, Zone.BOTTOM)
_PER_ZONE = _BINS[0] * _BINS[1] * _BINS[2]
_DIGITS = 4
_LEAST_SAMPLES = 25
_LEAST_AREA = 0.03  # of a zone, in squares of a torso's length
_TOP_WEIGHT, _BOTTOM_WEIGHT = 0.6, 0.4

SIGNATURE_LENGTH = len(_ZONES) * _PER_ZONE
"""How many numbers a signature has."""


def outfit_signature(photo: PhotoArray, clothes: MaskValues, person: Person) -> tuple[float, ...]:
    """The colours of somebody's clothes as numbers.

    Args:
        photo: The photo, at any scale.
        clothes: The person's clothing mask.
        person: The person.

    Returns:
        Two histograms in OKLab, of the top and of the bottom, each with sum 1, or all 0 if that part is not in the
        photo; empty if neither is.
    """
    samples = clothed_pixels(photo, clothes, person)
    parts = []
    for zone in _ZONES:
        here = samples.zones == zone
        enough = here.sum() >= _LEAST_SAMPLES
        enough = enough and here.sum() * samples.pixels_each >= _LEAST_AREA * samples.unit**2
        parts.append(_histogram(oklab(samples.colours[here]), samples.weights[here]) if enough else np.zeros(_PER_ZONE))
    numbers = np.concatenate(parts)
    return tuple(numbers.round(_DIGITS).tolist()) if numbers.any() else ()


def distance(a: Sequence[float], b: Sequence[float]) -> float | None:
    """How different two outfits are.

    Args:
        a: From `outfit_signature`.
        b: Likewise.

    Returns:
        The Hellinger distance of the parts that both show, in [0, 1]; None for "cannot tell": one of them is empty, or
        one shows only the top and the other only the bottom.

    Raises:
        ValueError: If a signature has another length.
    """
    if not len(a) or not len(b):
        return None
    if len(a) != SIGNATURE_LENGTH or len(b) != SIGNATURE_LENGTH:
        raise ValueError(f"signatures have {SIGNATURE_LENGTH} numbers, not {len(a)} and {len(b)}")
    first, second = (np.asarray(each, dtype=np.float64).reshape(len(_ZONES), _PER_ZONE) for each in (a, b))
    total = weight_sum = 0.0
    for one, other, weight in zip(first, second, (_TOP_WEIGHT, _BOTTOM_WEIGHT), strict=True):
        if one.any() and other.any():
            overlap = float(np.sqrt(one / one.sum() * (other / other.sum())).sum())
            total += weight * max(0.0, 1.0 - overlap)
            weight_sum += weight
    return float(np.sqrt(total / weight_sum)) if weight_sum else None


def _histogram(lab: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """(_PER_ZONE,) with sum 1; each pixel is shared between its eight nearest bins."""
    lowest, highest = np.array(_LOWEST), np.array(_HIGHEST)
    last = np.array(_BINS) - 1
    place = np.clip((lab - lowest) / (highest - lowest), 0, 1) * last
    floor = np.minimum(place.astype(np.intp), last - 1)
    part = place - floor
    bins = np.zeros(_BINS)
    for corner in np.ndindex(2, 2, 2):
        share = np.prod(np.where(np.array(corner) == 1, part, 1 - part), axis=1) * weights
        np.add.at(bins, tuple((floor + np.array(corner)).T), share)
    return np.asarray(bins.ravel() / bins.sum())
