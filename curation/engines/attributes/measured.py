"""What was measured for weights, by the SHA-256 of their content: how far ages are off, and when a class is certain.

A name says nothing about a file: other networks are handed out under deepface's names. The figures come from
`python -m training.attributes`, which chooses them on one half of UTKFace; docs/accuracy.md reports the other half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.crops import BoxCrop
from curation.engines.attributes.estimates import AgeTable

__all__ = ["Measured", "has_measurements", "is_measured", "measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured for one file.

    Attributes:
        age: The table of its ages; None if there is none.
        min_certainty: For each class that it tells, the least probability of an answer.
        crop: How faces are cut for it, if that differs from the way of its reader.
    """

    age: AgeTable | None = None
    min_certainty: Mapping[Attribute, float] = field(default_factory=dict)
    crop: BoxCrop | None = None


_NOTHING = Measured()

_MEASURED: Mapping[str, Measured] = MappingProxyType(
    {
        # dlib_cydral_age_v1.onnx
        "4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c": Measured(
            age=AgeTable(
                years=(1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70),
                low=(1, 1, 1, 8, 12, 15, 18, 24, 26, 35, 39, 41, 49, 52, 54),
                high=(5, 11, 16, 24, 30, 37, 47, 51, 65, 72, 76, 80, 82, 85, 86),
                within_ten=(1.0, 0.99, 0.95, 0.92, 0.84, 0.80, 0.77, 0.69, 0.59, 0.51, 0.50, 0.50, 0.51, 0.55, 0.60),
            )
        ),
        # dlib_cydral_gender_v1.onnx
        "d4c4116cf720cde18de28a09071d8e1826bcff7935ef3470052163f3f6b5d734": Measured(
            min_certainty={Attribute.SEX: 0.95}
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
