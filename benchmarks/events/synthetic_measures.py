"""Synthetic measures of photos, with which the scoring stage has nothing to measure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from curation.domain.measuring.measures import FaceMeasures, Measure, PhotoMeasures

__all__ = ["MEASURES_PER_FACE", "MEASURES_PER_PHOTO", "synthetic_measures"]

MEASURES_PER_FACE = 5
MEASURES_PER_PHOTO = 2


def synthetic_measures(
    values: Sequence[float],
    *,
    size_px: tuple[int, int],
    face_px: int = 300,
    taken: datetime | None = None,
    miniature: bytes | None = None,
) -> PhotoMeasures:
    """The measures of a photo.

    Args:
        values: Numbers in [0, 1]: `MEASURES_PER_FACE` for each face, then `MEASURES_PER_PHOTO`.
        size_px: Width and height of the photo in pixels.
        face_px: Size of each face in pixels.
        taken: Capture time of the photo.
        miniature: The photo in a few pixels, by which photos of a burst are compared.
    """
    left = iter(values)

    def measure() -> Measure:
        value = next(left)
        return Measure.of(value, value)

    def face() -> FaceMeasures:
        return FaceMeasures(
            face_px, 5.0, 2.0, 1.0, 0.9, measure(), measure(), smile=measure(), focus=measure(), exposure=measure()
        )

    faces = tuple(face() for _ in range((len(values) - MEASURES_PER_PHOTO) // MEASURES_PER_FACE))
    return PhotoMeasures(*size_px, faces, measure(), measure(), taken, miniature)
