"""The engine around the two packages; the networks themselves are replaced by arrays, their decoding is real."""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.engines.base import EngineSpec, Pixels, WeightsFile
from curation.engines.onnx_sessions import onnx_session
from curation.engines.retinaface import engine as retinaface_arcface
from curation.engines.retinaface.engine import RetinaFaceArcFaceEngine, check_detector, check_embedder
from curation.engines.retinaface.prepared_networks import prepared_networks
from curation.errors import (
    FaceAnalysisError,
    PhotoError,
    PhotoUnreadableError,
    WeightsBrokenError,
    WeightsMissingError,
)
from tests.face_photos import astronaut, weights_file
from tests.fakes import ArrayPhoto, painted_photo

CPU = ("CPUExecutionProvider",)
# The larger of retina-face's two anchors at stride 16, at the first cell: -56..71, so 128 px around (7.5, 7.5).
ANCHOR_PX, ANCHOR_CENTRE, STRIDE = 128, 7.5, 16
# Right eye, left eye, nose, mouth, in parts of the anchor from its centre.
MARKS = np.array([[-0.2, -0.15], [0.2, -0.15], [0.0, 0.07], [-0.17, 0.27], [0.17, 0.27]])


class FakeDetector:
    """Answers as a RetinaFace session would that sees faces at cells (column, row) of stride 16."""

    def __init__(self, cells: list[tuple[int, int]], score: float = 0.999, marks: NDArray[np.float64] = MARKS) -> None:
        self.cells, self.score, self.marks = cells, score, marks
        self.seen: list[tuple[int, ...]] = []
        self.failure: Exception | None = None

    def get_inputs(self) -> list[Any]:
        return [type("Input", (), {"name": "data", "shape": ["N", "H", "W", 3]})]

    def get_outputs(self) -> list[Any]:
        return [type("Output", (), {"name": str(i), "shape": ["N", "H", "W", 4]}) for i in range(9)]

    def run(self, _: object, feed: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        if self.failure:
            raise self.failure
        (data,) = feed.values()
        self.seen.append(data.shape)
        assert data.dtype == np.float32
        out = []
        for stride in (32, 16, 8):
            h, w = data.shape[1] // stride, data.shape[2] // stride
            scores, boxes, points = (np.zeros((1, h, w, depth), dtype=np.float32) for depth in (4, 8, 20))
            for column, row in self.cells if stride == STRIDE else ():
                if column >= w or row >= h:
                    continue
                scores[0, row, column, 2] = self.score  # the face score of the first anchor
                points[0, row, column, :10] = self.marks.ravel()
            out += [scores, boxes, points]
        return out


class FakeEmbedder:
    """Answers with the mean colour of each chip."""

    def __init__(self) -> None:
        self.batches: list[NDArray[np.float32]] = []
        self.answer: NDArray[np.float32] | None = None

    def get_inputs(self) -> list[Any]:
        return [type("Input", (), {"name": "input", "shape": ["n", 112, 112, 3]})]

    def get_outputs(self) -> list[Any]:
        return [type("Output", (), {"name": "embedding", "shape": ["n", 3]})]

    def run(self, _: object, feed: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        (batch,) = feed.values()
        self.batches.append(batch)
        means = batch.mean(axis=(1, 2)) if self.answer is None else np.repeat(self.answer[None], len(batch), axis=0)
        return [means.astype(np.float32)]


class Engine:
    def __init__(self, engine: RetinaFaceArcFaceEngine, detector: FakeDetector, embedder: FakeEmbedder) -> None:
        self.engine, self.detector, self.embedder = engine, detector, embedder


def _spec(folder: Path, **options: str | float) -> EngineSpec:
    values: dict[str, str | float] = {"min_confidence": 0.8, "working_size_px": 1600, "tiling": "auto", **options}
    return EngineSpec(
        name="retinaface-arcface",
        weights=(
            WeightsFile("retinaface.onnx", folder / "retinaface.onnx", "0"),
            WeightsFile("arcface_weights.onnx", folder / "arcface_weights.onnx", "1"),
        ),
        options=tuple(sorted(values.items())),
        distance_threshold=0.7,
        threshold_source="made up",
        providers=CPU,
        reason="tests",
    )


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    detector, embedder = FakeDetector([]), FakeEmbedder()
    monkeypatch.setenv("DEEPFACE_HOME", "/nowhere")
    monkeypatch.setenv("DEEPFACE_BACKEND_ENGINE", "onnx")
    monkeypatch.setattr(retinaface_arcface, "check_detector", lambda *_: detector)
    monkeypatch.setattr(retinaface_arcface, "check_embedder", lambda *_: embedder)
    yield Engine(RetinaFaceArcFaceEngine(_spec(tmp_path)), detector, embedder)


def test_boxes_and_landmarks_are_those_of_the_full_photo(built: Engine) -> None:
    built.detector.cells = [(20, 10)]
    photo = painted_photo(3200, 1600)
    (face,) = built.engine.analyse(ArrayPhoto(photo))
    assert built.detector.seen == [(1, 800, 1600, 3)]
    x, y = ANCHOR_CENTRE + 20 * STRIDE, ANCHOR_CENTRE + 10 * STRIDE
    assert face.box.x / 2 == pytest.approx(x - ANCHOR_PX / 2, abs=2)
    assert face.box.y / 2 == pytest.approx(y - ANCHOR_PX / 2, abs=2)
    assert face.box.w / 2 == pytest.approx(ANCHOR_PX, abs=2)
    expected = (np.array([x, y]) + MARKS * ANCHOR_PX + 0.5) * 2 - 0.5
    assert face.landmarks.as_array() == pytest.approx(expected, abs=0.1)
    assert face.confidence == pytest.approx(0.999)


@pytest.mark.parametrize(
    ("width", "height", "seen"),
    [
        (6000, 4000, (1024, 1536)),  # retina-face's own limit of the shorter side
        (4000, 4000, (1024, 1024)),
        (9000, 1200, (224, 1600)),
        (10, 3000, (1600, 32)),
        (1, 1, (32, 32)),
        (250, 250, (256, 256)),  # never enlarged
    ],
)
def test_the_photo_reaches_the_network_at_our_size(
    built: Engine, width: int, height: int, seen: tuple[int, int]
) -> None:
    built.engine.analyse(ArrayPhoto(np.zeros((height, width, 3), dtype=np.uint8)))
    assert built.detector.seen[0] == (1, *seen, 3)


def test_faces_are_sorted_and_embedded_together(built: Engine) -> None:
    built.detector.cells = [(60, 10), (10, 30), (35, 20)]
    photo = painted_photo(1600, 1000)
    photo[:, :500, 0] = 250
    photo[:, 800:, 2] = 250
    faces = built.engine.analyse(ArrayPhoto(photo))
    assert [face.box.x for face in faces] == sorted(face.box.x for face in faces)
    assert len(built.embedder.batches) == 1
    batch = built.embedder.batches[0]
    assert batch.shape == (3, 112, 112, 3) and batch.dtype == np.float32
    assert batch.min() >= 0 and batch.max() <= 1
    # BGR: the left face is red, the right one blue.
    assert np.argmax(faces[0].embedding) == 2 and np.argmax(faces[2].embedding) == 0
    assert all(np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-6) for face in faces)


def test_a_crowd_is_embedded_in_batches_of_bounded_size(built: Engine) -> None:
    built.detector.cells = [(column, row) for column in range(5, 95, 10) for row in range(5, 58, 10)]
    faces = built.engine.analyse(ArrayPhoto(painted_photo(1536, 1024)))
    assert len(faces) == len(built.detector.cells) > 32
    assert [len(batch) for batch in built.embedder.batches] == [32, len(faces) - 32]


def test_a_face_at_the_edge_is_clipped(built: Engine) -> None:
    built.detector.cells = [(0, 0)]
    (face,) = built.engine.analyse(ArrayPhoto(painted_photo(640, 480)))
    assert (face.box.x, face.box.y) == (0, 0)
    assert face.box.w == pytest.approx(72, abs=2)


@pytest.mark.parametrize("marks", [MARKS * 0, MARKS + 3, np.full((5, 2), np.nan)])
def test_a_face_with_landmarks_that_are_none_is_dropped(built: Engine, marks: NDArray[np.float64]) -> None:
    built.detector.cells, built.detector.marks = [(20, 15)], marks
    assert len(built.engine.analyse(ArrayPhoto(painted_photo(640, 480)))) == 0


def test_a_face_below_the_confidence_is_dropped(built: Engine) -> None:
    built.detector.cells, built.detector.score = [(20, 15)], 0.79
    assert len(built.engine.analyse(ArrayPhoto(painted_photo(640, 480)))) == 0


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf])
def test_an_embedding_that_is_none_is_an_error_of_the_photo(built: Engine, value: float) -> None:
    built.detector.cells = [(20, 15)]
    built.embedder.answer = np.full(3, value, dtype=np.float32)
    with pytest.raises(FaceAnalysisError, match="empty or infinite"):
        built.engine.analyse(ArrayPhoto(painted_photo(640, 480)))


