"""Networks of TensorFlow Lite (`.tflite` files) as plain values; nothing is executed.

The numbers of fields, types and operators are those of TensorFlow's published schema, lite/schema/schema.fbs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from curation.engines.bodies.tflite.flatbuffer import BrokenBufferError, Table, root_table
from curation.errors import WeightsBrokenError

__all__ = ["Operator", "TfliteNetwork", "TfliteTensor", "read_network"]

_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3
# Far above the values in the known files, far below what would do harm.
_MAX_FILE_BYTES = 256 * 2**20
_MAX_ELEMENTS = 2**27
_MAX_DIMENSIONS = 8

_TYPES: Mapping[int, str] = MappingProxyType({0: "<f4", 1: "<f2", 2: "<i4", 4: "<i8"})

_OPERATORS: Mapping[int, str] = MappingProxyType(
    {
        0: "ADD",
        1: "AVERAGE_POOL_2D",
        2: "CONCATENATION",
        3: "CONV_2D",
        4: "DEPTHWISE_CONV_2D",
        5: "DEPTH_TO_SPACE",
        6: "DEQUANTIZE",
        14: "LOGISTIC",
        17: "MAX_POOL_2D",
        18: "MUL",
        19: "RELU",
        21: "RELU6",
        22: "RESHAPE",
        23: "RESIZE_BILINEAR",
        32: "CUSTOM",
        34: "PAD",
        40: "MEAN",
        54: "PRELU",
        67: "TRANSPOSE_CONV",
        117: "HARD_SWISH",
    }
)
_CUSTOM = 32


@dataclass(frozen=True, slots=True, eq=False)
class TfliteTensor:
    """A tensor of a network.

    Attributes:
        name: Its name.
        shape: Its sizes, with the channels last.
        type: As in NumPy, `<f4`, `<f2`, `<i4` or `<i8`; empty for another one.
        values: Of a constant; None for what is computed.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    values: NDArray[np.generic] | None


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """An operator of a network.

    Attributes:
        kind: Its name in the schema; that of a custom operator is its own.
        inputs: Numbers of tensors; -1 for one that is left out.
        outputs: Likewise.
        options: Its table of options; None if it has none.
        custom: The options of a custom operator.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    custom: bytes


@dataclass(frozen=True, slots=True, eq=False)
class TfliteNetwork:
    """A network.

    Attributes:
        tensors: All of them.
        operators: In the order in which they are computed.
        inputs: Numbers of tensors.
        outputs: Likewise.
    """

    tensors: tuple[TfliteTensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_network(data: bytes, name: str) -> TfliteNetwork:
    """Read a network.

    Args:
        data: The whole file.
        name: Of the file, for messages.

    Raises:
        WeightsBrokenError: If it is anything else, is cut off, refers to what is not there, or has types or operators
            that the networks which the program knows do not have.
    """
    try:
        if len(data) > _MAX_FILE_BYTES:
            raise BrokenBufferError(f"it has {len(data)} bytes")
        return _network(root_table(data, _IDENTIFIER))
    except BrokenBufferError as error:
        raise WeightsBrokenError(
            f"{name} is not a network of TensorFlow Lite that can be converted: {error}; delete it and download it "
            "again"
        ) from error


def _network(model: Table) -> TfliteNetwork:
    version = model.integer(0, "<I")
    if version != _SCHEMA_VERSION:
        raise BrokenBufferError(f"the version of its schema is {version} instead of {_SCHEMA_VERSION}")
    kinds = [_kind(code) for code in model.tables(1)]
    graphs = list(model.tables(2))
    if len(graphs) != 1:
        raise BrokenBufferError(f"it has {len(graphs)} graphs instead of one")
    buffers = list(model.tables(4))
    tensors = tuple(_tensor(table, buffers) for table in graphs[0].tables(0))
    operators = tuple(_operator(table, kinds, len(tensors)) for table in graphs[0].tables(3))
    inputs, outputs = (_numbers(graphs[0].integers(field), len(tensors), least=0) for field in (1, 2))
    if not inputs or not outputs or not operators:
        raise BrokenBufferError("it has no input, no output or no operators")
    return TfliteNetwork(tensors, operators, inputs, outputs)


def _kind(code: Table) -> str:
    # The first field is from a time when there were fewer than 128 operators.
    number = max(code.integer(0, "<b"), code.integer(3))
    if number == _CUSTOM:
        return code.text(1)
    return _OPERATORS.get(number, f"number {number}")


def _tensor(table: Table, buffers: list[Table]) -> TfliteTensor:
    name, shape = table.text(3), tuple(table.integers(0))
    if len(shape) > _MAX_DIMENSIONS or any(size < 0 for size in shape) or math.prod(shape) > _MAX_ELEMENTS:
        raise BrokenBufferError(f"the shape of {name} is {list(shape)[:_MAX_DIMENSIONS]}")
    kind = _TYPES.get(table.integer(1, "<b"), "")
    number = table.integer(2, "<I")
    if number >= len(buffers):
        raise BrokenBufferError(f"the numbers of {name} are missing")
    content = buffers[number].content(0)
    if not content:
        return TfliteTensor(name, shape, kind, None)
    if table.table(6) is not None:
        raise BrokenBufferError(f"{name} is stored as a sparse tensor")
    if not kind:
        raise BrokenBufferError(f"{name} has the type {table.integer(1, '<b')}")
    if len(content) != math.prod(shape) * np.dtype(kind).itemsize:
        raise BrokenBufferError(f"{name} has {len(content)} bytes, which does not fit its shape {list(shape)}")
    values = np.frombuffer(content, dtype=kind).reshape(shape)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise BrokenBufferError(f"{name} has numbers that are not finite")
    return TfliteTensor(name, shape, kind, values)


def _operator(table: Table, kinds: list[str], tensors: int) -> Operator:
    number = table.integer(0, "<I")
    if number >= len(kinds):
        raise BrokenBufferError(f"it has an operator with the number {number} of {len(kinds)}")
    return Operator(
        kinds[number],
        _numbers(table.integers(1), tensors, least=-1),
        _numbers(table.integers(2), tensors, least=0),
        table.table(4),
        table.content(5),
    )


def _numbers(found: list[int], tensors: int, *, least: int) -> tuple[int, ...]:
    if any(not least <= number < tensors for number in found):
        raise BrokenBufferError("it refers to a tensor that is not there")
    return tuple(found)
