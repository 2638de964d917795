"""The engine that needs no download: dlib's face detectors and its ResNet face descriptor.

The weights come with the package face_recognition_models, see `curation.engines.weights.registry`. The neural
networks run in ONNX Runtime, see `curation.engines.dlib.conversion`. dlib is imported when an engine is built, not with
this module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import DetectedFace, FiveLandmarks
from curation.domain.faces.geometry import clipped_box, five_of_68
from curation.engines.alignment import DETAIL_PX, landmarks_plausible
from curation.engines.base import EngineSpec, PhotoPixels, Pixels
from curation.engines.batching import FoundFace, analysed_together
from curation.engines.dlib.hog import HogDetector
from curation.engines.dlib.networks import FaceDescriptor, FaceDetector, FoundBox
from curation.engines.dlib.small_face_hints import SmallFaceHints
from curation.engines.onnx_sessions import CPU_PROVIDER
from curation.engines.tiling import Detections, Tiling, detect_in_two_looks
from curation.errors import FaceAnalysisError, PhotoError

__all__ = [
    "DESCRIPTOR",
    "ENGINE_NAME",
    "HOG",
    "MMOD",
    "NETWORK_DESCRIPTOR",
    "NETWORK_DETECTOR",
    "NETWORK_SCREENING",
    "PREDICTOR",
    "DlibEngine",
    "confidence_of_score",
    "score_of_confidence",
]

ENGINE_NAME = "dlib"
DESCRIPTOR = 0
"""Index of the ResNet descriptor in `EngineSpec.weights`."""
PREDICTOR = 1
"""Index of the 68-point predictor in `EngineSpec.weights`."""
NETWORK_DESCRIPTOR = 0
"""Index of the ResNet descriptor in `EngineSpec.converted`."""
NETWORK_DETECTOR = 1
"""Index of the MMOD detector in `EngineSpec.converted`, if that is the detector."""
NETWORK_SCREENING = 2
"""Index of the same in small integers, likewise."""

MMOD, HOG = "mmod", "hog"

# Both detectors find faces from 80 px on, so small photos are enlarged; beyond this factor they found no more
# faces, only took longer.
_MAX_ENLARGEMENT = 3.0
# The logistic function's steepness: a frontal face in good light scores about 2 with HOG and 1 with MMOD.
_STEEPNESS: Mapping[str, float] = MappingProxyType({HOG: 1.0, MMOD: 3.0})
# HOG takes badges and emblems for faces, with low scores. On such the landmarks fly apart when the predictor starts
# from slightly other boxes: the instability was 0.074 to 0.113 on 7 pictures of badges, at most 0.065 on 27 faces of
# groups and portraits with scores as low. MMOD does not need that.
_DOUBTFUL_SCORE = 0.4
_MAX_DOUBTFUL_INSTABILITY = 0.07
# The predictor was trained on HOG's boxes. Where they lie about MMOD's: growth, shift to the right and downwards in
# sides of MMOD's box; medians of 677 faces that both found.
_HOG_GROWTH = 1.09
_HOG_SHIFT = np.array([0.055, 0.08])
# The second look at a large photo, see docs/accuracy.md: at twice its size, but at most 24 megapixels, as nothing below
# 80 px is found. Faces at the detectors' lower limit are small; a group of them, found or guessed, calls for it,
# since it takes ten times as long as the first look.
_FINER_SIZE_PX = 6000
_MAX_FINER_ENLARGEMENT = 2.0
_TILE_PX = (2000, 1500)
_TILE_OVERLAP_PX = 320
_SMALL_FACE_PX = 100.0
_MIN_SMALL_FACES = 4
# The descriptor was trained on faces whose landmarks start from HOG's boxes, which depend on how a head is turned.
# So HOG looks where MMOD found a face, at this size, with so much around it (in sides of the box) and a threshold
# below its own. On an album (163 faces that both find) B-cubed F was 0.93 with HOG's boxes, found in either way, and
# 0.86 to 0.89 with any fixed place in MMOD's.
_HOG_SIDE_PX = 130.0
_HOG_SURROUNDINGS = 0.7
_HOG_MIN_SCORE = -0.5
_HOG_MIN_IOU = 0.35
# Side of the detector's box over the distance of the eyes.
_BOX_PER_EYE_DISTANCE = 2.37
# What the descriptor was trained on (dlib's get_face_chip and its defaults).
_CHIP_SIZE_PX = 150
_CHIP_PADDING = 0.25


class _Detector(Protocol):
    def detect(self, picture: NDArray[np.uint8], *, min_score: float) -> list[FoundBox]: ...


def confidence_of_score(score: float, detector: str = HOG) -> float:
    """Map a detector's score into (0, 1).

    A logistic function: it keeps the order, and the detector's own threshold 0 becomes 0.5. It is no calibrated
    probability.
    """
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, _STEEPNESS[detector] * score))))


def score_of_confidence(confidence: float, detector: str = HOG) -> float:
    """The score that `confidence_of_score` maps to a confidence in (0, 1)."""
    return math.log(confidence / (1 - confidence)) / _STEEPNESS[detector]


class DlibEngine:
    """Finds faces with one of dlib's detectors and embeds them with its ResNet descriptor.

    Implements `curation.engines.base.FaceEngine`. Results depend on the weights and on `spec.options`: `detector`
    (`mmod` or `hog`), `working_size_px`, the longer side of the photo that the detector sees (smaller photos are
    enlarged at most threefold), `min_confidence`, see `confidence_of_score`, and `tiling`, the mode of a second look
    at large photos, see `curation.engines.tiling`.
    """

    def __init__(self, spec: EngineSpec) -> None:
        """Load the detector, the predictor and the descriptor.

        Args:
            spec: Of this engine, with the descriptor's and the predictor's weights and the converted networks.

        Raises:
            WeightsMissingError: If a weights file is gone.
            WeightsBrokenError: If one cannot be read.
        """
        options = dict(spec.options)
        if spec.name != ENGINE_NAME or len(spec.weights) < 2 or options.get("detector") not in _STEEPNESS:
            raise ValueError(f"this is not a spec of {ENGINE_NAME}: {spec}")
        import dlib

        from curation.engines.landmarks import LandmarkPredictor

        self._spec = spec
        self._detector_name = str(options["detector"])
        self._working_size_px = int(options["working_size_px"])
        self._min_confidence = float(options["min_confidence"])
        self._tiling = Tiling(
            mode=str(options["tiling"]),
            finer_size_px=_FINER_SIZE_PX,
            max_enlargement=_MAX_FINER_ENLARGEMENT,
            tile_px=_TILE_PX,
            overlap_px=_TILE_OVERLAP_PX,
            small_face_px=_SMALL_FACE_PX,
            min_small_faces=_MIN_SMALL_FACES,
            min_confidence=score_of_confidence(self._min_confidence, self._detector_name),
        )
        self._hints = SmallFaceHints()
        self._dlib = dlib
        self._descriptor = FaceDescriptor(spec.converted[NETWORK_DESCRIPTOR], spec.providers)
        self._hog = HogDetector()
        self._detector: _Detector = self._hog if self._detector_name == HOG else _network_detector(spec)
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
        sides = [float(min(one.area[2:] - one.area[:2])) for one in found]
        pixels = photo.detailed(min(1.0, DETAIL_PX * _BOX_PER_EYE_DISTANCE / min(sides)))
        picture = np.ascontiguousarray(pixels.array)
        faces = []
        try:
            for area, score in found:
                shape, landmarks = self._landmarks(Pixels(picture, pixels.scale), area * pixels.scale)
                if landmarks is None:
                    continue
                left, top, right, bottom = (round(float(edge)) for edge in area)
                box = clipped_box(left, top, right, bottom, photo.width, photo.height)
                if box is None or not landmarks_plausible(box, landmarks):
                    continue
                if self._is_doubtful(score) and not self._is_face(pixels, landmarks):
                    continue
                chip = self._dlib.get_face_chip(picture, shape, size=_CHIP_SIZE_PX, padding=_CHIP_PADDING)
                faces.append(FoundFace(box, landmarks, confidence_of_score(score, self._detector_name), chip))
        except RuntimeError as error:
            raise FaceAnalysisError(f"dlib failed: {error}") from error
        return faces

    def detect_in(self, picture: NDArray[np.uint8], *, min_confidence: float | None = None) -> list[FoundBox]:
        """Find the faces of a picture as it is; the smallest have 80 pixels.

        Args:
            picture: (H, W, 3) uint8 RGB, a photo of any size or a part of one.
            min_confidence: Faces have a larger one, see `confidence_of_score`; None takes the engine's own.

        Returns:
            Best first, in pixels of the picture, not clipped.

        Raises:
            FaceAnalysisError: If the detector fails.
        """
        least = self._min_confidence if min_confidence is None else min_confidence
        return self._detector.detect(picture, min_score=score_of_confidence(least, self._detector_name))

    def _detect(self, photo: PhotoPixels) -> list[FoundBox]:
        """Faces in pixels of the full-size photo, not clipped, best first."""
        array, scale = photo.reduced(self._working_size_px)
        enlargement = min(self._working_size_px / max(array.shape[:2]), _MAX_ENLARGEMENT)
        if enlargement > 1:
            size = (max(1, round(array.shape[1] * enlargement)), max(1, round(array.shape[0] * enlargement)))
            array = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
            scale *= enlargement
        looked = detect_in_two_looks(self._look, photo, Pixels(array, scale), self._tiling, suspect=self._hints.areas)
        ranked = np.lexsort((*looked.areas.T[::-1], -looked.confidences))
        return [FoundBox(looked.areas[index], float(looked.confidences[index])) for index in ranked]

    def _look(self, picture: NDArray[np.uint8]) -> Detections:
        """The faces of a picture, with dlib's scores in place of confidences."""
        found = self.detect_in(picture)
        areas = np.array([one.area for one in found], dtype=np.float64).reshape(-1, 4)
        return Detections(areas, np.array([one.score for one in found], dtype=np.float64), np.zeros((len(found), 0, 2)))

    def _is_doubtful(self, score: float) -> bool:
        return self._detector_name == HOG and score < _DOUBTFUL_SCORE

    def _is_face(self, pixels: Pixels, landmarks: FiveLandmarks) -> bool:
        found = self._predictor.predict(pixels, landmarks)
        return found is not None and found.instability <= _MAX_DOUBTFUL_INSTABILITY

    def _landmarks(self, pixels: Pixels, area: NDArray[np.float64]) -> tuple[Any, FiveLandmarks | None]:
        """The 68 points in pixels of the picture, and the five in the full-size photo; None if they are no face."""
        if self._detector_name == HOG:
            shape = self._predictor.shape_in(pixels.array, self._rectangle(area))
            return shape, _five_of(_points_of(shape), pixels.scale)
        start = self._hog_box(pixels.array, area)
        if start is not None:
            shape = self._predictor.shape_in(pixels.array, self._rectangle(start))
            return shape, _five_of(_points_of(shape), pixels.scale)
        # Much turned faces, which HOG does not know: seen upright, and from several boxes, the landmarks are better
        # than from one box.
        shape = self._predictor.shape_in(pixels.array, self._rectangle(_as_hog(area)))
        better = self._predictor.predict(pixels, _five_of(_points_of(shape), pixels.scale))
        if better is None:
            return shape, None
        points = (better.points + 0.5) * pixels.scale - 0.5
        return self._shape_of(points, shape.rect), _five_of(points, pixels.scale)

    def _hog_box(self, picture: NDArray[np.uint8], area: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The box that HOG finds where MMOD found one, in pixels of the picture; None if it finds none."""
        side = float(area[2] - area[0])
        height, width = picture.shape[:2]
        left, top = (max(0, math.floor(edge - _HOG_SURROUNDINGS * side)) for edge in area[:2])
        right, bottom = (
            min(limit, math.ceil(edge + _HOG_SURROUNDINGS * side))
            for edge, limit in zip(area[2:], (width, height), strict=True)
        )
        scale = _HOG_SIDE_PX / side
        size = (round((right - left) * scale), round((bottom - top) * scale))
        if right - left < 1 or bottom - top < 1 or min(size) < 1:
            return None
        part = cv2.resize(
            picture[top:bottom, left:right], size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        for found in self._hog.detect(np.asarray(part, dtype=np.uint8), min_score=_HOG_MIN_SCORE):
            box = np.asarray(found.area / scale + np.array([left, top, left, top]), dtype=np.float64)
            if _iou(box, area) > _HOG_MIN_IOU:
                return box
        return None

    def _rectangle(self, area: NDArray[np.float64]) -> Any:
        left, top, right, bottom = (round(float(edge)) for edge in area)
        return self._dlib.rectangle(left, top, right - 1, bottom - 1)

    def _shape_of(self, points: NDArray[np.float64], rectangle: Any) -> Any:
        places = [self._dlib.point(round(x), round(y)) for x, y in points.tolist()]
        return self._dlib.full_object_detection(rectangle, self._dlib.points(places))

    def _embed(self, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, 128) float32 of unit length for N chips.

        The mean of a face's descriptor and that of its mirror image: at 4 ms a face, two fifths fewer pairs of one
        person are farther apart than the nearest thousandth of strangers.
        """
        mirrored = [np.ascontiguousarray(chip[:, ::-1]) for chip in chips]
        vectors = _of_unit_length(self._descriptor.describe([*chips, *mirrored]).astype(np.float64))
        return _of_unit_length(vectors[: len(chips)] + vectors[len(chips) :]).astype(np.float32)


def _network_detector(spec: EngineSpec) -> FaceDetector:
    # Other providers have no convolutions of integers, and do not need them.
    screening = spec.converted[NETWORK_SCREENING] if spec.providers[:1] == (CPU_PROVIDER,) else None
    return FaceDetector(spec.converted[NETWORK_DETECTOR], spec.providers, screening=screening)


def _of_unit_length(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths <= 0).any():
        raise FaceAnalysisError("dlib gave an empty or infinite face descriptor; are its weights intact?")
    return np.asarray(vectors / lengths)


def _points_of(shape: Any) -> NDArray[np.float64]:
    return np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)


def _five_of(points: NDArray[np.float64], scale: float) -> FiveLandmarks:
    """The five landmarks in pixels of the full-size photo, of 68 points in a picture of that scale."""
    return FiveLandmarks.from_array((five_of_68(points) + 0.5) / scale - 0.5)


def _as_hog(area: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where HOG's box would be about, given MMOD's."""
    middle, side = (area[:2] + area[2:]) / 2, area[2:] - area[:2]
    middle, half = middle + _HOG_SHIFT * side, _HOG_GROWTH * side / 2
    return np.concatenate([middle - half, middle + half])


def _iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    sides = np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0, None)
    shared = float(np.prod(sides))
    return shared / float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]) - shared)
