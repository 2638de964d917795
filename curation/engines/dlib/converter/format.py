"""Reading the networks that dlib saved (`.dat` files): the layers and their parameters; nothing is executed.

The format was derived from the files themselves. An integer is a byte (low 4 bits: number of bytes that follow, high
bit: sign) and its little-endian bytes; a string is its length and its bytes; a real number m * 2^e is the integers m
and e; a tensor is its version, four dimensions and little-endian float32 values. A file contains the loss with its
options, then one version number per layer from the last to the first, then the input and the layers from the first to
the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from curation.engines.dlib.converter.layers import (
    Affine,
    Convolution,
    DlibNetwork,
    FullyConnected,
    Layer,
    Mark,
    Plain,
    Pooling,
)
from curation.engines.dlib.model_contract import DetectorOptions
from curation.errors import WeightsBrokenError

__all__ = ["read_network"]

# Far above the values in the known files, far below what would do harm.
_MAX_FILE_BYTES = 256 * 2**20
_MAX_NAME_BYTES = 64
_MAX_LAYERS = 1000
_MAX_SIDE = 4096

_TENSOR_VERSION = 2
_ALIAS_VERSION = 1
_OPTIONS_VERSION = 1
_LAYER, _FIRST_LAYER, _MARK = 2, 3, 1
_NO_BIAS = 1

_LOSS_DETECTOR, _LOSS_METRIC = "loss_mmod_", "loss_metric_2"
_INPUT_PYRAMID, _INPUT_SIZED = "input_rgb_image_pyramid", "input_rgb_image_sized"

_Array = NDArray[np.float32]


def read_network(data: bytes, name: str) -> DlibNetwork:
    """Read a network whose loss is dlib's `loss_mmod` or `loss_metric`.

    Args:
        data: The whole file.
        name: Of the file, for messages.

    Raises:
        WeightsBrokenError: If it is anything else, ends early, continues after its end, or contains numbers that
            are not finite.
    """
    if len(data) > _MAX_FILE_BYTES:
        raise WeightsBrokenError(f"{name} has {len(data)} bytes; Curation reads no network of dlib that large")
    return _Reader(data, name).network()


class _Reader:
    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._position = 0

    def network(self) -> DlibNetwork:
        self._expect(self._integer(), 1, "version of the loss")
        loss = self._string()
        detector = None
        if loss == _LOSS_DETECTOR:
            detector = self._detector_options()
        elif loss == _LOSS_METRIC:
            self._reals(2)  # margin and distance, used in training only
        else:
            self._fail(f"its loss is {loss!r}")
        versions = self._versions()
        kind = self._string()
        self._expect(kind, _INPUT_SIZED if detector is None else _INPUT_PYRAMID, "input")
        red, green, blue = self._reals(3)
        input_px = None
        if kind == _INPUT_SIZED:
            height, width = self._side(), self._side()
            self._expect(width, height, "width of the input")
            input_px = height
        layers: list[Layer] = []
        for version in reversed(versions):
            layers.append(Mark() if version == _MARK else self._layer(is_first=version == _FIRST_LAYER))
        if self._position != len(self._data):
            self._fail(f"{len(self._data) - self._position} bytes follow after its end")
        return DlibNetwork((red, green, blue), input_px, tuple(layers), detector)

    def _detector_options(self) -> DetectorOptions:
        self._expect(self._integer(), _OPTIONS_VERSION, "version of the detector's options")
        width, height = self._side(), self._side()
        # The others (loss of a false alarm and of a miss, overlap that counts as found) are used in training only.
        _, _, _, iou, covered, _, _ = self._reals(7)
        if not (0 < iou <= 1 and 0 < covered <= 1):
            self._fail(f"its limits for overlapping boxes are {iou:g} and {covered:g}")
        return DetectorOptions((width, height), iou, covered)

    def _versions(self) -> list[int]:
        """The versions of the layers and marks, from the last to the first; only the first layer has version 3."""
        versions: list[int] = []
        while not versions or versions[-1] != _FIRST_LAYER:
            version = self._integer()
            if version not in (_LAYER, _FIRST_LAYER, _MARK) or len(versions) >= _MAX_LAYERS:
                self._fail(f"layer {len(versions)} from the end has the version {version}")
            versions.append(version)
        return versions

    def _layer(self, *, is_first: bool) -> Layer:
        name = self._string()
        read = _LAYERS.get(name)
        if read is None:
            self._fail(f"the layer {name!r} is not known; known: {', '.join(_LAYERS)}")
        layer = read(self)
        flags = self._take(3)
        if not set(flags) <= set(b"01"):
            self._fail(f"flags after the layer {name!r} are {flags!r}")
        for _ in range(3):  # left over from training
            self._tensor()
        if is_first:
            self._expect(self._integer(), 1, "pictures per sample")
        return layer

    def _convolution(self) -> Layer:
        numbers = self._tensor()
        count = self._integer()
        height, width, *steps = (self._integer() for _ in range(6))
        stride, padding = self._steps(*steps)
        filters, biases = self._alias(), self._alias()
        self._reals(4)  # learning rates
        self._expect((filters[0], *filters[2:]), (count, height, width), "shape of a convolution's filters")
        self._expect(biases, (1, count, 1, 1), "shape of a convolution's biases")
        parts = self._parts(numbers, filters, biases)
        return Convolution(parts[0], parts[1].reshape(-1), stride, padding)

    def _affine(self) -> Layer:
        scale, shift = self._scale_and_shift()
        self._expect(self._integer(), 0, "mode of an affine layer")
        return Affine(scale.reshape(-1), shift.reshape(-1))

    def _batch_normalisation(self) -> Layer:
        scale, shift = (part.reshape(-1).astype(np.float64) for part in self._scale_and_shift())
        _, _, means, variances = (self._tensor().reshape(-1).astype(np.float64) for _ in range(4))
        self._integer(), self._integer()  # window and state of the running averages
        self._reals(4)  # learning rates
        (epsilon,) = self._reals(1)
        for part in (means, variances):
            self._expect(part.shape, scale.shape, "channels of a batch normalisation")
        if epsilon <= 0 or (variances < 0).any():
            self._fail("the variances of a batch normalisation are negative")
        factors = scale / np.sqrt(variances + epsilon)
        return Affine(factors.astype(np.float32), (shift - means * factors).astype(np.float32))

    def _scale_and_shift(self) -> tuple[_Array, ...]:
        numbers = self._tensor()
        scale, shift = self._alias(), self._alias()
        self._expect(scale, (1, scale[1], 1, 1), "shape of a layer's factors")
        self._expect(shift, scale, "shape of a layer's shifts")
        return self._parts(numbers, scale, shift)

    def _fully_connected(self) -> Layer:
        outputs, inputs = self._integer(), self._integer()
        numbers = self._tensor()
        weights, biases = self._alias(), self._alias()
        self._expect(self._integer(), _NO_BIAS, "mode of a matrix")
        self._reals(4)  # learning rates
        self._expect(weights, (inputs, outputs, 1, 1), "shape of a matrix")
        self._expect(biases, (0, 0, 0, 0), "shape of a matrix's biases")
        (matrix,) = self._parts(numbers, weights)
        return FullyConnected(matrix.reshape(inputs, outputs))

    def _pooling(self, kind: str) -> Layer:
        height, width, *steps = (self._integer() for _ in range(6))
        stride, padding = self._steps(*steps)
        if not (0 <= height <= _MAX_SIDE and 0 <= width <= _MAX_SIDE and (height == 0) == (width == 0)):
            self._fail(f"a pooling window has {width} x {height} pixels")
        return Pooling(kind, (height, width), stride, padding)

    def _steps(self, stride_y: int, stride_x: int, pad_y: int, pad_x: int) -> tuple[tuple[int, int], tuple[int, int]]:
        if not (min(stride_y, stride_x) >= 1 and max(stride_y, stride_x, pad_y, pad_x) <= _MAX_SIDE):
            self._fail(f"a layer has the stride {stride_x} x {stride_y}")
        if min(pad_y, pad_x) < 0:
            self._fail(f"a layer has the padding {pad_x} x {pad_y}")
        return (stride_y, stride_x), (pad_y, pad_x)

    def _parts(self, numbers: _Array, *shapes: tuple[int, int, int, int]) -> tuple[_Array, ...]:
        """Split an array of numbers into consecutive arrays of these shapes."""
        sizes = [math.prod(shape) for shape in shapes]
        self._expect(numbers.size, sum(sizes), "count of a layer's numbers")
        flat, start, parts = numbers.reshape(-1), 0, []
        for shape, size in zip(shapes, sizes, strict=True):
            parts.append(flat[start : start + size].reshape(shape))
            start += size
        return tuple(parts)

    def _tensor(self) -> _Array:
        self._expect(self._integer(), _TENSOR_VERSION, "version of a tensor")
        shape = self._shape()
        # A product of Python integers cannot overflow; `_take` compares it with the file's size before reading.
        values = np.frombuffer(self._take(4 * math.prod(shape)), dtype="<f4").reshape(shape)
        if not np.isfinite(values).all():
            self._fail("it contains numbers that are not finite")
        return values.astype(np.float32, copy=False)

    def _alias(self) -> tuple[int, int, int, int]:
        self._expect(self._integer(), _ALIAS_VERSION, "version of a shape")
        return self._shape()

    def _shape(self) -> tuple[int, int, int, int]:
        shape = (self._integer(), self._integer(), self._integer(), self._integer())
        if min(shape) < 0:
            self._fail(f"a shape is {shape}")
        return shape

    def _side(self) -> int:
        value = self._integer()
        if not 1 <= value <= _MAX_SIDE:
            self._fail(f"a side has {value} pixels")
        return value

    def _reals(self, count: int) -> list[float]:
        values = []
        for _ in range(count):
            mantissa, exponent = self._integer(), self._integer()
            try:
                value = math.ldexp(mantissa, exponent)
            except OverflowError:
                value = math.inf
            if not math.isfinite(value):
                self._fail("it contains numbers that are not finite")
            values.append(value)
        return values

    def _string(self) -> str:
        length = self._integer()
        if not 0 <= length <= _MAX_NAME_BYTES:
            self._fail(f"a name has {length} bytes")
        return self._take(length).decode("ascii", "backslashreplace")

    def _integer(self) -> int:
        (control,) = self._take(1)
        length = control & 0x0F
        if not 1 <= length <= 8 or control & 0x70:
            self._fail(f"an integer begins with the byte {control:#04x}")
        value = int.from_bytes(self._take(length), "little")
        return -value if control & 0x80 else value

    def _take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._data):
            self._fail("it ends too early")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def _expect(self, value: object, expected: object, what: str) -> None:
        if value != expected:
            self._fail(f"the {what} is {value!r} instead of {expected!r}")

    def _fail(self, what: str) -> NoReturn:
        raise WeightsBrokenError(
            f"{self._name} is not a network of dlib that Curation can read: {what} (near byte {self._position}); "
            "install the requirements again"
        )


_LAYERS: Mapping[str, Callable[[_Reader], Layer]] = MappingProxyType(
    {
        "con_4": lambda reader: reader._convolution(),
        "affine_": lambda reader: reader._affine(),
        "bn_con2": lambda reader: reader._batch_normalisation(),
        "fc_2": lambda reader: reader._fully_connected(),
        "max_pool_2": lambda reader: reader._pooling("max"),
        "avg_pool_2": lambda reader: reader._pooling("mean"),
        "relu_": lambda reader: Plain("relu"),
        "add_prev_": lambda reader: Plain("add"),
    }
)
