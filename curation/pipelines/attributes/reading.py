"""Reading attributes of the faces of a photo in a worker, with every reader that is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.measuring.calibration import landmark_fit
from curation.engines.attributes.reader import AttributeReader, FoundAt
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.landmarks import LandmarkPredictor

__all__ = ["read_attributes"]

_MIN_FIT = 0.5  # below it the 68 points are not those of the face, as for eyes and smiles


def read_attributes(
    photo: PhotoPixels,
    faces: Sequence[tuple[Box, FiveLandmarks]],
    readers: Sequence[AttributeReader],
    predictor: Callable[[], LandmarkPredictor],
) -> list[FaceAttributes]:
    """What all readers say of the faces.

    The readers see the photo at full size, so that what they say does not depend on what was decoded before: it is the
    same for faces that were found just now and for those of an earlier run.

    Args:
        photo: The photo.
        faces: Box and landmarks of each face, in pixels of the upright full-size photo.
        readers: That tell different attributes.
        predictor: Gives the predictor of the 68 landmarks; called only if a reader needs it and there are faces.

    Returns:
        One for each face, in the given order.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded.
        FaceAnalysisError: If a network fails.
    """
    if not faces:
        return []
    # Cached landmarks are rounded; those found just now are rounded likewise.
    rounded = [(box, FiveLandmarks(*(Point(round(x, 2), round(y, 2)) for x, y in five))) for box, five in faces]
    needs_points = any(reader.spec.needs_points68 for reader in readers)
    points: list[NDArray[np.float64] | None] = [None] * len(faces)
    if needs_points:
        pixels = photo.full()
        points = [_points68(pixels, five, predictor()) for _, five in rounded]
    found = [FoundAt(box, five, marks) for (box, five), marks in zip(rounded, points, strict=True)]
    whole = _WholePhoto(photo)
    out = [FaceAttributes()] * len(faces)
    for reader in readers:
        out = [_joined(one, read) for one, read in zip(out, reader.read(whole, found), strict=True)]
    return out


def _points68(pixels: Pixels, landmarks: FiveLandmarks, predictor: LandmarkPredictor) -> NDArray[np.float64] | None:
    found = predictor.predict(pixels, landmarks)
    if found is None or landmark_fit(found.disagreement, found.instability) < _MIN_FIT:
        return None
    return found.points


def _joined(one: FaceAttributes, other: FaceAttributes) -> FaceAttributes:
    told = {
        name: getattr(other, name) for name in FaceAttributes.__dataclass_fields__ if getattr(other, name) is not None
    }
    return replace(one, **told) if told else one


class _WholePhoto:
    """A photo that always gives all its pixels; implements `curation.engines.base.PhotoPixels`."""

    def __init__(self, photo: PhotoPixels) -> None:
        self._photo = photo

    @property
    def width(self) -> int:
        return self._photo.width

    @property
    def height(self) -> int:
        return self._photo.height

    def full(self) -> Pixels:
        return self._photo.full()

    def detailed(self, scale: float) -> Pixels:
        return self._photo.full()

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        self._photo.full()  # the smaller picture is then made from it
        return self._photo.reduced(long_side_px, averaged=averaged)
