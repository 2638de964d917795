"""dlib's face detector, quantised: it finds quickly where the exact detector has to look.

All convolutions between the first and the last compute with 8-bit integers (Jacob et al., "Quantization and training of
neural networks for efficient integer-arithmetic-only inference", CVPR 2018), which takes half the time, or less where a
processor has instructions for them. The scores differ by some hundredths; they only decide where the exact detector
looks, and are never reported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.engines.dlib.converter.graphs import OnnxGraph, Tensor
from curation.engines.dlib.converter.layers import Convolution, DlibNetwork, Layer, Plain
from curation.engines.dlib.converter.models import detector_content, detector_layers
from curation.engines.dlib.converter.rewriting import UnexpectedLayersError
from curation.errors import WeightsBrokenError

__all__ = ["screening_model"]

# Activations are quantised to steps between 0 and this value. The largest one on portraits and pairs was 7; of the
# values tried between 3 and 12, this one left the scores of -0.3 and more nearest to the exact ones: at most 0.09 away
# (450 scores of 25 group photos, at four sizes each).
_LARGEST_ACTIVATION = 12.0
_ACTIVATION_STEPS = 255
# 7 bits and not 8: processors with AVX2 alone add two products in 16 bits, which must not overflow.
_WEIGHT_STEPS = 63
_LEAST_SCALE = 1e-12  # of a channel whose weights are all zero


def screening_model(network: DlibNetwork, name: str) -> bytes:
    """Write a face detector (MMOD) as a quantised ONNX model.

    Args:
        network: From `read_network`.
        name: Of the file that it comes from, for messages.

    Returns:
        A model with the same input, output and metadata as that of `detector_model`, and nearly the same scores.

    Raises:
        WeightsBrokenError: If the layers do not fit together, or are those of another network.
    """
    try:
        layers = detector_layers(network, name)
        if len(layers) < 3 or len(layers) % 2 == 0 or not _alternate(layers):
            raise UnexpectedLayersError("its convolutions and rectifiers do not alternate")
        graph = OnnxGraph(layers)
        value = graph.first_layers(network, 2)
        scale = graph.constant("activation_scale", np.array(_LARGEST_ACTIVATION / _ACTIVATION_STEPS, dtype=np.float32))
        zero = graph.constant("activation_zero", np.array(0, dtype=np.uint8))
        value = Tensor(graph.node("QuantizeLinear", [value.name, scale, zero], "steps"), value.size)
        for index, layer in enumerate(layers[2:-1:2]):
            assert isinstance(layer, Convolution)
            value = _quantised(graph, value, f"quick{index}", layer, (scale, zero))
        value = Tensor(graph.node("DequantizeLinear", [value.name, scale, zero], "activations"), value.size)
        last = layers[-1]
        assert isinstance(last, Convolution)
        graph.scores(graph.convolution(value, "last", last))
    except UnexpectedLayersError as error:
        raise WeightsBrokenError(f"{name} is not dlib's face detector: {error}") from error
    return detector_content(graph, network)


def _alternate(layers: list[Layer]) -> bool:
    return all(isinstance(layer, Convolution) for layer in layers[::2]) and all(
        isinstance(layer, Plain) and layer.kind == "relu" for layer in layers[1::2]
    )


def _quantised(graph: OnnxGraph, value: Tensor, name: str, layer: Convolution, steps: tuple[str, str]) -> Tensor:
    """A convolution of 8-bit integers; their lower limit of zero replaces the rectifier after it."""
    size = graph.size_after(value, layer)
    scales = np.maximum(np.abs(layer.filters).max(axis=(1, 2, 3)) / _WEIGHT_STEPS, _LEAST_SCALE).astype(np.float32)
    filters = np.rint(layer.filters / scales[:, None, None, None]).astype(np.int8)
    one = scales.astype(np.float64) * (_LARGEST_ACTIVATION / _ACTIVATION_STEPS)
    constants: dict[str, NDArray[np.generic]] = {
        "filters": filters,
        "scales": scales,
        "zeros": np.zeros(len(scales), dtype=np.int8),
        "biases": np.rint(np.clip(layer.biases / one, -(2**30), 2**30)).astype(np.int32),
    }
    filters_name, scales_name, zeros_name, biases_name = (
        graph.constant(f"{name}_{what}", values) for what, values in constants.items()
    )
    given = [value.name, *steps, filters_name, scales_name, zeros_name, *steps, biases_name]
    pads = list(layer.padding) * 2
    return Tensor(graph.node("QLinearConv", given, name, strides=list(layer.stride), pads=pads), size)
