"""The layers of a network that dlib saved, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.engines.dlib.model_contract import DetectorOptions

__all__ = [
    "PIXEL_DIVISOR",
    "Affine",
    "Convolution",
    "DlibNetwork",
    "FullyConnected",
    "Layer",
    "Mark",
    "Plain",
    "Pooling",
]

PIXEL_DIVISOR = 256.0
"""dlib divides the pixels by it, after subtracting the mean colour."""

_Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution.

    Attributes:
        filters: (F, C, height, width) float32.
        biases: (F,) float32.
        stride: Pixels down, to the right.
        padding: Zeros above and below, left and right.
    """

    filters: _Array
    biases: _Array
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """Each channel times `scale` plus `shift`, both (C,) float32; also a trained batch normalisation."""

    scale: _Array
    shift: _Array


@dataclass(frozen=True, slots=True)
class Pooling:
    """Maximum or mean of a window; a window of 0 x 0 means the whole picture.

    Attributes:
        kind: `max` or `mean`.
        window: Height and width.
        stride: Pixels down, to the right.
        padding: Above and below, left and right.
    """

    kind: str
    window: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class FullyConnected:
    """A fully connected layer without biases: `weights` is (inputs, outputs) float32."""

    weights: _Array


@dataclass(frozen=True, slots=True)
class Plain:
    """A layer without parameters: `relu`, or `add` (adds the marked output to the current one)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A tag that another layer refers to, or a jump back to such a tag; the file does not distinguish them."""


Layer = Convolution | Affine | Pooling | FullyConnected | Plain | Mark


@dataclass(frozen=True, slots=True, eq=False)
class DlibNetwork:
    """A network as dlib saved it.

    Attributes:
        mean_rgb: The colour that is subtracted from the pixels, which are then divided by `PIXEL_DIVISOR`.
        input_px: Sides of the square input; None if the input may have any size.
        layers: From the first to the last.
        detector: Options of a network that finds objects in an image pyramid; None for a face descriptor.
    """

    mean_rgb: tuple[float, float, float]
    input_px: int | None
    layers: tuple[Layer, ...]
    detector: DetectorOptions | None
