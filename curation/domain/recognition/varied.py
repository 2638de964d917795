"""Which faces of a person to keep: the good ones that differ most, so that the next photo is near one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["FaceToKeep", "varied"]

_GOOD_PART = 0.5
"""Of the quality of the best face: what is worse is kept only if there are not enough good ones."""
_TURNED_DEG = 15.0
"""From this yaw on a face shows a side of the head."""


class FaceToKeep(Protocol):
    """What the choice looks at; `curation.gallery.store.Exemplar` is one."""

    @property
    def vector(self) -> NDArray[np.float32]:
        """(D,) float32 of unit length."""

    @property
    def quality(self) -> float:
        """In [0, 1]."""

    @property
    def yaw_deg(self) -> float | None:
        """Turn to the side in degrees, if it is known."""

    @property
    def photo_sha256(self) -> str:
        """Of the photo's content."""


Face = TypeVar("Face", bound=FaceToKeep)


def varied(faces: Sequence[Face], most: int) -> tuple[Face, ...]:
    """The best and most varied faces of one person, of one embedder.

    The best face comes first, then the best one turned to each side, then again and again the face whose nearest
    kept one is farthest away (farthest-point sampling; Gonzalez, 1985), all among faces of good quality. Equal faces
    are ordered by photo and by the bytes of their vectors, so the order of `faces` makes no difference.

    Args:
        faces: Of one person and embedder.
        most: How many to keep, at least 1.

    Returns:
        At most `most` of them, in the order in which they were chosen.
    """
    if most < 1:
        raise ValueError(f"at least one face is to be kept, not {most}")
    ordered = sorted(faces, key=lambda face: (-face.quality, face.photo_sha256, face.vector.tobytes()))
    if not ordered:
        return ()
    good = sum(face.quality >= _GOOD_PART * ordered[0].quality for face in ordered)
    ordered = ordered[: max(good, most)]
    vectors = np.stack([face.vector for face in ordered]).astype(np.float64)
    likeness = vectors @ vectors.T
    kept = [0]
    for side in (-1.0, 1.0):
        turned = [row for row, face in enumerate(ordered) if side * (face.yaw_deg or 0.0) >= _TURNED_DEG]
        if turned and len(kept) < most and not set(turned) & set(kept):
            kept.append(turned[0])
    while len(kept) < min(most, len(ordered)):
        nearest = likeness[:, kept].max(axis=1)
        nearest[kept] = np.inf
        # Rounded, so that the last bit, which depends on the machine, does not choose among equal faces.
        kept.append(int(np.argmin(np.round(nearest, 6))))
    return tuple(ordered[row] for row in kept)
