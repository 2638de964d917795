"""Age and sex by dlib's networks, made by Cydral Technology and given to the public domain (CC0)."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.catalogue import weights_of
from curation.engines.attributes.chip_reader import SEXES, Branch, ChipReader, Head
from curation.engines.attributes.crops import template_chip
from curation.engines.attributes.network import loaded_network
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.base import Pixels

__all__ = ["AGES", "MEAN_COLOUR", "TEMPLATE", "DlibReader"]

AGES = (0.25, *(float(age) for age in range(1, 81)))
"""The ages of the 81 classes, in years; the first stands for the first half year."""

MEAN_COLOUR: NDArray[np.float32] = np.array([122.781998, 117.000999, 104.297997], dtype=np.float32)
"""What is subtracted from the pixels, RGB; then they are divided by 256 (dlib's `input_rgb_image_sized`)."""

TEMPLATE: NDArray[np.float64] = np.array(
    [[0.289, 0.296], [0.711, 0.296], [0.500, 0.541], [0.320, 0.714], [0.680, 0.714]]
)
"""Where the five landmarks lie in a chip, in parts of its side.

Where they lie in the chips that dlib cuts by 68 points with a padding of 0.2 (medians of 360 faces), made symmetrical,
8 % larger and 0.03 lower: of 15 such changes the best for the age on one half of UTKFace. On the other half it is
better than dlib's own chips, for sex 0.929 against 0.907 of the adults, see docs/attributes.md.
"""

_SIZES_PX = {Attribute.AGE: 64, Attribute.SEX: 32}
_EYE_DISTANCE_PX = 64.0  # in the chips the eyes are 25 px apart; the engines decode photos for 64 px anyway


class DlibReader(ChipReader):
    """Reader `dlib`: 81 classes of age, and the sex, of chips that are aligned by the landmarks."""

    def __init__(self, spec: ReaderSpec) -> None:
        """Load the networks of the attributes that are asked for.

        Raises:
            WeightsMissingError: If a file is missing.
            WeightsBrokenError: If a file is not such a network.
        """
        branches = []
        for attribute in spec.attributes:
            weights = weights_of(spec.name, attribute, spec.weights)
            size_px = _SIZES_PX[attribute]
            head = Head(attribute, 0, ages=AGES) if attribute is Attribute.AGE else Head(attribute, 0, classes=SEXES)
            network = loaded_network(
                weights,
                spec.providers,
                shape=(3, size_px, size_px),
                sizes=(len(AGES) if attribute is Attribute.AGE else len(SEXES),),
            )
            branches.append(Branch(weights, network, partial(_chips, size_px=size_px), prepared, (head,)))
        super().__init__(spec, branches, eye_distance_px=_EYE_DISTANCE_PX)


def prepared(chip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """From an (S, S, 3) uint8 RGB chip to the (3, S, S) float32 input."""
    return np.asarray(((chip.astype(np.float32) - MEAN_COLOUR) / 256).transpose(2, 0, 1), dtype=np.float32)


def _chips(pixels: Pixels, face: FoundAt, *, size_px: int) -> tuple[NDArray[np.uint8], ...]:
    """The face and its mirror image."""
    chip = template_chip(pixels, face, template=TEMPLATE, size_px=size_px)
    return chip, np.ascontiguousarray(chip[:, ::-1])
