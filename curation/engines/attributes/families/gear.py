"""Age, sex and ethnicity by GEAR (MIT), as handed out with the project Human; for trying things out only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.chip_reader import SEXES, Branch, ChipReader, Head
from curation.engines.attributes.crops import box_chip
from curation.engines.attributes.network import loaded_network
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.base import Pixels

__all__ = ["AGES", "ETHNICITIES", "GearReader"]

AGES = (15.0, 23.0, 28.0, 35.5, 45.5, 55.5, 65.0)
"""What the project Human takes the seven classes for, in years: below 20, 21-25, 26-30, 31-40, 41-50, 51-60, above."""
ETHNICITIES = ("white", "black", "asian", "indian", "other")

_CHIP_PX = 198
_EYE_DISTANCE_PX = 64.0

_HEADS = (
    Head(Attribute.AGE, 0, ages=AGES),
    Head(Attribute.SEX, 1, classes=SEXES, order=(1, 0)),
    Head(Attribute.ETHNICITY, 2, classes=ETHNICITIES),
)


class GearReader(ChipReader):
    """Reader `gear`: one small network for all three."""

    def __init__(self, spec: ReaderSpec) -> None:
        """Load the network.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a network.
        """
        weights = spec.weights[0]
        network = loaded_network(
            weights,
            spec.providers,
            shape=(_CHIP_PX, _CHIP_PX, 3),
            sizes=(len(AGES), len(SEXES), len(ETHNICITIES)),
        )
        heads = tuple(head for head in _HEADS if head.attribute in spec.attributes)
        super().__init__(spec, [Branch(weights, network, _chips, _prepared, heads)], eye_distance_px=_EYE_DISTANCE_PX)


def _chips(pixels: Pixels, face: FoundAt) -> tuple[NDArray[np.uint8], ...]:
    return (box_chip(pixels, face, size_px=_CHIP_PX),)


def _prepared(chip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """From an (S, S, 3) uint8 RGB chip to the same in float32, [0, 1]."""
    return np.asarray(chip, dtype=np.float32) / np.float32(255)
