"""Prepared networks: the same results, cached by content, and optional for a run."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from curation.engines.base import WeightsFile
from curation.engines.onnx_sessions import onnx_session
from curation.engines.retinaface import prepared_networks as prepared
from curation.engines.retinaface.engine import _padded, _planes
from curation.engines.retinaface.prepared_networks import PLANES_INPUT, prepared_networks, subtracted_mean
from curation.engines.weights.model_cache import CACHE_DIR

CPU = ("CPUExecutionProvider",)
MEAN = np.array([123.5, 117.25, 104.1], dtype=np.float32).reshape(1, 1, 1, 3)


def _network(
    mean: NDArray[np.float32] = MEAN, permutation: tuple[int, ...] = (0, 3, 1, 2), *, is_used_twice: bool = False
) -> bytes:
    """Pixels, less a mean colour, as planes, through a convolution."""
    weights = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Sub", ["data", "mean"], ["centred"]),
        helper.make_node("Transpose", ["centred"], ["pixels"], perm=permutation),
        helper.make_node("Conv", ["pixels", "weights"], ["out"], pads=[1, 1, 1, 1]),
    ]
    outputs = [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)]
    if is_used_twice:
        nodes.append(helper.make_node("Shape", ["data"], ["shape"]))
        outputs.append(helper.make_tensor_value_info("shape", TensorProto.INT64, None))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", "H", "W", 3])],
        outputs,
        [numpy_helper.from_array(mean, "mean"), numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def _file(folder: Path, content: bytes, name: str = "retinaface.onnx") -> WeightsFile:
    path = folder / name
    path.write_bytes(content)
    return WeightsFile(name, path, hashlib.sha256(content).hexdigest())


@pytest.fixture
def source(tmp_path: Path) -> WeightsFile:
    return _file(tmp_path, _network())


def _prepare(source: WeightsFile, folder: Path) -> tuple[WeightsFile, ...]:
    return prepared_networks([source], CPU, folder / "models", folder / "state")


@pytest.mark.parametrize("view", ["whole", "part", "mirrored", "turned"])
def test_it_gives_the_same_numbers(tmp_path: Path, source: WeightsFile, view: str) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    picture = {
        "whole": picture,
        "part": picture[3:40, 5:30],
        "mirrored": picture[:, ::-1],
        "turned": picture.swapaxes(0, 1)[::-1],
    }[view]
    (made,) = _prepare(source, tmp_path)
    plain, ready = onnx_session(source, CPU), onnx_session(made, CPU)
    mean = subtracted_mean(ready)
    assert mean is not None and subtracted_mean(plain) is None
    (expected,) = plain.run(None, {"data": _padded(picture, 96, 96)})
    (got,) = ready.run(None, {PLANES_INPUT: _planes(picture, 96, 96, mean)})
    assert got.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"mean": MEAN.reshape(3)},
        {"mean": MEAN.reshape(1, 3)},
    ],
)
def test_a_mean_of_fewer_axes_is_one_too(changes: dict[str, Any]) -> None:
    assert onnx.load_from_string(prepared.with_planes(_network(**changes))).graph.input[0].name == PLANES_INPUT


@pytest.mark.parametrize(
    "changes",
    [
        {"mean": MEAN.reshape(3, 1)},  # of rows, not of channels
        {"mean": np.array([7.0], dtype=np.float32)},
        {"permutation": (0, 3, 2, 1)},
        {"is_used_twice": True},
    ],
)
def test_another_beginning_is_left_alone(changes: dict[str, Any]) -> None:
    network = _network(**changes)
    assert prepared.with_planes(network) == network


def test_it_is_made_once_and_kept_by_content(
    tmp_path: Path, source: WeightsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = _prepare(source, tmp_path)
    assert made.path.parent == tmp_path / "models" / CACHE_DIR
    assert source.sha256[:12] in made.path.name and made.name == source.name
    monkeypatch.setattr(prepared, "with_planes", lambda _: pytest.fail("it is there already"))
    assert _prepare(source, tmp_path) == (made,)


def test_a_damaged_one_is_made_again(tmp_path: Path, source: WeightsFile) -> None:
    (made,) = _prepare(source, tmp_path)
    whole = made.path.read_bytes()
    made.path.write_bytes(whole[:-1])
    assert _prepare(source, tmp_path) == (made,)
    assert made.path.read_bytes() == whole


def test_where_the_models_folder_cannot_be_written_the_state_folder_takes_it(
    tmp_path: Path, source: WeightsFile
) -> None:
    (tmp_path / "models").write_text("a file, so that no folder can be made here, not even by root")
    (made,) = _prepare(source, tmp_path)
    assert made.path.parent == tmp_path / "state" / CACHE_DIR
    made.path.unlink()
    (tmp_path / "state" / CACHE_DIR).rename(tmp_path / "elsewhere")
    (tmp_path / "state" / CACHE_DIR).write_text("nor here")
    assert _prepare(source, tmp_path) == ()


def test_a_run_goes_on_without(tmp_path: Path, source: WeightsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    garbage = _file(tmp_path, b"garbage", "arcface_weights.onnx")
    assert _prepare(garbage, tmp_path) == ()
    assert prepared_networks([source, garbage], CPU, tmp_path / "models", tmp_path / "state") == ()
    cuda = ("CUDAExecutionProvider", *CPU)
    assert prepared_networks([source], cuda, tmp_path / "models", tmp_path / "state") == ()
    monkeypatch.setattr(prepared, "_MAX_BYTES", 10)
    assert _prepare(source, tmp_path) == ()
