"""Small networks in dlib's file format, written byte by byte, and the real ones that a package carries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.weights.inventory import locate
from curation.engines.weights.registry import DLIB_DESCRIPTOR_FILE, DLIB_DETECTOR_FILE

__all__ = [
    "MEAN_RGB",
    "add_layer",
    "affine",
    "convolution",
    "descriptor_file",
    "detector_file",
    "integer",
    "matrix",
    "mean_pool",
    "normalisation",
    "packaged_descriptor",
    "packaged_detector",
    "real",
    "relu",
    "text",
]

MEAN_RGB = (100.0, 110.5, 120.25)
_NOTHING_LEFT = b"110"


def integer(value: int) -> bytes:
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def real(value: float) -> bytes:
    mantissa, exponent = math.frexp(value)
    return integer(int(mantissa * 2**53)) + integer(exponent - 53)


def text(value: str) -> bytes:
    return integer(len(value)) + value.encode("ascii")


def tensor(values: NDArray[np.floating] | None = None) -> bytes:
    if values is None:
        return integer(2) + 4 * integer(0)
    flat = np.asarray(values, dtype="<f4").reshape(-1)
    return integer(2) + integer(flat.size) + 3 * integer(1) + flat.tobytes()


def _shape(*dimensions: int) -> bytes:
    return integer(1) + b"".join(map(integer, dimensions))


def _ended(layer: bytes) -> bytes:
    return layer + _NOTHING_LEFT + 3 * tensor()


def convolution(
    filters: NDArray[np.floating],
    biases: NDArray[np.floating],
    *,
    stride: int = 1,
    padding: int = 0,
    count: int | None = None,
) -> bytes:
    """`count` is written as the number of filters, if it is to be wrong."""
    number, _, height, width = filters.shape
    head = text("con_4") + tensor(np.concatenate([filters.reshape(-1), biases]))
    sides = (number if count is None else count, height, width, stride, stride, padding, padding)
    shapes = _shape(*filters.shape) + _shape(1, number, 1, 1)
    return _ended(head + b"".join(map(integer, sides)) + shapes + 3 * real(1.0) + real(0.0))


def affine(scale: NDArray[np.floating], shift: NDArray[np.floating]) -> bytes:
    shape = _shape(1, len(scale), 1, 1)
    return _ended(text("affine_") + tensor(np.concatenate([scale, shift])) + shape + shape + integer(0))


def normalisation(
    scale: NDArray[np.floating],
    shift: NDArray[np.floating],
    means: NDArray[np.floating],
    variances: NDArray[np.floating],
) -> bytes:
    shape = _shape(1, len(scale), 1, 1)
    learned = text("bn_con2") + tensor(np.concatenate([scale, shift])) + shape + shape
    averages = tensor(means) + tensor(np.ones_like(variances)) + tensor(means) + tensor(variances)
    return _ended(learned + averages + integer(100) + integer(100) + 4 * real(1.0) + real(1e-4))


def relu() -> bytes:
    return _ended(text("relu_"))


def add_layer() -> bytes:
    return _ended(text("add_prev_"))


def mean_pool(window: int, stride: int) -> bytes:
    return _ended(text("avg_pool_2") + b"".join(map(integer, (window, window, stride, stride, 0, 0))))


def matrix(weights: NDArray[np.floating]) -> bytes:
    inputs, outputs = weights.shape
    head = text("fc_2") + integer(outputs) + integer(inputs) + tensor(weights)
    return _ended(head + _shape(inputs, outputs, 1, 1) + _shape(0, 0, 0, 0) + integer(1) + 4 * real(1.0))


def _network(head: bytes, given: bytes, layers: Sequence[bytes | None]) -> bytes:
    """Layers from the first to the last; None is a mark."""
    versions = [1 if layer is None else 2 for layer in layers]
    versions[0] = 3
    first, *others = [layer for layer in layers if layer is not None]
    return (
        integer(1)
        + head
        + b"".join(map(integer, reversed(versions)))
        + given
        + first
        + integer(1)  # pictures per sample
        + b"".join(others)
    )


def descriptor_file(layers: Sequence[bytes | None], *, input_px: int = 16) -> bytes:
    head = text("loss_metric_2") + real(0.04) + real(0.6)
    given = text("input_rgb_image_sized") + b"".join(map(real, MEAN_RGB)) + 2 * integer(input_px)
    return _network(head, given, layers)


def detector_file(layers: Sequence[bytes | None], *, iou: float = 0.4, covered: float = 1.0) -> bytes:
    options = integer(1) + 2 * integer(80) + 3 * real(1.0) + real(iou) + real(covered) + 2 * real(0.5)
    given = text("input_rgb_image_pyramid") + b"".join(map(real, MEAN_RGB))
    return _network(text("loss_mmod_") + options, given, layers)


def packaged_descriptor(models_dir: Path) -> WeightsFile:
    return locate(DLIB_DESCRIPTOR_FILE, models_dir)


def packaged_detector(models_dir: Path) -> WeightsFile:
    return locate(DLIB_DETECTOR_FILE, models_dir)
