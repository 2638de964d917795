"""Similarity of two photos, from their miniatures alone.

Two views of one scene are compared by the correlation of their light and colours after the best shift, so
that exposure, contrast, white balance and a slightly moved camera do not matter. Copies of a picture are found among
thousands by a perceptual hash: the signs of the lowest frequencies (the idea of pHash, phash.org).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.domain.measuring.measures import MINIATURE_BYTES, MINIATURE_PX

__all__ = ["coarse_looks", "hash_bands", "photo_similarity", "unpacked"]

_MAX_SHIFT_PX = 2  # of the miniature: an eighth of the photo's side
_COLOUR_WEIGHT = 2.0  # colours vary less than light, but distinguish clothes
_NOISE_VARIANCE = 4.0  # in squared levels: pictures with less contrast cannot be compared
_COARSE_MARGIN = 0.45  # the correlation of coarse pictures is lower by less than this (measured)
_PAIRS_AT_ONCE = 2048  # few enough for the processor's cache
_HASH_SIDE = 8
_BANDS = 4

Miniatures = NDArray[np.float32]


def unpacked(miniatures: Sequence[bytes]) -> Miniatures:
    """Miniatures as an array of shape (N, 3, 16, 16): light and two colours.

    Raises:
        ValueError: If one has another length than `MINIATURE_BYTES`.
    """
    if any(len(one) != MINIATURE_BYTES for one in miniatures):
        raise ValueError(f"a miniature has {MINIATURE_BYTES} bytes")
    flat = np.frombuffer(b"".join(miniatures), dtype=np.uint8)
    pixels = flat.reshape(-1, MINIATURE_PX, MINIATURE_PX, 3).astype(np.float32)
    pixels[..., 1:] *= _COLOUR_WEIGHT
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def photo_similarity(
    miniatures: Miniatures,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    *,
    at_least: NDArray[np.floating] | None = None,
) -> NDArray[np.float32]:
    """Similarity of the photos of each pair.

    Args:
        miniatures: (N, 3, 16, 16), see `unpacked`.
        first: (P,) rows of `miniatures`.
        second: (P,) rows of `miniatures`.
        at_least: (P,) the least similarity of interest; pairs that are clearly below it are not compared closely. None
            compares all.

    Returns:
        (P,) float32 in [-1, 1], the correlation at the best shift; 1 for two pictures that differ in exposure only,
        about 0 for pictures that have nothing in common; for pairs that are clearly below `at_least`, a value below
        it. The same if `first` and `second` are swapped.
    """
    alike = np.full(len(first), -1.0, dtype=np.float32)
    close = np.arange(len(first))
    if at_least is not None:
        close = np.flatnonzero(_coarse_similarity(miniatures, first, second) >= at_least - _COARSE_MARGIN)
    light = miniatures[:, 0]
    spectra = np.fft.rfft2(light - light.mean(axis=(1, 2), keepdims=True)).astype(np.complex64)
    for start in range(0, len(close), _PAIRS_AT_ONCE):
        part = close[start : start + _PAIRS_AT_ONCE]
        alike[part] = _similarity(miniatures, spectra, first[part], second[part])
    return alike


def coarse_looks(miniatures: Miniatures) -> NDArray[np.float32]:
    """Pictures of 4 x 4 pixels as vectors (N, 48), whose products are their correlations without a shift."""
    count, side = len(miniatures), MINIATURE_PX // 4
    coarse = miniatures.reshape(count, 3, 4, side, 4, side).mean(axis=(3, 5))
    coarse = (coarse - coarse.mean(axis=(2, 3), keepdims=True)).reshape(count, 48)
    coarse /= np.sqrt(np.einsum("ij,ij->i", coarse, coarse) + 16 * _NOISE_VARIANCE)[:, None]
    return np.asarray(coarse, dtype=np.float32)


def _coarse_similarity(
    miniatures: Miniatures, first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float32]:
    """The correlation of 4 x 4 pixels without a shift, at a fraction of the cost."""
    coarse = coarse_looks(miniatures)
    return np.asarray(np.einsum("ij,ij->i", coarse[first], coarse[second]), dtype=np.float32)


def _similarity(
    miniatures: Miniatures, spectra: NDArray[np.complex64], first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float32]:
    # The circular correlation of the light finds the shift; the similarity is then computed on what both pictures show.
    side = MINIATURE_PX
    reach = range(-_MAX_SHIFT_PX, _MAX_SHIFT_PX + 1)
    shifts = [(dy, dx) for dy in reach for dx in reach]
    crossed = np.fft.irfft2(spectra[first] * spectra[second].conj(), s=(side, side))
    best = np.argmax(np.stack([crossed[:, dy, dx] for dy, dx in shifts]), axis=0)
    still = shifts.index((0, 0))
    found = _correlation(miniatures[first], miniatures[second])
    for number in np.unique(best):
        if number == still:
            continue
        chosen = np.flatnonzero(best == number)
        dy, dx = shifts[number]
        rows, columns = slice(max(0, dy), side + min(0, dy)), slice(max(0, dx), side + min(0, dx))
        moved_rows, moved_columns = slice(max(0, -dy), side + min(0, -dy)), slice(max(0, -dx), side + min(0, -dx))
        a = miniatures[first[chosen]][:, :, rows, columns]
        b = miniatures[second[chosen]][:, :, moved_rows, moved_columns]
        found[chosen] = np.maximum(found[chosen], _correlation(a, b))
    return found


def _correlation(a: Miniatures, b: Miniatures) -> NDArray[np.float32]:
    pixels = a.shape[2] * a.shape[3]
    a = (a - a.mean(axis=(2, 3), keepdims=True)).reshape(len(a), -1)
    b = (b - b.mean(axis=(2, 3), keepdims=True)).reshape(len(b), -1)
    floor = _NOISE_VARIANCE * pixels
    energy = (np.einsum("ij,ij->i", a, a) + floor) * (np.einsum("ij,ij->i", b, b) + floor)
    return np.asarray(np.einsum("ij,ij->i", a, b) / np.sqrt(energy), dtype=np.float32)


def hash_bands(miniatures: Miniatures) -> NDArray[np.uint16]:
    """The perceptual hash of each photo, 64 bits in four parts: copies have at least one part in common.

    Args:
        miniatures: (N, 3, 16, 16), see `unpacked`.

    Returns:
        (N, 4) uint16.
    """
    basis = _cosines()
    low = np.einsum("ku,nuv,lv->nkl", basis, miniatures[:, 0], basis).reshape(len(miniatures), -1)
    bits = (low > np.median(low, axis=1, keepdims=True)).reshape(len(miniatures), _BANDS, -1)
    powers = 1 << np.arange(bits.shape[2], dtype=np.uint32)
    return np.asarray((bits * powers).sum(axis=2), dtype=np.uint16)


@functools.cache
def _cosines() -> NDArray[np.float32]:
    """The rows 0 to 7 of the discrete cosine transform of 16 values, without scale."""
    k, u = np.mgrid[0:_HASH_SIDE, 0:MINIATURE_PX]
    return np.asarray(np.cos(math.pi * k * (2 * u + 1) / (2 * MINIATURE_PX)), dtype=np.float32)
