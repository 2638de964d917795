"""The operators of TensorFlow Lite that the networks for bodies use, as nodes of ONNX."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from curation.engines.bodies.tflite.flatbuffer import BrokenBufferError, Table
from curation.engines.bodies.tflite.format import Operator, TfliteNetwork, read_network
from curation.engines.bodies.tflite.graphs import CHANNELS_FIRST, GraphBuilder
from curation.errors import WeightsBrokenError

__all__ = ["onnx_model"]

_SAME = 0  # padding of windows such that the output has ceil(size / stride) pixels; 1 is no padding
_CUSTOM_SAME = 1  # the same in the options of custom operators, which come from C
_NONE, _RELU, _RELU6 = 0, 1, 3  # fused activations

# Of MediaPipe: input, filters and biases of a transposed convolution, whose options are three integers of C.
_TRANSPOSED_WITH_BIAS = "Convolution2DTransposeBias"


def onnx_model(data: bytes, name: str) -> bytes:
    """Convert a network of TensorFlow Lite to ONNX; results are the same to the bit as far as the operators allow it.

    Args:
        data: The whole `.tflite` file.
        name: Of the file, for messages.

    Returns:
        The content of an ONNX file, with inputs and outputs of the same names, shapes and order.

    Raises:
        WeightsBrokenError: If it is no such file, or has operators that the networks for bodies do not have.
    """
    network = read_network(data, name)
    try:
        return _converted(network)
    except (BrokenBufferError, IndexError) as error:
        raise WeightsBrokenError(f"{name} cannot be converted: {error}") from error
    except Exception as error:  # onnx does not document its exceptions
        raise WeightsBrokenError(f"{name} cannot be converted: its operators do not fit together ({error})") from error


def _converted(network: TfliteNetwork) -> bytes:
    graph = GraphBuilder(network)
    for place, operator in enumerate(network.operators):
        write = _WRITERS.get(operator.kind)
        if write is None:
            raise BrokenBufferError(f"the operator {operator.kind} is not known; known: {', '.join(_WRITERS)}")
        write(graph, operator, f"step{place}")
    return graph.model()


def _convolution(graph: GraphBuilder, operator: Operator, name: str) -> None:
    options = _options(operator)
    filters = _stored(graph, operator.inputs[1], 4)  # count, height, width, channels
    pads = _pads(graph, operator, filters.shape[1:3], (options.integer(2), options.integer(1)), _dilation(options, 4))
    inputs = [
        graph.channels_first(operator.inputs[0]),
        graph.weights(f"{name}_filters", filters.transpose(CHANNELS_FIRST)),
        *_biases(graph, operator, name),
    ]
    graph.node(
        "Conv",
        inputs,
        f"{name}_sum",
        strides=[options.integer(2), options.integer(1)],
        dilations=list(_dilation(options, 4)),
        kernel_shape=list(filters.shape[1:3]),
        pads=pads,
    )
    _finish(graph, operator, name, options.integer(3, "<b"))


def _depthwise(graph: GraphBuilder, operator: Operator, name: str) -> None:
    options = _options(operator)
    filters = _stored(graph, operator.inputs[1], 4)  # 1, height, width, count
    channels = graph.tensor(operator.inputs[0]).shape[3]
    pads = _pads(graph, operator, filters.shape[1:3], (options.integer(2), options.integer(1)), _dilation(options, 5))
    inputs = [
        graph.channels_first(operator.inputs[0]),
        graph.weights(f"{name}_filters", filters.transpose(3, 0, 1, 2)),
        *_biases(graph, operator, name),
    ]
    graph.node(
        "Conv",
        inputs,
        f"{name}_sum",
        group=channels,
        strides=[options.integer(2), options.integer(1)],
        dilations=list(_dilation(options, 5)),
        kernel_shape=list(filters.shape[1:3]),
        pads=pads,
    )
    _finish(graph, operator, name, options.integer(4, "<b"))


def _transposed_convolution(graph: GraphBuilder, operator: Operator, name: str) -> None:
    options = _options(operator)
    _write_transposed(
        graph,
        name,
        operator,
        picture=operator.inputs[2],
        filters=operator.inputs[1],
        biases=operator.inputs[3] if len(operator.inputs) > 3 else -1,
        is_same=options.integer(0, "<b") == _SAME,
        strides=(options.integer(2), options.integer(1)),
        activation=options.integer(3, "<b"),
    )


def _transposed_with_bias(graph: GraphBuilder, operator: Operator, name: str) -> None:
    if len(operator.custom) < 12:
        raise BrokenBufferError(f"the options of {operator.kind} are missing")
    padding, stride_x, stride_y = struct.unpack_from("<3i", operator.custom)
    _write_transposed(
        graph,
        name,
        operator,
        picture=operator.inputs[0],
        filters=operator.inputs[1],
        biases=operator.inputs[2],
        is_same=padding == _CUSTOM_SAME,
        strides=(stride_y, stride_x),
        activation=_NONE,
    )


def _write_transposed(
    graph: GraphBuilder,
    name: str,
    operator: Operator,
    *,
    picture: int,
    filters: int,
    biases: int,
    is_same: bool,
    strides: tuple[int, int],
    activation: int,
) -> None:
    values = _stored(graph, filters, 4)  # count, height, width, channels
    given, wanted = graph.tensor(picture).shape[1:3], graph.tensor(operator.outputs[0]).shape[1:3]
    before, after, missing = [], [], []
    for size, out, length, stride in zip(given, wanted, values.shape[1:3], strides, strict=True):
        surplus = (size - 1) * stride + length - out
        if not is_same and surplus > 0:
            raise BrokenBufferError("a transposed convolution gives more pixels than its output has")
        before.append(max(0, surplus) // 2)
        after.append(max(0, surplus) - max(0, surplus) // 2)
        missing.append(max(0, -surplus))
    inputs = [graph.channels_first(picture), graph.weights(f"{name}_filters", values.transpose(3, 0, 1, 2))]
    if biases >= 0:
        inputs.append(graph.weights(f"{name}_biases", _stored(graph, biases, 1)))
    graph.node(
        "ConvTranspose",
        inputs,
        f"{name}_sum",
        strides=list(strides),
        kernel_shape=list(values.shape[1:3]),
        pads=[*before, *after],
        output_padding=missing,
    )
    _finish(graph, operator, name, activation)


def _pool(kind: str) -> Callable[[GraphBuilder, Operator, str], None]:
    def write(graph: GraphBuilder, operator: Operator, name: str) -> None:
        options = _options(operator)
        window = options.integer(4), options.integer(3)
        strides = options.integer(2), options.integer(1)
        graph.node(
            kind,
            [graph.channels_first(operator.inputs[0])],
            f"{name}_sum",
            kernel_shape=list(window),
            strides=list(strides),
            pads=_pads(graph, operator, window, strides, (1, 1)),
        )
        _finish(graph, operator, name, options.integer(5, "<b"))

    return write


def _arithmetic(kind: str) -> Callable[[GraphBuilder, Operator, str], None]:
    def write(graph: GraphBuilder, operator: Operator, name: str) -> None:
        shape = graph.tensor(operator.outputs[0]).shape
        as_pictures = len(shape) == 4
        terms = [_term(graph, number, f"{name}_{place}", as_pictures) for place, number in enumerate(operator.inputs)]
        graph.node(kind, terms, f"{name}_sum")
        activation = 0 if operator.options is None else operator.options.integer(0, "<b")
        _finish(graph, operator, name, activation, is_picture=as_pictures)

    return write


def _term(graph: GraphBuilder, number: int, name: str, as_picture: bool) -> str:
    """An operand; the shape of one with fewer dimensions is filled up at its beginning."""
    values = graph.stored(number)
    if values is not None:
        if not as_picture:
            return graph.weights(name, values)
        filled = values.reshape((1,) * (4 - values.ndim) + values.shape)
        return graph.weights(name, filled.transpose(CHANNELS_FIRST))
    if not as_picture:
        return graph.channels_last(number)
    if len(graph.tensor(number).shape) != 4:
        raise BrokenBufferError("a picture and something else are added or multiplied")
    return graph.channels_first(number)


def _prelu(graph: GraphBuilder, operator: Operator, name: str) -> None:
    slopes = graph.stored(operator.inputs[1])
    if slopes is None:
        raise BrokenBufferError("the slopes of an activation are computed")
    filled = slopes.reshape((1,) * (4 - slopes.ndim) + slopes.shape).transpose(CHANNELS_FIRST)[0]
    picture = graph.channels_first(operator.inputs[0])
    graph.set_first(operator.outputs[0], graph.node("PRelu", [picture, graph.weights(f"{name}_slopes", filled)], name))


def _plain(kind: str) -> Callable[[GraphBuilder, Operator, str], None]:
    """An operator that treats each number alike."""

    def write(graph: GraphBuilder, operator: Operator, name: str) -> None:
        if graph.is_picture(operator.inputs[0]):
            given, keep = graph.channels_first(operator.inputs[0]), graph.set_first
        else:
            given, keep = graph.channels_last(operator.inputs[0]), graph.set_last
        if kind == "Clip":
            keep(operator.outputs[0], graph.node(kind, [given, *_limits(graph, name)], name))
        else:
            keep(operator.outputs[0], graph.node(kind, [given], name))

    return write


def _widened(graph: GraphBuilder, operator: Operator, name: str) -> None:
    values = graph.stored(operator.inputs[0])
    if values is None or values.dtype.kind != "f":
        raise BrokenBufferError("it has quantised numbers, but only those of 16 bit floats are read")
    graph.store(operator.outputs[0], values)  # widened where it is used


def _reshaped(graph: GraphBuilder, operator: Operator, name: str) -> None:
    shape = np.array(graph.tensor(operator.outputs[0]).shape, dtype=np.int64)
    given = graph.channels_last(operator.inputs[0])
    reshaped = graph.node("Reshape", [given, graph.constant(f"{name}_shape", shape)], name)
    graph.set_last(operator.outputs[0], reshaped)


def _resized(graph: GraphBuilder, operator: Operator, name: str) -> None:
    options = _options(operator)
    mode = "half_pixel" if options.integer(3, "<b") else "asymmetric"
    if options.integer(2, "<b"):
        mode = "align_corners"
    _, height, width, channels = _picture_shape(graph, operator.outputs[0])
    sizes = np.array([1, channels, height, width], dtype=np.int64)
    resized = graph.node(
        "Resize",
        [graph.channels_first(operator.inputs[0]), "", "", graph.constant(f"{name}_sizes", sizes)],
        name,
        mode="linear",
        coordinate_transformation_mode=mode,
    )
    graph.set_first(operator.outputs[0], resized)


def _depth_to_space(graph: GraphBuilder, operator: Operator, name: str) -> None:
    size = _options(operator).integer(0)
    spread = graph.node("DepthToSpace", [graph.channels_first(operator.inputs[0])], name, blocksize=size, mode="DCR")
    graph.set_first(operator.outputs[0], spread)


def _padded(graph: GraphBuilder, operator: Operator, name: str) -> None:
    amounts = graph.stored(operator.inputs[1])
    if amounts is None or amounts.shape != (4, 2):
        raise BrokenBufferError("the amounts of a padding are not stored for four dimensions")
    ordered = amounts.astype(np.int64)[list(CHANNELS_FIRST)].T.reshape(-1)  # all beginnings, then all ends
    given = graph.channels_first(operator.inputs[0])
    graph.set_first(operator.outputs[0], graph.node("Pad", [given, graph.constant(f"{name}_pads", ordered)], name))


def _mean(graph: GraphBuilder, operator: Operator, name: str) -> None:
    axes = graph.stored(operator.inputs[1])
    if axes is None or sorted(int(axis) % 4 for axis in axes.ravel()) != [1, 2]:
        raise BrokenBufferError("a mean is taken over something else than the places of a picture")
    mean = graph.node("GlobalAveragePool", [graph.channels_first(operator.inputs[0])], f"{name}_mean")
    shape = graph.tensor(operator.outputs[0]).shape
    if len(shape) == 4:
        graph.set_first(operator.outputs[0], mean)
    else:
        size = graph.constant(f"{name}_shape", np.array(shape, dtype=np.int64))
        graph.set_last(operator.outputs[0], graph.node("Reshape", [mean, size], name))


def _joined(graph: GraphBuilder, operator: Operator, name: str) -> None:
    options = _options(operator)
    dimensions = len(graph.tensor(operator.outputs[0]).shape)
    axis = options.integer(0) % max(1, dimensions)
    if options.integer(1, "<b") != _NONE:
        raise BrokenBufferError("something is joined and activated in one step")
    if dimensions == 4 and all(graph.is_picture(number) for number in operator.inputs):
        parts = [graph.channels_first(number) for number in operator.inputs]
        graph.set_first(operator.outputs[0], graph.node("Concat", parts, name, axis=CHANNELS_FIRST.index(axis)))
    else:
        parts = [graph.channels_last(number) for number in operator.inputs]
        graph.set_last(operator.outputs[0], graph.node("Concat", parts, name, axis=axis))


def _finish(graph: GraphBuilder, operator: Operator, name: str, activation: int, *, is_picture: bool = True) -> None:
    """Add the fused activation, and keep the output."""
    output = f"{name}_sum"
    if activation == _RELU:
        output = graph.node("Relu", [output], name)
    elif activation == _RELU6:
        output = graph.node("Clip", [output, *_limits(graph, name)], name)
    elif activation != _NONE:
        raise BrokenBufferError(f"it has an activation with the number {activation}")
    (graph.set_first if is_picture else graph.set_last)(operator.outputs[0], output)


def _limits(graph: GraphBuilder, name: str) -> tuple[str, str]:
    low, high = np.array(0, dtype=np.float32), np.array(6, dtype=np.float32)
    return graph.constant(f"{name}_low", low), graph.constant(f"{name}_high", high)


def _biases(graph: GraphBuilder, operator: Operator, name: str) -> list[str]:
    if len(operator.inputs) < 3 or operator.inputs[2] < 0:
        return []
    return [graph.weights(f"{name}_biases", _stored(graph, operator.inputs[2], 1))]


def _pads(
    graph: GraphBuilder,
    operator: Operator,
    window: tuple[int, ...],
    strides: tuple[int, int],
    dilation: tuple[int, int],
) -> list[int]:
    """Padding above, left, below and right; what cannot be halved is larger below and right."""
    _, *given, _ = _picture_shape(graph, operator.inputs[0])
    if min(*window, *strides, *dilation) < 1:
        raise BrokenBufferError("a window or its stride has no pixels")
    if _options(operator).integer(0, "<b") != _SAME:
        return [0, 0, 0, 0]
    before, after = [], []
    for size, length, stride, step in zip(given, window, strides, dilation, strict=True):
        total = max(0, (-(-size // stride) - 1) * stride + (length - 1) * step + 1 - size)
        before.append(total // 2)
        after.append(total - total // 2)
    return [*before, *after]


def _dilation(options: Table, first_field: int) -> tuple[int, int]:
    return options.integer(first_field + 1, default=1), options.integer(first_field, default=1)


def _picture_shape(graph: GraphBuilder, number: int) -> tuple[int, ...]:
    tensor = graph.tensor(number)
    if len(tensor.shape) != 4:
        raise BrokenBufferError(f"{tensor.name} is not a picture")
    return tensor.shape


def _stored(graph: GraphBuilder, number: int, dimensions: int) -> NDArray[np.generic]:
    values = graph.stored(number)
    if values is None or values.ndim != dimensions:
        raise BrokenBufferError(f"the weights {graph.tensor(number).name} are not stored with {dimensions} dimensions")
    return values


def _options(operator: Operator) -> Table:
    if operator.options is None:
        raise BrokenBufferError(f"the options of {operator.kind} are missing")
    return operator.options


_WRITERS: Mapping[str, Callable[[GraphBuilder, Operator, str], None]] = MappingProxyType(
    {
        "ADD": _arithmetic("Add"),
        "AVERAGE_POOL_2D": _pool("AveragePool"),
        "CONCATENATION": _joined,
        "CONV_2D": _convolution,
        "DEPTHWISE_CONV_2D": _depthwise,
        "DEPTH_TO_SPACE": _depth_to_space,
        "DEQUANTIZE": _widened,
        "HARD_SWISH": _plain("HardSwish"),
        "LOGISTIC": _plain("Sigmoid"),
        "MAX_POOL_2D": _pool("MaxPool"),
        "MEAN": _mean,
        "MUL": _arithmetic("Mul"),
        "PAD": _padded,
        "PRELU": _prelu,
        "RELU": _plain("Relu"),
        "RELU6": _plain("Clip"),
        "RESHAPE": _reshaped,
        "RESIZE_BILINEAR": _resized,
        "TRANSPOSE_CONV": _transposed_convolution,
        _TRANSPOSED_WITH_BIAS: _transposed_with_bias,
    }
)
