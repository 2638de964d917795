"""Building an ONNX graph from a network's layers. The package onnx is imported only when a graph is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.engines.dlib.converter.layers import (
    PIXEL_DIVISOR,
    Convolution,
    DlibNetwork,
    FullyConnected,
    Layer,
    Mark,
    Plain,
    Pooling,
)
from curation.engines.dlib.converter.rewriting import UnexpectedLayersError, normalisation_folded
from curation.engines.dlib.model_contract import LEVEL_INPUT

__all__ = ["OnnxGraph", "Tensor"]

# Supported by every version of ONNX Runtime that the requirements allow, with all operators used here.
_OPSET, _IR_VERSION = 17, 9

_Size = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in the graph: its name and its (channels, height, width)."""

    name: str
    size: _Size


class OnnxGraph:
    """An ONNX graph that is being built from a network's layers."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Start an empty graph.

        Args:
            layers: Those that `layers` adds.
        """
        import onnx

        self._onnx = onnx
        self._layers = layers
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self.float_type = onnx.TensorProto.FLOAT

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Add an array as a constant; returns its name."""
        self._constants.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node with one output; returns the output's name."""
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def first_layers(self, network: DlibNetwork, count: int) -> Tensor:
        """Add a detector's input and its first `count` layers; returns their output."""
        assert network.detector is not None
        self.constant("batch_axis", np.array([0], dtype=np.int64))
        self.node("Cast", [LEVEL_INPUT], "planes", to=self.float_type)
        self.node("Unsqueeze", ["planes", "batch_axis"], "batch")
        # The real size is known when the model runs; this one is large enough to check that the layers fit together.
        side = 4 * max(network.detector.window_px)
        given = Tensor("batch", (3, side, side))
        return self.layers(given, 1 / PIXEL_DIVISOR, network.mean_rgb, count)

    def scores(self, value: Tensor) -> None:
        """Add a detector's output."""
        if value.size[0] != 1:
            raise UnexpectedLayersError(f"it distinguishes {value.size[0]} classes")
        self.constant("outer_axes", np.array([0, 1], dtype=np.int64))
        self.node("Squeeze", [value.name, "outer_axes"], "scores")

    def layers(
        self, value: Tensor, first_factor: float, mean: Sequence[float] | None = None, count: int | None = None
    ) -> Tensor:
        """Add the layers; the normalisation of the pixels is folded into the first convolution.

        Args:
            value: The first layer's input.
            first_factor: By which the pixels are multiplied.
            mean: Is subtracted from the channels before; only if the first convolution has no padding.
            count: How many of the layers; None adds all.

        Returns:
            The last layer's output.

        Raises:
            UnexpectedLayersError: If the layers do not fit together.
        """
        marked: list[Tensor] = []
        other: Tensor | None = None
        is_first = True
        layers = self._layers[:count]
        for index, layer in enumerate(layers):
            name = f"layer{index}"
            if isinstance(layer, Convolution):
                value = self.convolution(
                    value, name, normalisation_folded(layer, first_factor, mean) if is_first else layer
                )
                is_first = False
            elif isinstance(layer, Plain) and layer.kind == "relu":
                value = Tensor(self.node("Relu", [value.name], name), value.size)
            elif isinstance(layer, Plain):
                # The operands: the last marked output, or the other branch of the block that began there.
                if other is None and not marked:
                    raise UnexpectedLayersError("it adds something that was not marked")
                value = self._sum(value, other if other is not None else marked.pop(), name)
                other = None
            elif isinstance(layer, Mark):
                if index + 1 < len(layers) and isinstance(layers[index + 1], Mark):
                    # Two in a row: the end of a branch is marked, and the next branch starts at the block's input.
                    if not marked:
                        raise UnexpectedLayersError("it goes back to something that was not marked")
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
                raise UnexpectedLayersError("it scales channels where no convolution came before")
        if marked or other is not None or is_first:
            raise UnexpectedLayersError("something that was marked is not used")
        return value

    def model(
        self,
        given: tuple[str, str, list[str | int]],
        answer: tuple[str, list[str | int]],
        metadata: Mapping[str, str] | None = None,
    ) -> bytes:
        """The content of the model's file.

        Args:
            given: Name, type and shape of the input.
            answer: Name and shape of the output, which is float32.
            metadata: Is stored in the model.
        """
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
        helper.set_model_props(model, dict(metadata or {}))
        onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    @staticmethod
    def size_after(value: Tensor, layer: Convolution) -> _Size:
        """(channels, height, width) of a convolution's output.

        Raises:
            UnexpectedLayersError: If the convolution does not fit its input.
        """
        count, channels, height, width = layer.filters.shape
        if channels != value.size[0]:
            raise UnexpectedLayersError(f"a convolution needs {channels} channels and gets {value.size[0]}")
        rows, columns = _window_size(value.size, (height, width), layer.stride, layer.padding)
        return count, rows, columns

    def convolution(self, value: Tensor, name: str, layer: Convolution) -> Tensor:
        """Add a convolution, whose nodes and constants have names that begin with `name`; returns its output."""
        filters = layer.filters
        count, _, height, width = filters.shape
        size = self.size_after(value, layer)
        biases = self.constant(f"{name}_biases", layer.biases)
        pads = list(layer.padding) * 2
        same = layer.stride == (1, 1) and size[1:] == value.size[1:]
        if count == 1 and same and (height, width) != (1, 1):
            # With a single filter, a transposed convolution computes the same sum as one matrix product, which saves a
            # quarter of the whole detector's time.
            turned = np.transpose(filters[:, :, ::-1, ::-1], (1, 0, 2, 3))
            weights = self.constant(f"{name}_filters", turned)
            return Tensor(self.node("ConvTranspose", [value.name, weights, biases], name, pads=pads), size)
        weights = self.constant(f"{name}_filters", filters)
        self.node("Conv", [value.name, weights, biases], name, strides=list(layer.stride), pads=pads)
        return Tensor(name, size)

    def _pooling(self, value: Tensor, name: str, layer: Pooling) -> Tensor:
        if layer.window == (0, 0):
            if layer.kind != "mean":
                raise UnexpectedLayersError("it takes the maximum of the whole picture")
            return Tensor(self.node("GlobalAveragePool", [value.name], name), (value.size[0], 1, 1))
        height, width = _window_size(value.size, layer.window, layer.stride, layer.padding)
        self.node(
            "MaxPool" if layer.kind == "max" else "AveragePool",
            [value.name],
            name,
            kernel_shape=list(layer.window),
            strides=list(layer.stride),
            pads=list(layer.padding) * 2,
        )
        return Tensor(name, (value.size[0], height, width))

    def _matrix(self, value: Tensor, name: str, layer: FullyConnected) -> Tensor:
        if value.size != (layer.weights.shape[0], 1, 1):
            raise UnexpectedLayersError(f"a matrix needs {layer.weights.shape[0]} numbers and gets {value.size}")
        filters = layer.weights.T[:, :, None, None]
        weights = self.constant(f"{name}_filters", filters)
        return Tensor(self.node("Conv", [value.name, weights], name), (layer.weights.shape[1], 1, 1))

    def _sum(self, first: Tensor, second: Tensor, name: str) -> Tensor:
        """Add the sum of two tensors; the smaller one in each dimension is padded with zeros at its end, as in dlib."""
        size = tuple(max(pair) for pair in zip(first.size, second.size, strict=True))
        terms = []
        for part, value in zip("ab", (first, second), strict=True):
            missing = [wanted - there for wanted, there in zip(size, value.size, strict=True)]
            term = value.name
            if any(missing):
                pads = self.constant(f"{name}{part}_pads", np.array([0, 0, 0, 0, 0, *missing], dtype=np.int64))
                term = self.node("Pad", [term, pads], f"{name}{part}")
            terms.append(term)
        return Tensor(self.node("Add", terms, name), (size[0], size[1], size[2]))


def _window_size(size: _Size, window: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> list[int]:
    """Height and width of the output of a layer with a window."""
    sides = []
    for side, length, step, pad in zip(size[1:], window, stride, padding, strict=True):
        if side + 2 * pad < length:
            raise UnexpectedLayersError(f"a window of {length} pixels is larger than its input of {side}")
        sides.append((side + 2 * pad - length) // step + 1)
    return sides
