"""A stand-in for the network that tells skin, clothes and hair: it tells them by their colours."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from curation.engines.base import WeightsFile
from curation.engines.bodies.base import BodySpec

__all__ = ["clothes_spec", "write_parsing_network"]

_SKIN = (205, 160, 135)  # as in tests.dressed_people
_MEAN, _STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def write_parsing_network(path: Path, *, side: int = 512, channels: int = 3, broken: bool = False) -> None:
    """Write a network with the real one's input and output.

    It gives 0.9 for clothes wherever a pixel is far from the colour of the drawn people's skin, else 0.9 for skin.

    Args:
        path: Of the file.
        side: Of the square picture.
        channels: Of the output.
        broken: Whether it answers with something that is no number.
    """
    skin = ((np.array(_SKIN) / 255 - _MEAN) / _STD).astype(np.float32).reshape(1, 3, 1, 1)
    factor = np.float32(np.nan if broken else 1.0)
    weight = np.zeros((channels, 1, 1, 1), dtype=np.float32)
    weight[:2, 0, 0, 0] = -0.8, 0.8
    bias = np.zeros(channels, dtype=np.float32)
    bias[:2] = 0.9, 0.1
    nodes = [
        helper.make_node("Sub", ["picture", "skin"], ["away"]),
        helper.make_node("Mul", ["away", "away"], ["squared"]),
        helper.make_node("ReduceSum", ["squared", "axis"], ["sum"], keepdims=1),
        helper.make_node("Mul", ["sum", "factor"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "zero", "one"], ["far"]),
        helper.make_node("Conv", ["far", "weight", "bias"], ["maps"]),
        helper.make_node("Mul", ["maps", "factor"], ["answer"]),
    ]
    constants = {
        "skin": skin,
        "axis": np.array([1], dtype=np.int64),
        "factor": factor,
        "zero": np.float32(0),
        "one": np.float32(1),
        "weight": weight,
        "bias": bias,
    }
    graph = helper.make_graph(
        nodes,
        "clothes by colour",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [1, channels, side, side])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)


def clothes_spec(path: Path) -> BodySpec:
    """The spec of a file as the program would choose it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    weights = WeightsFile("pan_skin_clothes_hair.onnx", path, digest)
    return BodySpec("pan", (weights,), ("CPUExecutionProvider",))
