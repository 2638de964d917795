"""Embedding the faces of several photos in one batch, without which a GPU is not worthwhile.

On the CPU a batch contains one photo, so that results do not depend on which photos are in the same batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, DetectedFace, FiveLandmarks
from curation.engines.base import FoundFace, PhotoPixels
from curation.errors import FaceAnalysisError, PhotoError

__all__ = ["ChippedFace", "analysed_together", "left_to_right"]


class ChippedFace(NamedTuple):
    """A face before it is embedded.

    Attributes:
        box: Bounds, clipped to the photo.
        landmarks: Five points in pixels of the upright full-size photo.
        confidence: The detector's, in [0, 1].
        chip: The embedder's input, (S, S, 3) uint8 RGB.
    """

    box: Box
    landmarks: FiveLandmarks
    confidence: float
    chip: NDArray[np.uint8]


def analysed_together(
    photos: Sequence[PhotoPixels],
    find: Callable[[PhotoPixels], Sequence[ChippedFace]],
    embed: Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]],
) -> list[Sequence[DetectedFace] | PhotoError]:
    """Find the faces of each photo, and embed the faces of all photos in one batch.

    Args:
        photos: The photos.
        find: Finds the faces of a photo and makes their chips.
        embed: Returns (N, D) float32 of unit length for N >= 1 chips.

    Returns:
        For each photo its faces from left to right, or its error; errors do not affect other photos.
    """
    found: list[Sequence[ChippedFace] | PhotoError] = []
    for photo in photos:
        try:
            found.append(find(photo))
        except PhotoError as error:
            found.append(error)
    good = [faces for faces in found if not isinstance(faces, PhotoError)]
    chips = [face.chip for faces in good for face in faces]
    try:
        embeddings = iter(embed(chips) if chips else ())
    except FaceAnalysisError as error:
        if len(photos) == 1:
            return [error]
        return [analysed_together([photo], find, embed)[0] for photo in photos]
    return [faces if isinstance(faces, PhotoError) else _sorted(faces, embeddings) for faces in found]


def _sorted(faces: Sequence[ChippedFace], embeddings: Iterator[NDArray[np.float32]]) -> list[DetectedFace]:
    embedded = [DetectedFace(face.box, face.landmarks, face.confidence, next(embeddings)) for face in faces]
    return sorted(embedded, key=_place)


def left_to_right(faces: Iterable[ChippedFace]) -> list[FoundFace]:
    """Faces without their chips, in the order of `FaceEngine.analyse`."""
    return sorted((FoundFace(face.box, face.landmarks, face.confidence) for face in faces), key=_place)


def _place(face: DetectedFace | FoundFace) -> tuple[int, int]:
    return face.box.x, face.box.y
