"""Stand-ins for tests: a photo that is an array, and an engine whose faces are painted blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, DetectedFace, FiveLandmarks
from curation.engines.base import EngineSpec, FoundFace, PhotoPixels
from curation.errors import PhotoError
from ground_truth.array_photo import ArrayPhoto

__all__ = ["FAKE_PEOPLE", "ArrayPhoto", "FakeEngine", "fake_spec", "paint_face", "painted_photo"]

FAKE_PEOPLE = 12
"""How many persons `paint_face` can tell apart."""

_BACKGROUND = 128
_MIN_SATURATION = 90  # JPEG turns grey into almost grey, never into a colour this strong
_MIN_SIDE_PX = 4
# Where the points lie in the painted block, as parts of its sides.
_LANDMARKS = np.array([[0.30, 0.40], [0.70, 0.40], [0.50, 0.60], [0.35, 0.80], [0.65, 0.80]])


def paint_face(array: NDArray[np.uint8], box: Box, person: int) -> None:
    """Paint a block that `FakeEngine` takes for a face of that person (0 to FAKE_PEOPLE - 1)."""
    if not 0 <= person < FAKE_PEOPLE:
        raise ValueError(f"there are the persons 0 to {FAKE_PEOPLE - 1}, not {person}")
    hue = person * 180 // FAKE_PEOPLE  # OpenCV's hues go from 0 to 179
    colour = cv2.cvtColor(np.array([[[hue, 255, 255]]], dtype=np.uint8), cv2.COLOR_HSV2RGB)[0, 0]
    array[box.y : box.y + box.h, box.x : box.x + box.w] = colour


def painted_photo(width: int, height: int, faces: Sequence[tuple[Box, int]] = ()) -> NDArray[np.uint8]:
    """A grey (height, width, 3) uint8 RGB photo with painted faces `(box, person)`."""
    array = np.full((height, width, 3), _BACKGROUND, dtype=np.uint8)
    for box, person in faces:
        paint_face(array, box, person)
    return array


def fake_spec() -> EngineSpec:
    return EngineSpec(
        name="fake",
        weights=(),
        options=(),
        distance_threshold=0.5,
        threshold_source="made up for tests",
        providers=("CPUExecutionProvider",),
        reason="tests ask for it",
    )


class FakeEngine:
    """Finds the blocks of `paint_face`; implements `curation.engines.base.FaceEngine`.

    Embeddings of one person have a cosine similarity of 1, of two persons 0.
    """

    def __init__(self, spec: EngineSpec | None = None) -> None:
        self._spec = spec or fake_spec()

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    def analyse_many(self, photos: Sequence[PhotoPixels]) -> list[Sequence[DetectedFace] | PhotoError]:
        found: list[Sequence[DetectedFace] | PhotoError] = []
        for photo in photos:
            try:
                found.append(self.analyse(photo))
            except PhotoError as error:
                found.append(error)
        return found

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        return self._faces_of(*photo.full())

    def find(self, photo: PhotoPixels) -> Sequence[FoundFace]:
        return [FoundFace(face.box, face.landmarks, face.confidence) for face in self.analyse(photo)]

    def embed_changed(
        self,
        photo: PhotoPixels,
        landmarks: FiveLandmarks,
        change: Callable[[NDArray[np.uint8]], Sequence[NDArray[np.uint8]]],
    ) -> NDArray[np.float32]:
        array, scale = photo.full()
        x, y = (landmarks.as_array().mean(axis=0) * scale).astype(int)
        chip = np.tile(array[y, x], (8, 8, 1))
        return np.stack([self._embedding(chip, np.ones((8, 8), dtype=np.bool_)) for chip in change(chip)])

    @staticmethod
    def _embedding(array: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.float32]:
        hue = float(np.median(cv2.cvtColor(np.ascontiguousarray(array), cv2.COLOR_RGB2HSV)[where, 0]))
        embedding = np.zeros(FAKE_PEOPLE, dtype=np.float32)
        embedding[round(hue * FAKE_PEOPLE / 180) % FAKE_PEOPLE] = 1.0
        return embedding

    def _faces_of(self, array: NDArray[np.uint8], scale: float) -> Sequence[DetectedFace]:
        saturated = (array.max(axis=2).astype(int) - array.min(axis=2)) >= _MIN_SATURATION
        count, numbered, stats, _ = cv2.connectedComponentsWithStats(saturated.astype(np.uint8))
        faces = []
        for index in range(1, count):
            x, y, w, h = (int(value) for value in stats[index, :4])
            if min(w, h) < _MIN_SIDE_PX:
                continue
            faces.append(
                DetectedFace(
                    box=Box(*(round(value / scale) for value in (x, y, w, h))),
                    landmarks=FiveLandmarks.from_array((np.array([x, y]) + _LANDMARKS * np.array([w, h])) / scale),
                    confidence=0.99,
                    embedding=self._embedding(array, numbered == index),
                )
            )
        return sorted(faces, key=lambda face: (face.box.x, face.box.y))
