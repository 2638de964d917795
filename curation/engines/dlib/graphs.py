"""Networks of dlib written as ONNX models, so that ONNX Runtime computes them many times faster than dlib does.

The package onnx is imported only when a model is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.engines.dlib.format import (
    Affine,
    Convolution,
    DetectorOptions,
    DlibNetwork,
    FullyConnected,
    Layer,
    Mark,
    Plain,
    Pooling,
)
from curation.errors import WeightsBrokenError

__all__ = [
    "CHIP_INPUT",
    "CONVERTER_VERSION",
    "DESCRIPTOR_SIZE",
    "LEVEL_INPUT",
    "Graph",
    "Refused",
    "Value",
    "descriptor_model",
    "detector_facts",
    "detector_layers",
    "detector_model",
    "options_of",
]

CONVERTER_VERSION = 2
"""Raise it when the models that are written change; kept ones of other versions are passed over."""

DESCRIPTOR_SIZE = 128
"""Numbers in a face's descriptor."""

CHIP_INPUT = "chips"
"""Name of the descriptor's input."""

LEVEL_INPUT = "level"
"""Name of the detector's input."""

_OPSET, _IR_VERSION = 17, 9  # old enough for every ONNX Runtime that the requirements allow, new enough for all used
_OPTIONS_KEY = "curation_detector"
_PIXEL_DIVISOR = 256.0
# ONNX Runtime's fast convolutions want channels in blocks of 16 or 8; others take a path that is several times slower.
_CHANNEL_BLOCK = 16

