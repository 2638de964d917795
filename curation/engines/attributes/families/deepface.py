"""Age, sex, ethnicity and emotion by deepface's networks, with the input that deepface 0.0.103 gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.catalogue import weights_of
from curation.engines.attributes.chip_reader import SEXES, Branch, ChipReader, Head
from curation.engines.attributes.crops import BoxCrop, box_chip
from curation.engines.attributes.measured import measured
from curation.engines.attributes.network import loaded_network
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.base import Pixels

__all__ = ["EMOTIONS", "ETHNICITIES", "DeepfaceReader", "grey_input", "rgb_to_input"]

ETHNICITIES = ("asian", "indian", "black", "white", "middle eastern", "latino hispanic")
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

_AGES = tuple(float(age) for age in range(101))
_CHIP_PX = 224
_GREY_PX = 48
_EYE_DISTANCE_PX = 100.0  # the eyes are about 0.45 of a box apart

_HEADS: Mapping[Attribute, Head] = MappingProxyType(
    {
        Attribute.AGE: Head(Attribute.AGE, 0, ages=_AGES),
        Attribute.SEX: Head(Attribute.SEX, 0, classes=SEXES),
        Attribute.ETHNICITY: Head(Attribute.ETHNICITY, 0, classes=ETHNICITIES),
        Attribute.EMOTION: Head(Attribute.EMOTION, 0, classes=EMOTIONS),
    }
)


class DeepfaceReader(ChipReader):
    """Reader `deepface`: what is in the box, turned until the eyes are level."""

    def __init__(self, spec: ReaderSpec) -> None:
        """Load the networks of the attributes that are asked for.

        Raises:
            WeightsMissingError: If a file is missing.
            WeightsBrokenError: If a file is not such a network.
        """
        branches = []
        for attribute in spec.attributes:
            weights = weights_of(spec.name, attribute, spec.weights)
            head = _HEADS[attribute]
            grey = attribute is Attribute.EMOTION
            shape = (_GREY_PX, _GREY_PX, 1) if grey else (_CHIP_PX, _CHIP_PX, 3)
            network = loaded_network(weights, spec.providers, shape=shape, sizes=(len(head.ages) or len(head.classes),))
            prepared: Callable[[NDArray[np.uint8]], NDArray[np.float32]] = grey_input if grey else rgb_to_input
            known = measured(weights.sha256)
            chips = partial(_chips, crop=known.crop or BoxCrop.LETTERBOX, margin=known.margin)
            branches.append(Branch(weights, network, chips, prepared, (head,)))
        super().__init__(spec, branches, eye_distance_px=_EYE_DISTANCE_PX)


def rgb_to_input(chip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """From a (224, 224, 3) uint8 RGB chip to the same in BGR, float32 in [0, 1]."""
    return np.asarray(chip[:, :, ::-1], dtype=np.float32) / np.float32(255)


def grey_input(chip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """From a (224, 224, 3) uint8 RGB chip to (48, 48, 1) grey, float32 in [0, 1]."""
    grey = cv2.cvtColor(rgb_to_input(chip), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (_GREY_PX, _GREY_PX))[:, :, None], dtype=np.float32)


def _chips(pixels: Pixels, face: FoundAt, *, crop: BoxCrop, margin: float) -> tuple[NDArray[np.uint8], ...]:
    return (box_chip(pixels, face, size_px=_CHIP_PX, crop=crop, margin=margin, turned=True),)