def test_a_failing_network_is_an_error_of_the_photo(built: Engine) -> None:
    built.detector.failure = RuntimeError("no memory")
    with pytest.raises(FaceAnalysisError, match="no memory"):
        built.engine.analyse(ArrayPhoto(painted_photo(640, 480)))


def test_a_file_that_is_gone_or_garbage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "retinaface.onnx"
    with pytest.raises(WeightsMissingError, match=r"retinaface\.onnx"):
        onnx_session(WeightsFile(path.name, path, ""), CPU)
    path.write_bytes(b"garbage" * 100)
    for load in (onnx_session, check_detector, check_embedder):
        with pytest.raises(WeightsBrokenError, match="weights fetch"):
            load(weights_file(path), CPU)


def test_one_network_is_not_taken_for_the_other(test_data: Path) -> None:
    folder = test_data / "weights/deepface_home/.deepface/weights"
    with pytest.raises(WeightsBrokenError, match="not a RetinaFace network"):
        check_detector(weights_file(folder / "arcface_weights.onnx"), CPU)
    with pytest.raises(WeightsBrokenError, match="not an ArcFace-type network"):
        check_embedder(weights_file(folder / "retinaface.onnx"), CPU)


def test_photos_that_come_together_are_embedded_together_and_fail_alone(built: Engine) -> None:
    built.detector.cells = [(60, 10), (10, 30)]
    photo = painted_photo(1600, 1000)
    photo[:, :500, 0] = 250
    alone = built.engine.analyse(ArrayPhoto(photo))
    built.embedder.batches.clear()
    results = built.engine.analyse_many([ArrayPhoto(photo), _Broken(), ArrayPhoto(photo[:, ::-1])])
    assert [len(batch) for batch in built.embedder.batches] == [4]
    first, second, third = results
    assert isinstance(second, PhotoUnreadableError)
    assert not isinstance(first, PhotoError) and not isinstance(third, PhotoError)
    for one, other in zip(first, alone, strict=True):
        assert (one.box, one.landmarks) == (other.box, other.landmarks)
        assert np.abs(one.embedding - other.embedding).max() < 1e-6
    assert [face.box.x for face in third] == sorted(face.box.x for face in third)


