"""What was measured for weights, by the SHA-256 of their content: how far ages are off, and when a class is certain.

A name says nothing about a file: other networks are handed out under deepface's names. The figures come from
`python -m training.attributes`, which chooses them on one half of UTKFace; docs/accuracy.md reports the other half.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.crops import BoxCrop
from curation.engines.attributes.estimates import AgeTable, MeasuredAges

__all__ = ["NEVER", "Measured", "has_measurements", "is_measured", "measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured for one file.

    Attributes:
        age: What is known of its ages; None if nothing is.
        min_certainty: For each class that it tells, the least probability of an answer.
        temperature: For each class, by how much its probabilities are too sure; see `estimates.softened`.
        crop: How faces are cut for it, if that differs from the way of its reader.
        margin: By how much such a crop is larger than the box, in parts of it; negative if it is smaller.
    """

    age: MeasuredAges | None = None
    min_certainty: Mapping[Attribute, float] = field(default_factory=dict)
    temperature: Mapping[Attribute, float] = field(default_factory=dict)
    crop: BoxCrop | None = None
    margin: float = 0.0


NEVER = math.inf
"""Measured, and wrong too often even where the network is certain: cannot tell."""

_NOTHING = Measured()

_MEASURED: Mapping[str, Measured] = MappingProxyType(
    {
        # dlib_cydral_age_v1.onnx
        "4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c": Measured(
            age=MeasuredAges(
                AgeTable(
                    years=(1, 4, 8, 12, 16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75),
                    low=(1, 1, 2, 8, 8, 15, 16, 18, 24, 26, 34, 40, 40, 45, 53, 60, 70),
                    high=(5, 11, 14, 18, 24, 30, 35, 42, 48, 56, 65, 74, 76, 81, 90, 96, 99),
                    within_ten=(
                        *(1.00, 1.00, 1.00, 0.99, 0.95, 0.91),  # up to 20 years
                        *(0.88, 0.85, 0.83, 0.79, 0.71, 0.63, 0.59, 0.58, 0.61, 0.67, 0.72),
                    ),
                ),
                AgeTable(
                    years=(25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75),
                    low=(15, 16, 25, 26, 31, 45, 49, 50, 53, 55, 60),
                    high=(51, 56, 62, 75, 75, 76, 80, 85, 88, 90, 90),
                    within_ten=(0.61, 0.57, 0.52, 0.45, 0.47, 0.54, 0.56, 0.53, 0.52, 0.52, 0.52),
                ),
                wide_from=6.0,
                stretch=0.2,
            )
        ),
        # dlib_cydral_gender_v1.onnx
        "d4c4116cf720cde18de28a09071d8e1826bcff7935ef3470052163f3f6b5d734": Measured(
            min_certainty={Attribute.SEX: 0.95}, temperature={Attribute.SEX: 2.05}
        ),
        # OpenVINO's age-gender-recognition-retail-0013 in the form of deepface's age_model_weights.onnx
        "d7dde08d27f3705d2e44a33fd273b384d2710da077c69df6402c98e1bf2229a8": Measured(
            age=MeasuredAges(
                AgeTable(
                    years=(16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75),
                    low=(1, 1, 3, 13, 26, 32, 40, 49, 54, 59, 65, 66, 70),
                    high=(36, 42, 56, 73, 80, 88, 90, 92, 95, 96, 96, 99, 99),
                    within_ten=(0.52, 0.51, 0.49, 0.45, 0.38, 0.33, 0.30, 0.28, 0.26, 0.25, 0.25, 0.26, 0.26),
                ),
                stretch=0.3,
            ),
            crop=BoxCrop.SQUARE,
            margin=-0.2,
        ),
        # ... and of gender_model_weights.onnx
        "6edd7d9ca416d3e48a77ff998698de9ed6676146e85999a0fa6cea43bfde1d35": Measured(
            min_certainty={Attribute.SEX: 0.98},
            temperature={Attribute.SEX: 1.7},
            crop=BoxCrop.SQUARE,
            margin=-0.2,
        ),
        # gear_age_gender_race.onnx, converted with tf2onnx
        "af91edbeb9c57e60758d1f7196ee55fe6956accc501f7b2296e9e456f4658f01": Measured(
            age=MeasuredAges(
                AgeTable(
                    years=(12, 16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70),
                    low=(1, 1, 2, 8, 17, 21, 24, 32, 53, 57, 59, 61, 61),
                    high=(18, 21, 28, 35, 42, 49, 70, 91, 96, 96, 96, 96, 96),
                    within_ten=(0.62, 0.61, 0.67, 0.77, 0.78, 0.75, 0.65, 0.35, 0.24, 0.25, 0.26, 0.28, 0.30),
                ),
                AgeTable(
                    years=(16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70),
                    low=(1, 1, 1, 2, 12, 29, 36, 44, 48, 50, 52, 52),
                    high=(26, 34, 54, 65, 80, 85, 88, 90, 90, 90, 90, 90),
                    within_ten=(0.59, 0.54, 0.48, 0.45, 0.39, 0.36, 0.34, 0.34, 0.33, 0.32, 0.31, 0.30),
                ),
                wide_from=6.0,
                stretch=0.3,
            ),
            min_certainty={Attribute.SEX: NEVER, Attribute.ETHNICITY: NEVER},
        ),
    }
)


def measured(sha256: str) -> Measured:
    """What was measured for a file; empty if nothing was."""
    return _MEASURED.get(sha256, _NOTHING)


def has_measurements(sha256: str) -> bool:
    """Whether anything was measured for a file."""
    return sha256 in _MEASURED


def is_measured(sha256: str, attribute: Attribute) -> bool:
    """Whether a file's answers about an attribute can be more than "cannot tell"."""
    known = measured(sha256)
    if attribute is Attribute.LANDMARKS:
        return True  # points have no certainty
    return known.age is not None if attribute is Attribute.AGE else attribute in known.min_certainty
