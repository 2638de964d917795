"""The engine that uses the networks of the packages retina-face and deepface in ONNX Runtime.

retina-face's functions decode its network's output to boxes and landmarks, deepface's ArcFace client runs
the embedding network. The ONNX sessions are built here, so that threads, providers and memory can be
configured. This module imports neither package before an engine is built.
"""

from __future__ import annotations

import importlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import DetectedFace, FiveLandmarks
from curation.domain.faces.geometry import clipped_box
from curation.engines.alignment import (
    ARCFACE_SIZE_PX,
    ARCFACE_TEMPLATE,
    aligned_face,
    detail_scale,
    known_face,
    landmarks_plausible,
)
from curation.engines.base import EngineSpec, FoundFace, PhotoPixels, WeightsFile
from curation.engines.batching import ChippedFace, analysed_together, left_to_right
from curation.engines.onnx_sessions import import_onnxruntime, onnx_session, remedy
from curation.engines.retinaface.decoding import RetinaFaceDecoder
from curation.engines.retinaface.finder import FaceFinder
from curation.engines.retinaface.prepared_networks import subtracted_mean
from curation.engines.tiling import Detections, Tiling
from curation.errors import FaceAnalysisError, PhotoError, WeightsBrokenError

__all__ = [
    "DETECTOR",
    "EMBEDDER",
    "ENGINE_NAME",
    "RetinaFaceArcFaceEngine",
    "check_detector",
    "check_embedder",
]

ENGINE_NAME = "retinaface-arcface"
DETECTOR = 0
"""Index of the detector in `EngineSpec.weights`."""
EMBEDDER = 1
"""Index of the embedder in `EngineSpec.weights`."""

# The second look at a large photo. With a longer side of 4000 px, faces of 50 px in a photo of 24 megapixels have
# 33 px, and all are found; a larger size takes more time and finds no more, see docs/accuracy.md.
_FINER_SIZE_PX = 4000
_TILE_PX = (1536, 1024)
_TILE_OVERLAP_PX = 160
# Recall falls below 24 px. A single suspected small face, however doubtful, triggers the second look: of a row of
# faces of 45 px in a photo of 24 megapixels, the first look hardly suspects more than one.
_SMALL_FACE_PX = 32.0
_SUSPICION = 0.15
_MIN_SMALL_FACES = 1
# The stride of the network's coarsest grid. Pictures are padded with black at the right and below to multiples of it,
# so that the network's own rounding has no effect.
_STRIDE_PX = 32
# The memory for the embedder's activations grows with the batch; more faces are embedded in several batches.
_MAX_BATCH = 32
# Classes, boxes and landmarks at each of three strides.
_DETECTOR_OUTPUTS = 9


_NO_CHIP = np.zeros((0, 0, 3), dtype=np.uint8)


class _Embedder(Protocol):
    def predict(self, img: NDArray[np.float32]) -> NDArray[np.float32]: ...


