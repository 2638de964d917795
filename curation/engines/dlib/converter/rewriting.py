"""Rewriting the layers of a network so that ONNX Runtime computes them faster; the results stay the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curation.engines.dlib.converter.layers import Affine, Convolution, Layer, Plain

__all__ = ["UnexpectedLayersError", "affine_layers_folded", "channels_padded", "normalisation_folded"]

# ONNX Runtime's fast convolutions need channels in blocks of 16 or 8; others take a path that is several times slower.
_CHANNEL_BLOCK = 16


class UnexpectedLayersError(Exception):
    """The layers are not those of the expected network."""


def normalisation_folded(layer: Convolution, factor: float, mean: Sequence[float] | None) -> Convolution:
    """A convolution that also normalises its input: subtracts a mean colour, then multiplies by a factor.

    Args:
        layer: The convolution.
        factor: Applied after the subtraction.
        mean: One value per input channel; None subtracts nothing.

    Raises:
        UnexpectedLayersError: If there is a mean and the convolution pads its input.
    """
    filters = layer.filters * np.float32(factor)
    if mean is None:
        return Convolution(filters, layer.biases, layer.stride, layer.padding)
    if any(layer.padding):
        raise UnexpectedLayersError("its first convolution pads the picture")
    shift = filters.sum(axis=(2, 3), dtype=np.float64) @ np.array(mean, dtype=np.float64)
    return Convolution(filters, (layer.biases - shift).astype(np.float32), layer.stride, layer.padding)


def affine_layers_folded(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, with every affine layer folded into the convolution before it.

    Raises:
        UnexpectedLayersError: If their channels differ in number.
    """
    folded: list[Layer] = []
    for layer in layers:
        before = folded[-1] if folded else None
        if isinstance(layer, Affine) and isinstance(before, Convolution):
            if len(layer.scale) != len(before.biases):
                raise UnexpectedLayersError(f"{len(layer.scale)} factors follow {len(before.biases)} channels")
            filters = before.filters.astype(np.float64) * layer.scale[:, None, None, None]
            biases = before.biases.astype(np.float64) * layer.scale + layer.shift
            folded[-1] = Convolution(
                filters.astype(np.float32), biases.astype(np.float32), before.stride, before.padding
            )
        else:
            folded.append(layer)
    return folded


def channels_padded(layers: Sequence[Layer]) -> list[Layer]:
    """A chain of convolutions, with zero channels added between them up to whole blocks of channels.

    Raises:
        UnexpectedLayersError: If the layers are more than a chain of convolutions and activations.
    """
    if not all(isinstance(layer, Convolution | Plain) for layer in layers):
        raise UnexpectedLayersError("it is more than a chain of convolutions")
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
