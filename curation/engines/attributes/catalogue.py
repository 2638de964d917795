"""The families of readers: which attributes each can tell, from which files, and what is to be said against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from curation.domain.attributes.values import Attribute
from curation.engines.base import WeightsFile

__all__ = ["DEEPFACE", "DLIB", "FAIRFACE", "FAMILIES", "GEAR", "MEDIAPIPE", "OPENVINO", "ReaderFamily", "weights_of"]

DLIB, OPENVINO, GEAR = "dlib", "openvino", "gear"
DEEPFACE, FAIRFACE, MEDIAPIPE = "deepface", "fairface", "mediapipe"


@dataclass(frozen=True, slots=True)
class ReaderFamily:
    """What is known of a reader before its weights are looked for.

    Attributes:
        name: As in config.yaml.
        files: For each attribute that it can tell, the names of the file it needs, in order of preference; several
            attributes may come from the same file.
        needs_points68: Whether it aligns faces by their 68 points.
        warning: What is logged when it is chosen; empty if there is nothing special.
    """

    name: str
    files: Mapping[Attribute, tuple[str, ...]]
    needs_points68: bool = False
    warning: str = ""


_GEAR_FILE = ("gear_age_gender_race.onnx",)
_FAIRFACE_FILE = ("fairface.onnx",)

FAMILIES: Mapping[str, ReaderFamily] = MappingProxyType(
    {
        family.name: family
        for family in (
            ReaderFamily(
                DLIB,
                {Attribute.AGE: ("dlib_cydral_age_v1.onnx",), Attribute.SEX: ("dlib_cydral_gender_v1.onnx",)},
            ),
            ReaderFamily(
                OPENVINO,
                {
                    # A package that takes the place of deepface's weights has these networks under deepface's names.
                    Attribute.AGE: ("openvino_age_0013.onnx", "age_model_weights.onnx"),
                    Attribute.SEX: ("openvino_gender_0013.onnx", "gender_model_weights.onnx"),
                },
                warning="openvino takes nearly everybody for 20 to 45 years old: children and old people are wrong",
            ),
            ReaderFamily(
                GEAR,
                {Attribute.AGE: _GEAR_FILE, Attribute.SEX: _GEAR_FILE, Attribute.ETHNICITY: _GEAR_FILE},
                warning=(
                    "gear is here to try things out only: its ethnicity is wrong for two of three Asian and Indian "
                    "faces of the very set that it was probably trained on, and for most people of films"
                ),
            ),
            ReaderFamily(
                DEEPFACE,
                {
                    Attribute.AGE: ("age_model_weights.onnx",),
                    Attribute.SEX: ("gender_model_weights.onnx",),
                    Attribute.ETHNICITY: ("race_model_single_batch.onnx",),
                    Attribute.EMOTION: ("facial_expression_model_weights.onnx",),
                },
            ),
            ReaderFamily(
                FAIRFACE,
                {Attribute.AGE: _FAIRFACE_FILE, Attribute.SEX: _FAIRFACE_FILE, Attribute.ETHNICITY: _FAIRFACE_FILE},
            ),
            ReaderFamily(MEDIAPIPE, {Attribute.LANDMARKS: ("face_landmarks_478.onnx",)}),
        )
    }
)
"""All readers, by name."""


def weights_of(reader: str, attribute: Attribute, weights: tuple[WeightsFile, ...]) -> WeightsFile:
    """The file among a reader's weights that tells an attribute.

    Raises:
        KeyError: If it is not among them; `select_readers` makes no such specs.
    """
    names = FAMILIES[reader].files[attribute]
    for file in weights:
        if file.name in names:
            return file
    raise KeyError(f"the reader {reader} has no weights for {attribute}")
