"""The engine that needs no download: dlib's face detectors and its ResNet face descriptor.

The weights come with the package face_recognition_models, see `curation.engines.weights.registry`. The neural
networks run in ONNX Runtime, see `curation.engines.dlib.converter`. dlib is imported when an engine is built, not with
this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import DetectedFace, FiveLandmarks
from curation.domain.faces.geometry import clipped_box, head_pose
from curation.engines.alignment import DETAIL_PX, known_face, landmarks_plausible
from curation.engines.base import EngineSpec, FoundFace, PhotoPixels, Pixels
from curation.engines.batching import ChippedFace, analysed_together, left_to_right
from curation.engines.dlib.boxes import FoundBox
from curation.engines.dlib.descriptor import FaceDescriptor
from curation.engines.dlib.face_shapes import FaceShape, FaceShapes
from curation.engines.dlib.hog import HogDetector
from curation.engines.dlib.mmod import MmodDetector
from curation.engines.dlib.panorama import found_in_parts, is_panorama, panorama_size_px
from curation.engines.dlib.small_face_hints import SmallFaceHints
from curation.engines.dlib.turned_faces import face_turned_back
from curation.engines.onnx_sessions import CPU_PROVIDER
from curation.engines.tiling import Detections, Tiling, detect_in_two_looks
from curation.engines.turns import TurnedPhoto
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
"""Index of the quantised MMOD detector, likewise."""

MMOD, HOG = "mmod", "hog"

# Both detectors find faces of 80 px and more, so small photos are enlarged; beyond this factor they took longer without
# finding more faces.
_MAX_ENLARGEMENT = 3.0
# The logistic function's steepness: a frontal face in good light scores about 2 with HOG and 1 with MMOD.
_STEEPNESS: Mapping[str, float] = MappingProxyType({HOG: 1.0, MMOD: 3.0})
# HOG takes badges and emblems for faces, with scores below this one; such faces are checked by the stability of their
# landmarks. MMOD does not need that.
_DOUBTFUL_SCORE = 0.4
# The second look at a large photo, see docs/accuracy.md: at twice its size, but at most 24 megapixels, since the
# detectors find nothing below 80 px. It takes ten times as long as the first look, so it is taken only for a group of
# faces near that limit, found or guessed.
_FINER_SIZE_PX = 6000
_MAX_FINER_ENLARGEMENT = 2.0
_TILE_PX = (2000, 1500)
_TILE_OVERLAP_PX = 320
_SMALL_FACE_PX = 100.0
_MIN_SMALL_FACES = 4
# MMOD finds no heads that are upside down and misses one in eight that lie on their side, HOG misses all of them. So a
# photo without a face of which HOG is sure is looked at once more in these quarters of a circle, in a small size: half
# the work of the first look.
_UNSEEN_TURNS = (2, 1, 3)
_TURNED_SIZE_PX = 800
# Where HOG finds nothing, it looks once more at the photo in this size, with as much around it: it finds a face only if
# it sees the whole head.
_CLOSE_UP_PX = 320
# Side of the detector's box divided by the distance of the eyes.
_BOX_PER_EYE_DISTANCE = 2.37
# The chips that the descriptor was trained on (defaults of dlib's get_face_chip).
_CHIP_SIZE_PX = 150
_CHIP_PADDING = 0.25
# Where the five landmarks lie in such chips: medians of 24 portraits.
_CHIP_TEMPLATE: NDArray[np.float64] = np.array(
    [[48.2, 47.3], [101.2, 47.3], [75.0, 77.9], [49.3, 103.4], [100.1, 103.4]]
)


class _Detector(Protocol):
    def detect(self, picture: NDArray[np.uint8], *, min_score: float) -> list[FoundBox]: ...


def confidence_of_score(score: float, detector: str = HOG) -> float:
    """Map a detector's score to a confidence in (0, 1).

    A logistic function: it keeps the order, and the detector's own threshold 0 becomes 0.5. The result is not a
    calibrated probability.
    """
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, _STEEPNESS[detector] * score))))


def score_of_confidence(confidence: float, detector: str = HOG) -> float:
    """The score that `confidence_of_score` maps to a confidence in (0, 1)."""
    return math.log(confidence / (1 - confidence)) / _STEEPNESS[detector]


class DlibEngine:
    """Finds faces with one of dlib's detectors and embeds them with its ResNet descriptor.

    Implements `curation.engines.base.FaceEngine`. Results depend on the weights and on `spec.options`: `detector`
    (`mmod` or `hog`), `working_size_px`, the longer side of the photo as the detector sees it (smaller photos are
    enlarged up to threefold), `min_confidence`, see `confidence_of_score`, and `tiling`, the mode of a second look
    at large photos, see `curation.engines.tiling`.
    """

    def __init__(self, spec: EngineSpec) -> None:
        """Load the detector, the predictor and the descriptor.

        Args:
            spec: A spec of this engine, with the weights of descriptor and predictor and the converted networks.

        Raises:
            WeightsMissingError: If a weights file is missing.
            WeightsBrokenError: If one cannot be read.
        """
        options = dict(spec.options)
        if spec.name != ENGINE_NAME or len(spec.weights) < 2 or options.get("detector") not in _STEEPNESS:
            raise ValueError(f"this is not a spec of {ENGINE_NAME}: {spec}")
        import dlib

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
        hog = HogDetector()
        self._detector: _Detector = hog if self._detector_name == HOG else _mmod_detector(spec)
        self._shapes = FaceShapes(spec.weights[PREDICTOR].path, hog)

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

    def find(self, photo: PhotoPixels) -> Sequence[FoundFace]:
        """Find all faces, see `FaceEngine.find`."""
        return left_to_right(self._find(photo))

    def analyse_many(self, photos: Sequence[PhotoPixels]) -> list[Sequence[DetectedFace] | PhotoError]:
        """Find and embed all faces of several photos, see `FaceEngine.analyse_many`."""
        return analysed_together(photos, self._find, self._embed)

    def embed_changed(
        self,
        photo: PhotoPixels,
        landmarks: FiveLandmarks,
        change: Callable[[NDArray[np.uint8]], Sequence[NDArray[np.uint8]]],
    ) -> NDArray[np.float32]:
        """Embed a known face after its chip was changed, see `FaceEngine.embed_changed`.

        The chip is aligned by the five landmarks, as the 68 are not known any more.
        """
        return self._embed(change(known_face(photo, landmarks, template=_CHIP_TEMPLATE, size_px=_CHIP_SIZE_PX)))

    def _find(self, photo: PhotoPixels) -> list[ChippedFace]:
        """The faces of a photo, which may have been stored on its side or upside down."""
        faces, is_sure = self._find_in(photo)
        for turns in self._turns_to_upright(photo, faces, is_sure):
            upright, is_sure = self._find_in(TurnedPhoto(photo, turns))
            if is_sure and len(upright) >= len(faces):
                return [face_turned_back(face, photo, turns) for face in upright]
        return faces

    def _turns_to_upright(self, photo: PhotoPixels, faces: Sequence[ChippedFace], is_sure: bool) -> list[int]:
        """By how many quarters of a circle (anticlockwise) a photo may have to be turned, likeliest first; mostly none.

        Args:
            photo: The photo.
            faces: What was found in it as it is.
            is_sure: Whether any of them is certainly a face, upright or not.
        """
        if is_sure:
            seen = {round(head_pose(face.landmarks.as_array()).roll_deg / 90) % 4 for face in faces}
            return [] if len(seen) > 1 else [turns for turns in seen if turns]
        least = max([self._min_confidence, *(face.confidence for face in faces)])
        scores = {}
        for turns in _UNSEEN_TURNS:
            found = self.detect_in(_resized(TurnedPhoto(photo, turns), _TURNED_SIZE_PX).array, min_confidence=least)
            if found:
                scores[turns] = found[0].score
        return sorted(scores, key=lambda turns: -scores[turns])

    def _find_in(self, photo: PhotoPixels) -> tuple[list[ChippedFace], bool]:
        """The faces of a photo as it is, some of which may lie, and whether HOG confirms any of them."""
        found = self._detect(photo)
        if not found:
            return [], False
        sides = [float(min(one.area[2:] - one.area[:2])) for one in found]
        pixels = photo.detailed(min(1.0, DETAIL_PX * _BOX_PER_EYE_DISTANCE / min(sides)))
        picture = np.ascontiguousarray(pixels.array)
        faces, is_sure = [], False
        try:
            for area, score in found:
                shape = self._shape_in(Pixels(picture, pixels.scale), area * pixels.scale, score)
                if shape is None:
                    continue
                left, top, right, bottom = (round(float(edge)) for edge in area)
                box = clipped_box(left, top, right, bottom, photo.width, photo.height)
                if box is None or not landmarks_plausible(box, shape.landmarks):
                    continue
                if self._is_doubtful(score) and not self._shapes.is_stable(pixels, shape.landmarks):
                    continue
                chip = self._dlib.get_face_chip(picture, shape.shape, size=_CHIP_SIZE_PX, padding=_CHIP_PADDING)
                faces.append(ChippedFace(box, shape.landmarks, confidence_of_score(score, self._detector_name), chip))
                is_sure |= shape.is_sure
        except RuntimeError as error:
            raise FaceAnalysisError(f"dlib failed: {error}") from error
        return faces, is_sure

    def detect_in(self, picture: NDArray[np.uint8], *, min_confidence: float | None = None) -> list[FoundBox]:
        """Find the faces of a picture without resizing it; the smallest have 80 pixels.

        Args:
            picture: (H, W, 3) uint8 RGB, a photo of any size or a part of one.
            min_confidence: Faces have a larger one, see `confidence_of_score`; None uses the engine's option.

        Returns:
            The best one first, in pixels of the picture, not clipped.

        Raises:
            FaceAnalysisError: If the detector fails.
        """
        least = self._min_confidence if min_confidence is None else min_confidence
        return self._detector.detect(picture, min_score=score_of_confidence(least, self._detector_name))

    def _detect(self, photo: PhotoPixels) -> list[FoundBox]:
        """Faces in pixels of the full-size photo, not clipped, the best one first."""
        size_px, look = self._working_size_px, self._look
        if is_panorama(photo.width, photo.height):
            size_px, look = panorama_size_px(photo.width, photo.height, size_px), self._look_in_parts
        first = _resized(photo, size_px)
        found = detect_in_two_looks(look, photo, first, self._tiling, suspect=self._hints.areas)
        ranked = np.lexsort((*found.areas.T[::-1], -found.confidences))
        if len(ranked) == 0 and self._detector_name == HOG:
            return self._in_close_up(*first)
        return [FoundBox(found.areas[index], float(found.confidences[index])) for index in ranked]

    def _in_close_up(self, picture: NDArray[np.uint8], scale: float) -> list[FoundBox]:
        """A face that fills a picture, for HOG, which needs to see something around it; in pixels of the photo."""
        height, width = picture.shape[:2]
        reduction = _CLOSE_UP_PX / max(height, width)
        size = (max(1, round(width * reduction)), max(1, round(height * reduction)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        pad = _CLOSE_UP_PX // 2
        padded = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        found = self.detect_in(np.asarray(padded, dtype=np.uint8))[:1]
        return [FoundBox((one.area - pad) / (reduction * scale), one.score) for one in found]

    def _look(self, picture: NDArray[np.uint8]) -> Detections:
        """The faces of a picture, with dlib's scores instead of confidences."""
        return _as_detections(self.detect_in(picture))

    def _look_in_parts(self, picture: NDArray[np.uint8]) -> Detections:
        """The same for a panorama."""
        return _as_detections(found_in_parts(self.detect_in, picture, self._working_size_px))

    def _is_doubtful(self, score: float) -> bool:
        return self._detector_name == HOG and score < _DOUBTFUL_SCORE

    def _shape_in(self, pixels: Pixels, area: NDArray[np.float64], score: float) -> FaceShape | None:
        if self._detector_name == HOG:
            return self._shapes.in_hog_box(pixels, area, score)
        return self._shapes.in_mmod_box(pixels, area, score)

    def _embed(self, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, 128) float32 of unit length for N chips.

        The mean of the descriptors of the face and its mirror image. For 4 ms per face, two fifths fewer pairs of the
        same person are farther apart than the nearest thousandth of pairs of strangers.
        """
        mirrored = [np.ascontiguousarray(chip[:, ::-1]) for chip in chips]
        vectors = _of_unit_length(self._descriptor.describe([*chips, *mirrored]).astype(np.float64))
        return _of_unit_length(vectors[: len(chips)] + vectors[len(chips) :]).astype(np.float32)


def _mmod_detector(spec: EngineSpec) -> MmodDetector:
    # Other providers do not support convolutions of integers, and do not need them.
    screening = spec.converted[NETWORK_SCREENING] if spec.providers[:1] == (CPU_PROVIDER,) else None
    return MmodDetector(spec.converted[NETWORK_DETECTOR], spec.providers, screening=screening)


def _resized(photo: PhotoPixels, long_side_px: int) -> Pixels:
    """The photo with its longer side at about this size, enlarged threefold at most."""
    array, scale = photo.reduced(long_side_px)
    enlargement = min(long_side_px / max(array.shape[:2]), _MAX_ENLARGEMENT)
    if enlargement <= 1:
        return Pixels(array, scale)
    size = (max(1, round(array.shape[1] * enlargement)), max(1, round(array.shape[0] * enlargement)))
    larger = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    return Pixels(larger, scale * enlargement)


def _as_detections(found: Sequence[FoundBox]) -> Detections:
    areas = np.array([one.area for one in found], dtype=np.float64).reshape(-1, 4)
    return Detections(areas, np.array([one.score for one in found], dtype=np.float64), np.zeros((len(found), 0, 2)))


def _of_unit_length(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths <= 0).any():
        raise FaceAnalysisError("dlib gave an empty or infinite face descriptor; are its weights intact?")
    return np.asarray(vectors / lengths)
