"""Decoding of the detector's output: bit by bit what the package's own function gives."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.engines.retinaface.decoding import RetinaFaceDecoder, RetinaFaces

Outputs = list[NDArray[np.float32]]


def _outputs(seed: int, height: int, width: int, candidates: int, *, tied: bool = False) -> Outputs:
    """What a network might give: a few sure cells, often side by side, small deltas."""
    random = np.random.default_rng(seed)
    out: Outputs = []
    for stride in (32, 16, 8):
        rows, columns = height // stride, width // stride
        classes = random.uniform(0, 0.79, (1, rows, columns, 4)).astype(np.float32)
        for _ in range(candidates):
            row, column = random.integers(rows), random.integers(columns)
            score = 0.9 if tied else random.uniform(0.8, 1)
            classes[0, row : row + 2, column : column + 2, 2:] = np.float32(score)
        boxes = random.normal(0, 0.2, (1, rows, columns, 8)).astype(np.float32)
        points = random.normal(0, 0.3, (1, rows, columns, 20)).astype(np.float32)
        out += [classes, boxes, points]
    return out


def _of_the_package(outputs: Outputs, height: int, width: int, threshold: float) -> RetinaFaces:
    with warnings.catch_warnings():  # importing retina-face switches off everybody's warnings
        from retinaface import RetinaFace

    def network(tensor: NDArray[np.float32]) -> Outputs:
        assert tensor.shape == (1, height, width, 3)
        return [array.copy() for array in outputs]

    picture = np.zeros((height, width, 3), dtype=np.uint8)
    answer: dict[str, Any] = RetinaFace.detect_faces(picture, threshold=threshold, model=network, allow_upscaling=False)
    faces = list(answer.values())
    names = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
    return RetinaFaces(
        np.array([face["score"] for face in faces], dtype=np.float32),
        np.array([face["facial_area"] for face in faces]).reshape(-1, 4),
        np.array([[face["landmarks"][name] for name in names] for face in faces]).reshape(-1, 5, 2),
    )


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> RetinaFaceDecoder:
    monkeypatch.setenv("DEEPFACE_BACKEND_ENGINE", "onnx")
    from retinaface.commons import postprocess

    return RetinaFaceDecoder(postprocess)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (480, 640), (1024, 320)])
@pytest.mark.parametrize("candidates", [0, 1, 6])
@pytest.mark.parametrize("tied", [False, True])
def test_faces_are_those_of_the_package(
    decoder: RetinaFaceDecoder, height: int, width: int, candidates: int, tied: bool
) -> None:
    outputs = _outputs(height + width + candidates, height, width, candidates, tied=tied)
    ours = decoder.faces(outputs, height, width, 0.8)
    theirs = _of_the_package(outputs, height, width, 0.8)
    assert len(ours.scores) == len(theirs.scores) and (candidates == 0) == (len(ours.scores) == 0)
    assert ours.scores.tobytes() == theirs.scores.tobytes()
    assert np.array_equal(ours.boxes.astype(np.int64), theirs.boxes)
    assert ours.landmarks.tobytes() == theirs.landmarks.tobytes()


def test_a_crowd_is_decoded_alike(decoder: RetinaFaceDecoder) -> None:
    outputs = _outputs(7, 512, 768, 40)
    ours, theirs = decoder.faces(outputs, 512, 768, 0.8), _of_the_package(outputs, 512, 768, 0.8)
    assert len(ours.scores) > 100
    assert ours.scores.tobytes() == theirs.scores.tobytes()
    assert ours.landmarks.tobytes() == theirs.landmarks.tobytes()


def test_a_box_without_numbers_hides_no_other(decoder: RetinaFaceDecoder) -> None:
    outputs = _outputs(1, 480, 640, 0)
    outputs[3][0, 10, 10, 2], outputs[3][0, 20, 30, 2] = 0.99, 0.9
    outputs[4][0, 10, 10] = np.nan
    assert decoder.faces(outputs, 480, 640, 0.8).scores.tolist() == pytest.approx([0.99, 0.9])
