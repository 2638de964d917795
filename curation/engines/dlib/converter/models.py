"""dlib's networks written as ONNX models, which ONNX Runtime computes many times faster than dlib."""

from __future__ import annotations

import numpy as np

from curation.engines.dlib.converter.graphs import OnnxGraph, Tensor
from curation.engines.dlib.converter.layers import PIXEL_DIVISOR, DlibNetwork, Layer
from curation.engines.dlib.converter.rewriting import UnexpectedLayersError, affine_layers_folded, channels_padded
from curation.engines.dlib.model_contract import CHIP_INPUT, DESCRIPTOR_SIZE, LEVEL_INPUT, detector_metadata
from curation.errors import WeightsBrokenError

__all__ = ["descriptor_model", "detector_content", "detector_layers", "detector_model"]


def descriptor_model(network: DlibNetwork, name: str) -> bytes:
    """Write a face descriptor (ResNet) as an ONNX model.

    Args:
        network: From `read_network`.
        name: Of the file that it comes from, for messages.

    Returns:
        A model with the input `chips`, (N, S, S, 3) uint8 RGB, S being the network's `input_px`, and the output
        `descriptors`, (N, 128) float32, not of unit length.

    Raises:
        WeightsBrokenError: If the layers do not fit together, or are those of another network.
    """
    if network.input_px is None or network.detector is not None:
        raise WeightsBrokenError(f"{name} is a detector of dlib, not its face descriptor")
    try:
        graph = OnnxGraph(affine_layers_folded(network.layers))
        side = network.input_px
        graph.node("Cast", [CHIP_INPUT], "pixels", to=graph.float_type)
        graph.node("Transpose", ["pixels"], "planes", perm=[0, 3, 1, 2])
        graph.constant("mean", np.array(network.mean_rgb, dtype=np.float32).reshape(1, 3, 1, 1))
        graph.node("Sub", ["planes", "mean"], "centred")
        last = graph.layers(Tensor("centred", (3, side, side)), 1 / PIXEL_DIVISOR)
        if last.size != (DESCRIPTOR_SIZE, 1, 1):
            raise UnexpectedLayersError(f"its descriptors have the shape {last.size}")
        graph.node("Flatten", [last.name], "descriptors", axis=1)
    except UnexpectedLayersError as error:
        raise WeightsBrokenError(f"{name} is not dlib's face descriptor: {error}") from error
    return graph.model((CHIP_INPUT, "UINT8", ["N", side, side, 3]), ("descriptors", ["N", DESCRIPTOR_SIZE]))


def detector_model(network: DlibNetwork, name: str) -> bytes:
    """Write a face detector (MMOD) as an ONNX model, whose input is one level of the image pyramid or a part of one.

    Args:
        network: From `read_network`.
        name: Of the file that it comes from, for messages.

    Returns:
        A model with the input `level`, (3, H, W) uint8 RGB planes, and the output `scores`, (h, w) float32, above 0
        for a face.

    Raises:
        WeightsBrokenError: If the layers do not fit together, or are those of another network.
    """
    try:
        layers = detector_layers(network, name)
        graph = OnnxGraph(layers)
        graph.scores(graph.first_layers(network, len(layers)))
    except UnexpectedLayersError as error:
        raise WeightsBrokenError(f"{name} is not dlib's face detector: {error}") from error
    return detector_content(graph, network)


def detector_layers(network: DlibNetwork, name: str) -> list[Layer]:
    """The layers of a face detector, rewritten so that ONNX Runtime computes them fast.

    Raises:
        WeightsBrokenError: If the network is not a detector.
        UnexpectedLayersError: If it is more than a chain of convolutions and activations.
    """
    if network.detector is None:
        raise WeightsBrokenError(f"{name} is a descriptor of dlib, not its face detector")
    return channels_padded(affine_layers_folded(network.layers))


def detector_content(graph: OnnxGraph, network: DlibNetwork) -> bytes:
    """The file content of a face detector's graph, with the metadata that its boxes need."""
    assert network.detector is not None
    metadata = detector_metadata(network.detector, network.mean_rgb)
    return graph.model((LEVEL_INPUT, "UINT8", [3, "H", "W"]), ("scores", ["h", "w"]), metadata)
