"""The quantised detector gives nearly the scores of the exact one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.engines.dlib.converter.format import read_network
from curation.engines.dlib.converter.models import detector_model
from curation.engines.dlib.converter.screening import screening_model
from curation.engines.dlib.model_contract import read_detector_metadata
from curation.engines.onnx_sessions import import_onnxruntime
from curation.errors import WeightsBrokenError
from tests import dlib_files as files
from tests.face_photos import astronaut

RNG = np.random.default_rng(3)


def _session(model: bytes) -> Any:
    return import_onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])


def _filters(count: int, channels: int, side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return RNG.normal(size=(count, channels, side, side)) / side / channels, RNG.normal(size=count)


def test_scores_of_a_face_are_nearly_the_exact_ones(tmp_path: Path) -> None:
    network = read_network(files.packaged_detector(tmp_path).path.read_bytes(), "d")
    exact, quick = _session(detector_model(network, "d")), _session(screening_model(network, "d"))
    planes = np.ascontiguousarray(astronaut().transpose(2, 0, 1))
    (expected,), (scores,) = (session.run(None, {"level": planes}) for session in (exact, quick))
    assert scores.shape == expected.shape and expected.max() > 0.5
    assert np.abs(scores - expected)[expected > -0.3].max() < 0.15
    assert scores[expected < -0.9].max() < -0.6  # what is not a face does not become one
    assert read_detector_metadata(quick.get_modelmeta().custom_metadata_map, tmp_path)[0] == network.detector


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    network = read_network(files.packaged_detector(tmp_path).path.read_bytes(), "d")
    assert screening_model(network, "d") == screening_model(network, "d")


@pytest.mark.parametrize(
    ("layers", "what"),
    [
        ([files.convolution(*_filters(1, 3, 3))], "do not alternate"),
        (
            [files.convolution(*_filters(4, 3, 3)), files.convolution(*_filters(1, 4, 3)), files.relu()],
            "do not alternate",
        ),
        (
            [
                *(files.convolution(*_filters(4, 3, 3)), files.relu()),
                *(files.convolution(*_filters(2, 20, 3)), files.relu()),
                files.convolution(*_filters(1, 2, 3)),
            ],
            "channels and gets",
        ),
        ([files.convolution(*_filters(4, 3, 3)), files.relu(), files.convolution(*_filters(2, 4, 3))], "2 classes"),
    ],
)
def test_other_networks_are_refused(layers: list[bytes | None], what: str) -> None:
    network = read_network(files.detector_file(layers), "d.dat")
    with pytest.raises(WeightsBrokenError, match=rf"d\.dat is not dlib's face detector: .*{what}"):
        screening_model(network, "d.dat")


def test_a_descriptor_is_refused(tmp_path: Path) -> None:
    layers = [files.convolution(*_filters(4, 3, 3)), files.mean_pool(0, 1), files.matrix(RNG.normal(size=(4, 128)))]
    with pytest.raises(WeightsBrokenError, match=r"b\.dat is a descriptor"):
        screening_model(read_network(files.descriptor_file(layers), "b.dat"), "b.dat")
