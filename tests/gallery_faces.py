"""Made-up faces and people for tests of the gallery."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.gallery.store import Exemplar

__all__ = ["EMBEDDER", "OTHER_EMBEDDER", "exemplar", "exemplars_of", "vector"]

EMBEDDER = "e" * 64
OTHER_EMBEDDER = "d" * 64
_LENGTH = 512


def vector(person: int, face: int, length: int = _LENGTH) -> NDArray[np.float32]:
    """A face of a person: near to their other faces, far from everybody else's."""
    middle = np.random.default_rng([person]).standard_normal(length)
    own = np.random.default_rng([person, face + 1]).standard_normal(length)
    sum_ = middle + 0.7 * own
    return (sum_ / np.linalg.norm(sum_)).astype(np.float32)


def exemplar(
    person: int,
    face: int,
    *,
    quality: float = 0.8,
    embedder: str = EMBEDDER,
    event: str = "wedding",
    added: str = "2026-05-01T12:00:00+00:00",
    yaw_deg: float | None = None,
) -> Exemplar:
    random = np.random.default_rng([person, face, 7])
    return Exemplar(
        vector=vector(person, face),
        embedder=embedder,
        engine="fake",
        quality=quality,
        chip_jpeg=b"\xff\xd8" + random.bytes(900) + b"\xff\xd9",
        event=event,
        photo_sha256=random.bytes(32).hex(),
        face_box=(10 * face, 20, 100, 120),
        added=added,
        yaw_deg=yaw_deg,
    )


def exemplars_of(
    person: int, count: int = 4, *, first: int = 0, embedder: str = EMBEDDER, event: str = "wedding"
) -> list[Exemplar]:
    return [exemplar(person, face, embedder=embedder, event=event) for face in range(first, first + count)]
