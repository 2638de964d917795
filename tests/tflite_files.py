"""Writing small networks of TensorFlow Lite, in the format that the program reads (see its published schema)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CUSTOM", "OPERATORS", "NetworkFile", "Scalar", "flatbuffer"]

OPERATORS: Mapping[str, int] = {
    "ADD": 0,
    "AVERAGE_POOL_2D": 1,
    "CONCATENATION": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 4,
    "DEPTH_TO_SPACE": 5,
    "DEQUANTIZE": 6,
    "LOGISTIC": 14,
    "MAX_POOL_2D": 17,
    "MUL": 18,
    "RELU": 19,
    "RELU6": 21,
    "RESHAPE": 22,
    "RESIZE_BILINEAR": 23,
    "SOFTMAX": 25,
    "PAD": 34,
    "MEAN": 40,
    "PRELU": 54,
    "TRANSPOSE_CONV": 67,
    "HARD_SWISH": 117,
}
CUSTOM = 32
_TYPES = {np.dtype("float32"): 0, np.dtype("float16"): 1, np.dtype("int32"): 2}


@dataclass(frozen=True)
class Scalar:
    """A number of a table, with its form as in the module struct."""

    form: str
    value: int


def flatbuffer(root: Mapping[int, Any], identifier: bytes) -> bytes:
    """A FlatBuffers file.

    Args:
        root: The first table: values by the number of their field. A table is a mapping, a string a str, a vector of
            bytes is bytes, one of 32 bit integers a list of int, one of tables a list of mappings.
        identifier: Four letters.
    """
    buffer = bytearray(struct.pack("<I", 0) + identifier)
    struct.pack_into("<I", buffer, 0, _table(buffer, root))
    return bytes(buffer)


def _table(buffer: bytearray, fields: Mapping[int, Any]) -> int:
    _align(buffer)
    count = max(fields, default=-1) + 1
    entries = {number: 4 + 4 * place for place, number in enumerate(sorted(fields))}
    start = len(buffer)
    buffer += struct.pack("<HH", 4 + 2 * count, 4 + 4 * len(fields))
    for number in range(count):
        buffer += struct.pack("<H", entries.get(number, 0))
    _align(buffer)
    place = len(buffer)
    buffer += struct.pack("<i", place - start) + bytes(4 * len(fields))
    for number, value in fields.items():
        slot = place + entries[number]
        if isinstance(value, Scalar):
            struct.pack_into(value.form, buffer, slot, value.value)
        else:
            struct.pack_into("<I", buffer, slot, _stored(buffer, value) - slot)
    return place


def _stored(buffer: bytearray, value: Any) -> int:
    if isinstance(value, Mapping):
        return _table(buffer, value)
    _align(buffer)
    place = len(buffer)
    if isinstance(value, str | bytes):
        content = value.encode() if isinstance(value, str) else value
        buffer += struct.pack("<I", len(content)) + content + b"\0"
    elif value and isinstance(value[0], Mapping):
        buffer += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for number, table in enumerate(value):
            slot = place + 4 + 4 * number
            struct.pack_into("<I", buffer, slot, _table(buffer, table) - slot)
    else:
        buffer += struct.pack(f"<I{len(value)}i", len(value), *value)
    return place


def _align(buffer: bytearray) -> None:
    buffer += bytes(-len(buffer) % 4)


@dataclass
class NetworkFile:
    """A network that is being written; `tensors` and `operators` are tables of the schema."""

    tensors: list[dict[int, Any]] = field(default_factory=list)
    buffers: list[dict[int, Any]] = field(default_factory=lambda: [{}])
    operators: list[dict[int, Any]] = field(default_factory=list)
    codes: list[dict[int, Any]] = field(default_factory=list)

    def value(self, shape: Sequence[int], name: str = "") -> int:
        """Add a tensor that is given or computed; returns its number."""
        name = name or f"value{len(self.tensors)}"
        self.tensors.append({0: list(shape), 1: Scalar("<b", 0), 2: Scalar("<I", 0), 3: name})
        return len(self.tensors) - 1

    def constant(self, values: NDArray[Any]) -> int:
        """Add a constant; returns its number."""
        self.buffers.append({0: np.ascontiguousarray(values).tobytes()})
        kind = Scalar("<b", _TYPES[values.dtype])
        name = f"constant{len(self.tensors)}"
        self.tensors.append({0: list(values.shape), 1: kind, 2: Scalar("<I", len(self.buffers) - 1), 3: name})
        return len(self.tensors) - 1

    def step(
        self,
        kind: str,
        inputs: Sequence[int],
        shape: Sequence[int],
        options: Mapping[int, Any] | None = None,
        *,
        custom: bytes | None = None,
        name: str = "",
    ) -> int:
        """Add an operator; returns the number of its output."""
        code = {0: Scalar("<b", CUSTOM), 1: kind} if custom is not None else {3: Scalar("<i", OPERATORS[kind])}
        self.codes.append(code)
        output = self.value(shape, name)
        table: dict[int, Any] = {0: Scalar("<I", len(self.codes) - 1), 1: list(inputs), 2: [output]}
        if options is not None:
            table |= {3: Scalar("<B", 1), 4: dict(options)}
        if custom is not None:
            table[5] = custom
        self.operators.append(table)
        return output

    def content(self, inputs: Sequence[int], outputs: Sequence[int], *, version: int = 3) -> bytes:
        """The whole file."""
        graph = {0: self.tensors, 1: list(inputs), 2: list(outputs), 3: self.operators}
        return flatbuffer(
            {0: Scalar("<I", version), 1: self.codes, 2: [graph], 3: "made for a test", 4: self.buffers}, b"TFL3"
        )