class RetinaFaceArcFaceEngine:
    """Finds faces with RetinaFace and embeds them with an ArcFace-type network.

    Implements `curation.engines.base.FaceEngine`. Results depend on the weights and on
    `spec.options`: `working_size_px`, the longer side of the photo as the detector sees it (its
    shorter side is at most 1024 px, retina-face's own limit), `min_confidence`, `tiling`, the mode of a second look at
    large photos, see `curation.engines.tiling`, and `sure_from`, see `curation.engines.retinaface.finder`; without it
    every doubtful face is looked at from other sides.
    """

    def __init__(self, spec: EngineSpec) -> None:
        """Load both networks.

        Sets `DEEPFACE_BACKEND_ENGINE` and `DEEPFACE_HOME` in this process: both packages read them
        when they are imported.

        Args:
            spec: A spec of this engine, with the weights of detector and embedder, and optionally both networks
                from `curation.engines.retinaface.prepared_networks`.

        Raises:
            WeightsMissingError: If a weights file is missing.
            WeightsBrokenError: If a weights file is not such a network.
        """
        if spec.name != ENGINE_NAME or len(spec.weights) != 2:
            raise ValueError(f"this is not a spec of {ENGINE_NAME}: {spec}")
        self._spec = spec
        options = dict(spec.options)
        tiling = Tiling(
            mode=str(options["tiling"]),
            finer_size_px=_FINER_SIZE_PX,
            max_enlargement=1.0,
            tile_px=_TILE_PX,
            overlap_px=_TILE_OVERLAP_PX,
            small_face_px=_SMALL_FACE_PX,
            min_small_faces=_MIN_SMALL_FACES,
            min_confidence=float(options["min_confidence"]),
        )
        self._least_confidence = min(_SUSPICION, tiling.min_confidence)
        self._finder = FaceFinder(
            self._look, int(options["working_size_px"]), tiling, sure_from=float(options.get("sure_from", math.inf))
        )
        postprocess, client_class = _import_packages(spec.weights[DETECTOR].path.parent)
        if spec.converted:  # made from networks that were checked
            detector, embedder = (onnx_session(network, spec.providers) for network in spec.converted)
        else:
            detector = check_detector(spec.weights[DETECTOR], spec.providers)
            embedder = check_embedder(spec.weights[EMBEDDER], spec.providers)
        self._detector = detector
        self._detector_input = detector.get_inputs()[0].name
        self._mean = subtracted_mean(detector)
        self._decoder = RetinaFaceDecoder(postprocess)
        self._embedder: _Embedder = client_class(embedder)

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
        return left_to_right(self._detect(photo))

    def analyse_many(self, photos: Sequence[PhotoPixels]) -> list[Sequence[DetectedFace] | PhotoError]:
        """Find and embed all faces of several photos, see `FaceEngine.analyse_many`."""
        return analysed_together(photos, self._find, self._embed)

    def embed_changed(
        self,
        photo: PhotoPixels,
        landmarks: FiveLandmarks,
        change: Callable[[NDArray[np.uint8]], Sequence[NDArray[np.uint8]]],
    ) -> NDArray[np.float32]:
        """Embed a known face after its chip was changed, see `FaceEngine.embed_changed`."""
        return self._embed(change(known_face(photo, landmarks, template=ARCFACE_TEMPLATE, size_px=ARCFACE_SIZE_PX)))

    def _find(self, photo: PhotoPixels) -> list[ChippedFace]:
        found = self._detect(photo)
        if not found:
            return []
        array, scale = photo.detailed(detail_scale(face.landmarks for face in found))
        return [
            face._replace(chip=aligned_face(array, (face.landmarks.as_array() + 0.5) * scale - 0.5)) for face in found
        ]

    def _detect(self, photo: PhotoPixels) -> list[ChippedFace]:
        """The faces, with empty chips."""
        found = []
        for area, confidence, points in zip(*self._finder.find(photo), strict=True):
            left, top, right, bottom = (float(edge) for edge in area)
            box = clipped_box(left, top, right, bottom, photo.width, photo.height)
            if box is None:
                continue
            landmarks = FiveLandmarks.from_array(points)
            if landmarks_plausible(box, landmarks):
                found.append(ChippedFace(box, landmarks, min(1.0, max(0.0, float(confidence))), _NO_CHIP))
        return found

    def _look(self, picture: NDArray[np.uint8]) -> Detections:
        """The faces and suspected faces in a picture of at most 1952 x 1024 pixels."""
        height, width = (-(-side // _STRIDE_PX) * _STRIDE_PX for side in picture.shape[:2])
        tensor = _padded(picture, height, width) if self._mean is None else _planes(picture, height, width, self._mean)
        try:
            outputs = self._detector.run(None, {self._detector_input: tensor})
            scores, corners, points = self._decoder.faces(outputs, height, width, self._least_confidence)
        except Exception as error:  # the package and ONNX Runtime do not document their exceptions
            raise FaceAnalysisError(f"the face detector failed: {error}") from error
        whole = np.isfinite(scores) & np.isfinite(corners).all(axis=1)
        # The package returns whole pixels.
        areas = corners[whole].astype(np.int64).astype(np.float64)
        return Detections(areas, scores[whole].astype(np.float64), points[whole].astype(np.float64))

    def _embed(self, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, D) float32 of unit length for N RGB chips of `ARCFACE_SIZE_PX`."""
        # As in deepface: BGR in [0, 1].
        batch = np.stack(chips)[..., ::-1].astype(np.float32) / np.float32(255)
        starts = range(0, len(batch), _MAX_BATCH)
        try:
            raw = np.concatenate([self._embedder.predict(batch[start : start + _MAX_BATCH]) for start in starts])
        except Exception as error:  # deepface and ONNX Runtime do not document their exceptions
            raise FaceAnalysisError(f"the face embedder failed: {error}") from error
        lengths = np.linalg.norm(raw.astype(np.float64), axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths <= 0).any():
            raise FaceAnalysisError("the face embedder gave an empty or infinite vector; are its weights intact?")
        return np.asarray(raw / lengths, dtype=np.float32)


def check_detector(weights: WeightsFile, providers: Sequence[str]) -> Any:
    """Load a RetinaFace network as an `onnxruntime.InferenceSession`.

    Raises:
        WeightsMissingError: If the file is missing.
        WeightsBrokenError: If it cannot be loaded, or is another network.
    """
    session = onnx_session(weights, providers)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[3] != 3 or len(outputs) != _DETECTOR_OUTPUTS:
        raise WeightsBrokenError(
            f"{weights.path} is not a RetinaFace network for retina-face (one (N, H, W, 3) input, "
            f"{_DETECTOR_OUTPUTS} outputs); {remedy(weights)}"
        )
    return session


def check_embedder(weights: WeightsFile, providers: Sequence[str]) -> Any:
    """Load an ArcFace-type network as an `onnxruntime.InferenceSession`.

    Raises:
        WeightsMissingError: If the file is missing.
        WeightsBrokenError: If it cannot be loaded, or is another network.
    """
    session = onnx_session(weights, providers)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    chip = [ARCFACE_SIZE_PX, ARCFACE_SIZE_PX, 3]
    if len(inputs) != 1 or list(inputs[0].shape[1:]) != chip or len(outputs) != 1 or len(outputs[0].shape) != 2:
        raise WeightsBrokenError(
            f"{weights.path} is not an ArcFace-type network for deepface (one (N, 112, 112, 3) input, one (N, D) "
            f"output); {remedy(weights)}"
        )
    return session


def _import_packages(home: Path) -> tuple[Any, Any]:
    """Import retina-face's decoding functions and deepface's embedder class.

    Args:
        home: Where deepface would look for weights.

    Returns:
        The module `retinaface.commons.postprocess`, and the class of the embedder.
    """
    os.environ["DEEPFACE_BACKEND_ENGINE"] = "onnx"
    os.environ["DEEPFACE_HOME"] = str(home)
    import_onnxruntime()  # before deepface does it
    # deepface needs them for downloads only, which never happen here; importing them takes a tenth of a second.
    with _imported_at_first_use("gdown"), _imported_at_first_use("requests"):
        from deepface.models.facial_recognition.onnx.ArcFace import ArcFaceClient
    from retinaface.commons import postprocess

    class SessionArcFaceClient(ArcFaceClient):  # type: ignore[misc]
        """deepface's client with our session; its own constructor would download the weights and build one."""

        def __init__(self, session: Any) -> None:
            self.model_name = "ArcFace"
            self.input_shape = (ARCFACE_SIZE_PX, ARCFACE_SIZE_PX)
            self.output_shape = session.get_outputs()[0].shape[-1]
            self.model = session

    return postprocess, SessionArcFaceClient


@contextmanager
def _imported_at_first_use(name: str) -> Iterator[None]:
    """Within this context, importing a module returns a stand-in that imports it when an attribute is used."""
    if name in sys.modules:
        yield
        return
    stand_in = ModuleType(name)
    vars(stand_in)["__getattr__"] = lambda attribute: getattr(importlib.import_module(name), attribute)
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        del sys.modules[name]


def _padded(picture: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.float32]:
    """(1, rows, columns, 3) float32 RGB, padded with black at the right and below."""
    height, width = picture.shape[:2]
    padded = np.empty((1, rows, columns, 3), dtype=np.float32)
    padded[0, :height, :width] = picture
    padded[0, height:] = 0
    padded[0, :height, width:] = 0
    return padded


def _planes(picture: NDArray[np.uint8], rows: int, columns: int, mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same as planes, (1, 3, rows, columns) float32, with the mean colour subtracted."""
    height, width = picture.shape[:2]
    planes = np.empty((1, len(mean), rows, columns), dtype=np.float32)
    for plane, channel, value in zip(planes[0], cv2.split(picture), mean, strict=True):
        np.subtract(channel, value, out=plane[:height, :width], dtype=np.float32)
        plane[height:] = -value
        plane[:height, width:] = -value
    return planes
