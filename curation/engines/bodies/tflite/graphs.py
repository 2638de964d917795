"""Building an ONNX graph from a network of TensorFlow Lite.

TensorFlow keeps the channels of pictures last, ONNX first. So each value of four dimensions exists in one of two
orders, and is brought into the other one where an operator needs it. The package onnx is imported only when a graph is
built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.engines.bodies.tflite.flatbuffer import BrokenBufferError
from curation.engines.bodies.tflite.format import TfliteNetwork, TfliteTensor

__all__ = ["CHANNELS_FIRST", "GraphBuilder"]

CHANNELS_FIRST, CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
"""How the dimensions of a value are transposed to bring it into the other order."""

# Supported by every version of ONNX Runtime that the requirements allow, with all operators used here.
_OPSET, _IR_VERSION = 17, 9


class GraphBuilder:
    """An ONNX graph that is being built."""

    def __init__(self, network: TfliteNetwork) -> None:
        """Start an empty graph."""
        import onnx

        self._onnx = onnx
        self._network = network
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        # For each tensor of the network, the names of its value, with the channels first and as TensorFlow has it.
        self._first: dict[int, str] = {}
        self._last: dict[int, str] = {}
        self._stored: dict[int, NDArray[np.generic]] = {
            number: tensor.values for number, tensor in enumerate(network.tensors) if tensor.values is not None
        }
        for number in network.inputs:
            self._last[number] = network.tensors[number].name

    def tensor(self, number: int) -> TfliteTensor:
        """A tensor of the network.

        Raises:
            BrokenBufferError: If it is left out.
        """
        if number < 0:
            raise BrokenBufferError("an operator lacks an input")
        return self._network.tensors[number]

    def stored(self, number: int) -> NDArray[np.generic] | None:
        """The numbers of a constant, or of what follows from one by a change of type; None for what is computed."""
        return self._stored.get(number)

    def store(self, number: int, values: NDArray[np.generic]) -> None:
        """Keep what follows from a constant."""
        self._stored[number] = values

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node with one output; returns the output's name."""
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Add an array as a constant; returns its name."""
        self._constants.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weights(self, name: str, values: NDArray[np.generic]) -> str:
        """Add an array as a constant of 32 bit numbers; one of 16 bit is stored as it is and widened when loaded."""
        if values.dtype != np.float16:
            return self.constant(name, values.astype(np.float32))
        return self.node("Cast", [self.constant(f"{name}_half", values)], name, to=self._onnx.TensorProto.FLOAT)

    def channels_first(self, number: int) -> str:
        """The name of a value of four dimensions, with its channels first."""
        if number not in self._first:
            if number not in self._last:
                raise BrokenBufferError(f"{self.tensor(number).name} is used before it is computed")
            if len(self.tensor(number).shape) != 4:
                raise BrokenBufferError(f"{self.tensor(number).name} is not a picture")
            self._first[number] = self.node(
                "Transpose", [self._last[number]], f"value{number}_first", perm=CHANNELS_FIRST
            )
        return self._first[number]

    def channels_last(self, number: int) -> str:
        """The name of a value in the order in which TensorFlow has it."""
        if number not in self._last:
            if number not in self._first:
                raise BrokenBufferError(f"{self.tensor(number).name} is used before it is computed")
            self._last[number] = self.node(
                "Transpose", [self._first[number]], f"value{number}_last", perm=CHANNELS_LAST
            )
        return self._last[number]

    def is_picture(self, number: int) -> bool:
        """Whether a value has its channels first already."""
        return number in self._first

    def set_first(self, number: int, name: str) -> None:
        """Keep an operator's output, with its channels first."""
        self._first[number] = name

    def set_last(self, number: int, name: str) -> None:
        """Keep an operator's output, in the order in which TensorFlow has it."""
        self._last[number] = name

    def model(self) -> bytes:
        """The content of the model's file; inputs and outputs have the names, shapes and order of the network's."""
        helper, onnx = self._onnx.helper, self._onnx
        outputs = []
        for number in self._network.outputs:
            tensor = self._network.tensors[number]
            self.node("Identity", [self.channels_last(number)], tensor.name)
            outputs.append(helper.make_tensor_value_info(tensor.name, onnx.TensorProto.FLOAT, tensor.shape))
        inputs = [
            helper.make_tensor_value_info(tensor.name, onnx.TensorProto.FLOAT, tensor.shape)
            for tensor in (self._network.tensors[number] for number in self._network.inputs)
        ]
        graph = helper.make_graph(self._nodes, "network of TensorFlow Lite", inputs, outputs, self._constants)
        model = helper.make_model(
            graph, producer_name="curation", opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content
