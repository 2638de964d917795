"""Age, sex and ethnicity by FairFace's ResNet-34 (CC BY 4.0), in the ONNX form that uniface uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.chip_reader import SEXES, Branch, ChipReader, Head
from curation.engines.attributes.crops import box_chip
from curation.engines.attributes.network import loaded_network
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.base import Pixels

__all__ = ["AGES", "ETHNICITIES", "FairFaceReader"]

AGES = (1.5, 6.5, 15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 78.0)
"""Middles of the nine classes, in years: 0-2, 3-9, 10-19, then decades, and 70 and more."""
ETHNICITIES = (
    "white",
    "black",
    "latino hispanic",
    "east asian",
    "southeast asian",
    "indian",
    "middle eastern",
)

_CHIP_PX = 224
_MARGIN = 0.5  # a quarter of the box at each side
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_EYE_DISTANCE_PX = 100.0

_SIZES = (len(AGES), 2, len(ETHNICITIES))
_HEADS = (
    Head(Attribute.AGE, 0, ages=AGES, is_logits=True),
    Head(Attribute.SEX, 1, classes=SEXES, is_logits=True, order=(1, 0)),
    Head(Attribute.ETHNICITY, 2, classes=ETHNICITIES, is_logits=True),
)


class FairFaceReader(ChipReader):
    """Reader `fairface`: one network for all three; seven ethnicities, nine classes of age."""

    def __init__(self, spec: ReaderSpec) -> None:
        """Load the network.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a network.
        """
        weights = spec.weights[0]
        network = loaded_network(weights, spec.providers, shape=(3, _CHIP_PX, _CHIP_PX), sizes=_SIZES)
        heads = tuple(head for head in _HEADS if head.attribute in spec.attributes)
        super().__init__(spec, [Branch(weights, network, _chips, _prepared, heads)], eye_distance_px=_EYE_DISTANCE_PX)


def _chips(pixels: Pixels, face: FoundAt) -> tuple[NDArray[np.uint8], ...]:
    return (box_chip(pixels, face, size_px=_CHIP_PX, margin=_MARGIN),)


def _prepared(chip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """From a (224, 224, 3) uint8 RGB chip to (3, 224, 224) float32, standardised as ImageNet's pictures."""
    return np.asarray(((chip.astype(np.float32) / 255 - _MEAN) / _SPREAD).transpose(2, 0, 1), dtype=np.float32)
