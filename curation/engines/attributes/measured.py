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
from curation.engines.attributes.estimates import MeasuredAges

__all__ = ["Measured", "has_measurements", "is_measured", "measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured for one file.

    Attributes:
        age: What is known of its ages; None if nothing is.
        min_certainty: For each class that it tells, the least probability of an answer.
        crop: How faces are cut for it, if that differs from the way of its reader.
        margin: By how much such a crop is larger than the box, in parts of it; negative if it is smaller.
    """

    age: MeasuredAges | None = None
    min_certainty: Mapping[Attribute, float] = field(default_factory=dict)
    crop: BoxCrop | None = None
    margin: float = 0.0


_NOTHING = Measured()

_MEASURED: Mapping[str, Measured] = MappingProxyType(
    {
        # dlib_cydral_age_v1.onnx
        "4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c": Measured(),
        # dlib_cydral_gender_v1.onnx
        "d4c4116cf720cde18de28a09071d8e1826bcff7935ef3470052163f3f6b5d734": Measured(
            min_certainty={Attribute.SEX: 0.95}
        ),
        # OpenVINO's age-gender-recognition-retail-0013 in the form of deepface's age_model_weights.onnx
        "d7dde08d27f3705d2e44a33fd273b384d2710da077c69df6402c98e1bf2229a8": Measured(crop=BoxCrop.SQUARE, margin=-0.2),
        # ... and of gender_model_weights.onnx
        "6edd7d9ca416d3e48a77ff998698de9ed6676146e85999a0fa6cea43bfde1d35": Measured(crop=BoxCrop.SQUARE, margin=-0.2),
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
