"""Tiny ONNX networks with the inputs and outputs of attribute readers' weights, made for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import WeightsFile

__all__ = ["NETWORKS", "Form", "stand_in_spec", "write_network"]


class Form(NamedTuple):
    """The form of a reader's file.

    Attributes:
        file: Its name.
        attributes: What it tells.
        shape: Of the input for one face.
        sizes: Of the outputs, in the file's own order.
        has_probabilities: Whether its outputs are probabilities; otherwise numbers of any size.
    """

    file: str
    attributes: tuple[Attribute, ...]
    shape: tuple[int, ...]
    sizes: tuple[int, ...]
    has_probabilities: bool = True


_AGE, _SEX, _ETHNICITY, _EMOTION = Attribute.AGE, Attribute.SEX, Attribute.ETHNICITY, Attribute.EMOTION

NETWORKS: Mapping[str, tuple[Form, ...]] = MappingProxyType(
    {
        "dlib": (
            Form("dlib_cydral_age_v1.onnx", (_AGE,), (3, 64, 64), (81,)),
            Form("dlib_cydral_gender_v1.onnx", (_SEX,), (3, 32, 32), (2,)),
        ),
        "openvino": (
            Form("openvino_age_0013.onnx", (_AGE,), (224, 224, 3), (101,)),
            Form("openvino_gender_0013.onnx", (_SEX,), (224, 224, 3), (2,)),
        ),
        "gear": (Form("gear_age_gender_race.onnx", (_AGE, _SEX, _ETHNICITY), (198, 198, 3), (5, 2, 7)),),
        "deepface": (
            Form("age_model_weights.onnx", (_AGE,), (224, 224, 3), (101,)),
            Form("gender_model_weights.onnx", (_SEX,), (224, 224, 3), (2,)),
            Form("race_model_single_batch.onnx", (_ETHNICITY,), (224, 224, 3), (6,)),
            Form("facial_expression_model_weights.onnx", (_EMOTION,), (48, 48, 1), (7,)),
        ),
        "fairface": (
            Form("fairface.onnx", (_AGE, _SEX, _ETHNICITY), (3, 224, 224), (7, 2, 9), has_probabilities=False),
        ),
        "mediapipe": (
            Form("face_landmarks_478.onnx", (Attribute.LANDMARKS,), (192, 192, 3), (1434, 1), has_probabilities=False),
        ),
    }
)
"""All readers' files."""


def write_network(
    path: Path,
    shape: Sequence[int],
    outputs: Sequence[NDArray[np.float64]],
    *,
    slope: float = 0.0,
    has_probabilities: bool = True,
) -> None:
    """Write a network whose outputs are constants, plus `slope` times the mean of its input for every second number.

    Args:
        path: The file.
        shape: Of the input for one face.
        outputs: The constants of each output, (K,); log-odds if it has probabilities.
        slope: How much the outputs depend on what is seen.
        has_probabilities: Whether the outputs are probabilities, by a softmax.
    """
    axes = list(range(1, len(shape) + 1))
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=axes, keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "one"], ["column"]),
    ]
    constants = [numpy_helper.from_array(np.array([1], dtype=np.int64), "one")]
    ends = []
    for number, values in enumerate(outputs):
        factors = np.where(np.arange(len(values)) % 2 == 0, slope, 0.0)[None]
        constants += [
            numpy_helper.from_array(factors.astype(np.float32), f"slope{number}"),
            numpy_helper.from_array(values.astype(np.float32), f"bias{number}"),
        ]
        nodes.append(helper.make_node("MatMul", ["column", f"slope{number}"], [f"product{number}"]))
        last = f"sum{number}" if has_probabilities else f"output{number}"
        nodes.append(helper.make_node("Add", [f"product{number}", f"bias{number}"], [last]))
        if has_probabilities:
            nodes.append(helper.make_node("Softmax", [last], [f"output{number}"], axis=-1))
        ends.append(helper.make_tensor_value_info(f"output{number}", TensorProto.FLOAT, ["n", len(values)]))
    entry = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", *shape])
    graph = helper.make_graph(nodes, "stand-in", [entry], ends, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def stand_in_spec(
    reader: str,
    folder: Path,
    outputs: Mapping[int, NDArray[np.float64]],
    *,
    slope: float = 0.0,
    sha256: str | None = None,
) -> ReaderSpec:
    """A reader whose files are stand-ins.

    Args:
        reader: Name of the reader.
        folder: Where the files are written.
        outputs: The constants of an output, by its length; the others are 0.
        slope: See `write_network`.
        sha256: What the files' hash is said to be; None for the true one.
    """
    weights = []
    for form in NETWORKS[reader]:
        path = folder / form.file
        constants = [outputs.get(size, np.zeros(size)) for size in form.sizes]
        write_network(path, form.shape, constants, slope=slope, has_probabilities=form.has_probabilities)
        true_hash = hashlib.sha256(path.read_bytes()).hexdigest()
        weights.append(WeightsFile(form.file, path, sha256 or true_hash))
    attributes = tuple(attribute for form in NETWORKS[reader] for attribute in form.attributes)
    return ReaderSpec(reader, attributes, tuple(weights), ("CPUExecutionProvider",))