def test_a_vector_that_is_none_costs_only_its_photo(built: Engine) -> None:
    built.detector.cells = [(20, 15)]
    black = np.zeros((480, 640, 3), dtype=np.uint8)  # whose mean colour has no length
    results = built.engine.analyse_many([ArrayPhoto(painted_photo(640, 480)), ArrayPhoto(black)])
    assert not isinstance(results[0], PhotoError) and len(results[0]) == 1
    assert isinstance(results[1], FaceAnalysisError)


class _Broken(ArrayPhoto):
    def __init__(self) -> None:
        super().__init__(painted_photo(100, 100))

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        raise PhotoUnreadableError("cut off")


def test_a_spec_of_another_engine_is_refused(tmp_path: Path) -> None:
    spec = EngineSpec("dlib", (), (), 0.1, "", (), "")
    with pytest.raises(ValueError, match="not a spec"):
        RetinaFaceArcFaceEngine(spec)


def test_a_module_that_is_not_needed_waits_until_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with retinaface_arcface._imported_at_first_use("colorsys"):
        stand_in = importlib.import_module("colorsys")
    assert "colorsys" not in sys.modules
    assert stand_in.rgb_to_hsv(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)
    real = sys.modules["colorsys"]
    with retinaface_arcface._imported_at_first_use("colorsys"):
        assert importlib.import_module("colorsys") is real
    assert sys.modules["colorsys"] is real


def test_prepared_networks_see_the_same_faces(tmp_path: Path, test_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPFACE_HOME", "/nowhere")  # the engine sets it
    monkeypatch.setenv("DEEPFACE_BACKEND_ENGINE", "onnx")
    folder = test_data / "weights/deepface_home/.deepface/weights"
    weights = tuple(weights_file(folder / name) for name in ("retinaface.onnx", "arcface_weights.onnx"))
    spec = replace(_spec(tmp_path), weights=weights)
    converted = prepared_networks(weights, CPU, tmp_path, tmp_path)
    assert len(converted) == 2
    photo = ArrayPhoto(astronaut())
    (plain,), (ready,) = (
        RetinaFaceArcFaceEngine(of).analyse(photo) for of in (spec, replace(spec, converted=converted))
    )
    assert ready.box == plain.box and ready.landmarks == plain.landmarks and ready.confidence == plain.confidence
    assert ready.embedding.tobytes() == plain.embedding.tobytes()