_Array = NDArray[np.float32]
_Size = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the graph: its name and its (channels, height, width)."""

    name: str
    size: _Size


class Refused(Exception):
    """The layers are not those of the network that was expected."""


def descriptor_model(network: DlibNetwork, name: str) -> bytes:
    """Write a describing network (ResNet) as ONNX.

    Args:
        network: Read by `dlib_format.read_network`.
        name: Of the file that it comes from, for messages.

    Returns:
        A model with the input `chips`, (N, S, S, 3) uint8 RGB, S being the network's `input_px`, and the output
        `descriptors`, (N, 128) float32, not of unit length.

    Raises:
        WeightsBrokenError: If the layers do not fit together, or describe something else.
    """
    if network.input_px is None or network.detector is not None:
        raise WeightsBrokenError(f"{name} is a detector of dlib, not its face descriptor")
    try:
        graph = Graph(_folded(network.layers))
        side = network.input_px
        graph.node("Cast", [CHIP_INPUT], "pixels", to=graph.float_type)
        graph.node("Transpose", ["pixels"], "planes", perm=[0, 3, 1, 2])
        graph.constant("mean", np.array(network.mean_rgb, dtype=np.float32).reshape(1, 3, 1, 1))
        graph.node("Sub", ["planes", "mean"], "centred")
        last = graph.layers(Value("centred", (3, side, side)), 1 / _PIXEL_DIVISOR)
        if last.size != (DESCRIPTOR_SIZE, 1, 1):
            raise Refused(f"its descriptors have the shape {last.size}")
        graph.node("Flatten", [last.name], "descriptors", axis=1)
    except Refused as error:
        raise WeightsBrokenError(f"{name} is not dlib's face descriptor: {error}") from error
    return graph.model((CHIP_INPUT, "UINT8", ["N", side, side, 3]), ("descriptors", ["N", DESCRIPTOR_SIZE]))


def detector_model(network: DlibNetwork, name: str) -> bytes:
    """Write a detecting network (MMOD) as ONNX; it sees one level of the pyramid, or a part of one, at a time.

    Args:
        network: Read by `dlib_format.read_network`.
        name: Of the file that it comes from, for messages.

    Returns:
        A model with the input `level`, (3, H, W) uint8, red, green and blue, and the output `scores`, (h, w) float32,
        above 0 where it sees a face.

    Raises:
        WeightsBrokenError: If the layers do not fit together, or detect something else.
    """
    try:
        layers = detector_layers(network, name)
        graph = Graph(layers)
        graph.scores(graph.first_layers(network, len(layers)))
    except Refused as error:
        raise WeightsBrokenError(f"{name} is not dlib's face detector: {error}") from error
    return graph.model((LEVEL_INPUT, "UINT8", [3, "H", "W"]), ("scores", ["h", "w"]), detector_facts(network))


def detector_layers(network: DlibNetwork, name: str) -> list[Layer]:
    """The convolutions of a detecting network and what stands between them, as ONNX Runtime likes them.

    Raises:
        WeightsBrokenError: If the network is no detector.
        Refused: If it is more than a chain.
    """
    if network.detector is None:
        raise WeightsBrokenError(f"{name} is a descriptor of dlib, not its face detector")
    return _widened(_folded(network.layers))


def detector_facts(network: DlibNetwork) -> dict[str, str]:
    """What stands beside a detecting network in its file, for `options_of`."""
    assert network.detector is not None
    return {_OPTIONS_KEY: json.dumps({"mean_rgb": network.mean_rgb, **asdict(network.detector)})}


def options_of(facts: Mapping[str, str], path: Path) -> tuple[DetectorOptions, tuple[float, float, float]]:
    """What `detector_model` wrote beside the network: how answers become boxes, and the mean colour (RGB).

    Args:
        facts: The model's custom metadata.
        path: Of the model, for messages.

    Raises:
        WeightsBrokenError: If it is not there.
    """
    try:
        values = json.loads(facts[_OPTIONS_KEY])
        width, height = (int(side) for side in values["window_px"])
        red, green, blue = (float(value) for value in values["mean_rgb"])
        options = DetectorOptions((width, height), float(values["max_iou"]), float(values["max_covered"]))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsBrokenError(
            f"{path} does not say how its answers become boxes; delete it and run again"
        ) from error
    return options, (red, green, blue)


class Graph:
    """An ONNX graph in the making."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        import onnx

        self._onnx = onnx
        self._layers = layers
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self.float_type = onnx.TensorProto.FLOAT

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Keep an array under a name."""
        self._constants.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node with one output, and give that its name."""
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def first_layers(self, network: DlibNetwork, count: int) -> Value:
        """The detector's input, and so many of its layers."""
        assert network.detector is not None
        self.constant("batch_axis", np.array([0], dtype=np.int64))
        self.node("Cast", [LEVEL_INPUT], "planes", to=self.float_type)
        self.node("Unsqueeze", ["planes", "batch_axis"], "batch")
        # The sides are known when it runs; a window's worth lets the layers check each other.
        side = 4 * max(network.detector.window_px)
        given = Value("batch", (3, side, side))
        return self.layers(given, 1 / _PIXEL_DIVISOR, network.mean_rgb, count)

    def scores(self, value: Value) -> None:
        """The detector's output."""
        if value.size[0] != 1:
            raise Refused(f"it tells {value.size[0]} kinds of things apart")
        self.constant("outer_axes", np.array([0, 1], dtype=np.int64))
        self.node("Squeeze", [value.name, "outer_axes"], "scores")

    def layers(
        self, value: Value, first_factor: float, mean: Sequence[float] | None = None, count: int | None = None
    ) -> Value:
        """The layers, one after the other; the first convolution does what else would be done to the pixels.

        Args:
            value: What the first layer gets.
            first_factor: The pixels would be multiplied by it.
            mean: Would be taken off the channels before; only if the first convolution has no padding.
            count: Of the layers; None takes all.
        """
        marked: list[Value] = []
        other: Value | None = None
        is_first = True
        layers = self._layers[:count]
        for index, layer in enumerate(layers):
            name = f"layer{index}"
            if isinstance(layer, Convolution):
                value = self.convolution(value, name, _scaled(layer, first_factor, mean) if is_first else layer)
                is_first = False
            elif isinstance(layer, Plain) and layer.kind == "relu":
                value = Value(self.node("Relu", [value.name], name), value.size)
            elif isinstance(layer, Plain):
                # What was marked last, or the other way round the block that began there.
                if other is None and not marked:
                    raise Refused("it adds something that was not marked")
                value = self._sum(value, other if other is not None else marked.pop(), name)
                other = None
            elif isinstance(layer, Mark):
                if index + 1 < len(layers) and isinstance(layers[index + 1], Mark):
                    # Two in a row: the block's end is marked, and its beginning taken up again.
                    if not marked:
                        raise Refused("it goes back to something that was not marked")
                    other = value
                elif index > 0 and isinstance(layers[index - 1], Mark):
                    value = marked.pop()
                else:
                    marked.append(value)
            elif isinstance(layer, Pooling):
                value = self._pooling(value, name, layer)
            elif isinstance(layer, FullyConnected):
                value = self._matrix(value, name, layer)
            else:
                raise Refused("it scales channels where no convolution came before")
        if marked or other is not None or is_first:
            raise Refused("something that was marked is not used")
        return value

    def model(
        self,
        given: tuple[str, str, list[str | int]],
        answer: tuple[str, list[str | int]],
        facts: Mapping[str, str] | None = None,
    ) -> bytes:
        """The whole as a file's content."""
        helper, onnx = self._onnx.helper, self._onnx
        name, kind, shape = given
        graph = helper.make_graph(
            self._nodes,
            "network of dlib",
            [helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kind), shape)],
            [helper.make_tensor_value_info(answer[0], onnx.TensorProto.FLOAT, answer[1])],
            self._constants,
        )
        model = helper.make_model(
            graph, producer_name="curation", opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
        )
        helper.set_model_props(model, dict(facts or {}))
        onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    @staticmethod
    def size_after(value: Value, layer: Convolution) -> _Size:
        """(channels, height, width) that a convolution leaves.

        Raises:
            Refused: If it does not fit.
        """
        count, channels, height, width = layer.filters.shape
        if channels != value.size[0]:
            raise Refused(f"a convolution wants {channels} channels and gets {value.size[0]}")
        rows, columns = _window_size(value.size, (height, width), layer.stride, layer.padding)
        return count, rows, columns

    def convolution(self, value: Value, name: str, layer: Convolution) -> Value:
        """One convolution; its nodes and constants get names that begin with `name`."""
        filters = layer.filters
        count, _, height, width = filters.shape
        size = self.size_after(value, layer)
        biases = self.constant(f"{name}_biases", layer.biases)
        pads = list(layer.padding) * 2
        same = layer.stride == (1, 1) and size[1:] == value.size[1:]
        if count == 1 and same and (height, width) != (1, 1):
            # One filter only: the same sum as a transposed convolution is one product of matrices, so a quarter
            # of the whole detector's time is saved.
            turned = np.transpose(filters[:, :, ::-1, ::-1], (1, 0, 2, 3))
            weights = self.constant(f"{name}_filters", turned)
            return Value(self.node("ConvTranspose", [value.name, weights, biases], name, pads=pads), size)
        weights = self.constant(f"{name}_filters", filters)
        self.node("Conv", [value.name, weights, biases], name, strides=list(layer.stride), pads=pads)
        return Value(name, size)

    def _pooling(self, value: Value, name: str, layer: Pooling) -> Value:
        if layer.window == (0, 0):
            if layer.kind != "mean":
                raise Refused("it takes the maximum of the whole picture")
            return Value(self.node("GlobalAveragePool", [value.name], name), (value.size[0], 1, 1))
        height, width = _window_size(value.size, layer.window, layer.stride, layer.padding)
        self.node(
            "MaxPool" if layer.kind == "max" else "AveragePool",
            [value.name],
            name,
            kernel_shape=list(layer.window),
            strides=list(layer.stride),
            pads=list(layer.padding) * 2,
        )
        return Value(name, (value.size[0], height, width))

    def _matrix(self, value: Value, name: str, layer: FullyConnected) -> Value:
        if value.size != (layer.weights.shape[0], 1, 1):
            raise Refused(f"a matrix wants {layer.weights.shape[0]} numbers and gets {value.size}")
        filters = layer.weights.T[:, :, None, None]
        weights = self.constant(f"{name}_filters", filters)
        return Value(self.node("Conv", [value.name, weights], name), (layer.weights.shape[1], 1, 1))

    def _sum(self, first: Value, second: Value, name: str) -> Value:
        """Their sum, the smaller one in any direction padded with zeros at its end, as dlib does."""
        size = tuple(max(pair) for pair in zip(first.size, second.size, strict=True))
        terms = []
        for part, value in zip("ab", (first, second), strict=True):
            missing = [wanted - there for wanted, there in zip(size, value.size, strict=True)]
            term = value.name
            if any(missing):
                pads = self.constant(f"{name}{part}_pads", np.array([0, 0, 0, 0, 0, *missing], dtype=np.int64))
                term = self.node("Pad", [term, pads], f"{name}{part}")
            terms.append(term)
        return Value(self.node("Add", terms, name), (size[0], size[1], size[2]))


