"""Pairs of photos that are worth a closer look, among tens of thousands: by matrix products in blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.domain.identity.light_likeness import Miniatures, turned
from curation.domain.identity.photo_looks import PhotoLook

__all__ = ["alike_by_faces", "alike_by_light"]

_BLOCK_BYTES = 24 * 2**20  # of the similarities that are held at once
_LEAST_CORRELATION = 0.88  # of the light as it is: other exposure and contrast lower it a little
_LOOKED_AT = 8  # photos for each one
_SAME_FACE = 0.55
_FACES_LOOKED_AT = 3  # for each face


def alike_by_light(old: Miniatures, new: Miniatures) -> set[tuple[int, int]]:
    """Pairs of rows whose whole light is alike, upright or turned by quarters; the best few of each old photo.

    Args:
        old: (O, 16, 16, 3), see `light_likeness`.
        new: (N, 16, 16, 3).
    """
    rows, columns = (np.flatnonzero(np.isfinite(one[:, 0, 0, 0])) for one in (old, new))
    found: set[tuple[int, int]] = set()
    if not len(rows) or not len(columns):
        return found
    there = _normalised(new[columns])
    step = max(1, _BLOCK_BYTES // (4 * len(columns)))
    here = [_normalised(turned(old[rows], turn)) for turn in range(4)]
    for start in range(0, len(rows), step):
        alike = here[0][start : start + step] @ there.T
        for other in here[1:]:
            np.maximum(alike, other[start : start + step] @ there.T, out=alike)
        _add_best(found, alike, rows[start : start + step], columns, _LEAST_CORRELATION, _LOOKED_AT)
    return found


def alike_by_faces(old: Sequence[PhotoLook], new: Sequence[PhotoLook]) -> set[tuple[int, int]]:
    """Pairs of rows of photos that show the same face; the best few of each face of the old photos."""
    found: set[tuple[int, int]] = set()
    sizes = {look.vectors.shape[1] for look in (*old, *new) if len(look.vectors)} - {0}
    for size in sorted(sizes):
        here, photo_of = _faces(old, size)
        there, other_photo_of = _faces(new, size)
        if not len(here) or not len(there):
            continue
        step = max(1, _BLOCK_BYTES // (4 * len(there)))
        for start in range(0, len(here), step):
            alike = here[start : start + step] @ there.T
            _add_best(found, alike, photo_of[start : start + step], other_photo_of, _SAME_FACE, _FACES_LOOKED_AT)
    return found


def _add_best(
    found: set[tuple[int, int]],
    alike: NDArray[np.float32],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    least: float,
    most: int,
) -> None:
    for row, values in zip(rows.tolist(), alike, strict=True):
        good = np.flatnonzero(values >= least)
        if len(good) > most:
            # All that are as good as the last: what is found does not depend on the order.
            good = good[values[good] >= np.partition(values[good], -most)[-most] - 1e-5]
        found.update((row, column) for column in columns[good].tolist())


def _faces(looks: Sequence[PhotoLook], size: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The known vectors of one size, and the photo of each."""
    vectors, photos = [np.zeros((0, size), dtype=np.float32)], []
    for number, look in enumerate(looks):
        if look.vectors.shape[1] == size:
            known = look.vectors[np.abs(look.vectors).max(axis=1, initial=0) > 0]
            vectors.append(known)
            photos += [number] * len(known)
    return np.concatenate(vectors).astype(np.float32), np.array(photos, dtype=np.intp)


def _normalised(miniatures: Miniatures) -> NDArray[np.float32]:
    light = miniatures[..., 0].reshape(len(miniatures), -1)
    light = light - light.mean(axis=1, keepdims=True)
    return np.asarray(light / np.linalg.norm(light, axis=1, keepdims=True), dtype=np.float32)
