"""Tiny ONNX networks with the inputs and outputs of person segmenters, for which red is the foreground."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from curation.engines.base import WeightsFile
from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.segmenters.forms import FORMS, ISNET

__all__ = ["red_people", "segmenter_spec", "write_segmenter"]

_SHARPNESS = 24.0  # slope of the logits


def write_segmenter(path: Path, name: str, *, constant: float | None = None) -> None:
    """Write a stand-in whose map is how red the picture is: red minus the mean of green and blue, in [0, 1].

    Args:
        path: Of the file.
        name: Of the segmenter, see `FORMS`.
        constant: The answer for every pixel instead.
    """
    form = FORMS[name]
    side = form.side_px
    std, mean = np.array(form.std), np.array(form.mean)
    weights = np.array([1.0, -0.5, -0.5])
    slope = _SHARPNESS if form.has_logits else 1.0
    kernel = (weights * std * slope).astype(np.float32).reshape(1, 3, 1, 1)
    # The mean is added back; logits are 0 at half red.
    offset = float(np.sum(weights * mean)) * slope - (0.5 * slope if form.has_logits else 0.0)
    if constant is not None:
        kernel = np.zeros_like(kernel)
        offset = constant if not form.has_logits else float(np.log((constant + 1e-9) / (1 - constant + 1e-9)))
    nodes = []
    source = "picture"
    if form.channels_last:
        nodes.append(helper.make_node("Transpose", ["picture"], ["first"], perm=[0, 3, 1, 2]))
        source = "first"
    mapped = "map" if form.channels_last else "output"
    raw = "raw"
    nodes.append(helper.make_node("Conv", [source, "kernel", "bias"], [raw]))
    if form.has_logits:
        nodes.append(helper.make_node("Identity", [raw], [mapped]))
    else:
        nodes.append(helper.make_node("Clip", [raw, "zero", "one"], [mapped]))
    shape = [1, 1, side, side]
    if form.channels_last:
        nodes.append(helper.make_node("Transpose", [mapped], ["output"], perm=[0, 2, 3, 1]))
        shape = [1, side, side, 1]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)]
    if name == ISNET:  # its file has others before and after the one that is wanted
        nodes.append(helper.make_node("Neg", [raw], ["side"]))
        outputs.insert(0, helper.make_tensor_value_info("side", TensorProto.FLOAT, shape))
    picture = [1, side, side, 3] if form.channels_last else [1, 3, side, side]
    graph = helper.make_graph(
        nodes,
        name.replace("-", "_"),
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, picture)],
        outputs,
        initializer=[
            numpy_helper.from_array(kernel, "kernel"),
            numpy_helper.from_array(np.array([offset], np.float32), "bias"),
            numpy_helper.from_array(np.array(0.0, np.float32), "zero"),
            numpy_helper.from_array(np.array(1.0, np.float32), "one"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, path)


def segmenter_spec(name: str, folder: Path, *, constant: float | None = None) -> BodySpec:
    """The spec of a stand-in that is written into a folder."""
    path = folder / f"{name}.onnx"
    write_segmenter(path, name, constant=constant)
    return BodySpec(name, (_weights(path),), ("CPUExecutionProvider",))


def _weights(path: Path) -> WeightsFile:
    return WeightsFile(path.name, path, hashlib.sha256(path.read_bytes()).hexdigest())


def red_people(width: int, height: int, *bars: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A grey picture with pure red rectangles (x, y, w, h): what the stand-ins take for people."""
    picture = np.full((height, width, 3), 120, np.uint8)
    for x, y, w, h in bars:
        picture[y : y + h, x : x + w] = (255, 0, 0)
    return picture