def _window_size(size: _Size, window: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> list[int]:
    """Height and width that a layer with a window leaves."""
    sides = []
    for side, length, step, pad in zip(size[1:], window, stride, padding, strict=True):
        if side + 2 * pad < length:
            raise Refused(f"a window of {length} pixels looks at {side}")
        sides.append((side + 2 * pad - length) // step + 1)
    return sides


def _scaled(layer: Convolution, factor: float, mean: Sequence[float] | None) -> Convolution:
    """A convolution that takes a mean off its input first, and then multiplies it by a factor."""
    filters = layer.filters * np.float32(factor)
    if mean is None:
        return Convolution(filters, layer.biases, layer.stride, layer.padding)
    if any(layer.padding):
        raise Refused("its first convolution pads the picture")
    shift = filters.sum(axis=(2, 3), dtype=np.float64) @ np.array(mean, dtype=np.float64)
    return Convolution(filters, (layer.biases - shift).astype(np.float32), layer.stride, layer.padding)


def _folded(layers: Sequence[Layer]) -> list[Layer]:
    """The layers with every affine one taken into the convolution before it."""
    folded: list[Layer] = []
    for layer in layers:
        before = folded[-1] if folded else None
        if isinstance(layer, Affine) and isinstance(before, Convolution):
            if len(layer.scale) != len(before.biases):
                raise Refused(f"{len(layer.scale)} factors follow on {len(before.biases)} channels")
            filters = before.filters.astype(np.float64) * layer.scale[:, None, None, None]
            biases = before.biases.astype(np.float64) * layer.scale + layer.shift
            folded[-1] = Convolution(
                filters.astype(np.float32), biases.astype(np.float32), before.stride, before.padding
            )
        else:
            folded.append(layer)
    return folded


def _widened(layers: Sequence[Layer]) -> list[Layer]:
    """A chain of convolutions with channels of zeros added between them, up to whole blocks; the results stay."""
    if not all(isinstance(layer, Convolution | Plain) for layer in layers):
        raise Refused("it is more than a chain of convolutions")
    last = max(index for index, layer in enumerate(layers) if isinstance(layer, Convolution))
    widened: list[Layer] = []
    channels_before = 0
    for index, layer in enumerate(layers):
        if not isinstance(layer, Convolution):
            widened.append(layer)
            continue
        count, channels, *sides = layer.filters.shape
        wide = count if index == last else -(-count // _CHANNEL_BLOCK) * _CHANNEL_BLOCK
        filters = np.zeros((wide, max(channels, channels_before), *sides), dtype=np.float32)
        filters[:count, :channels] = layer.filters
        biases = np.zeros(wide, dtype=np.float32)
        biases[:count] = layer.biases
        widened.append(Convolution(filters, biases, layer.stride, layer.padding))
        channels_before = wide
    return widened
