"""The model files that Curation knows: what they are for, where they come from, and their licences."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from curation.engines.weights.attribute_files import ATTRIBUTE_FILES
from curation.engines.weights.body_files import BODY_FILES
from curation.engines.weights.known import KnownWeights

__all__ = [
    "ARCFACE_FILE",
    "DLIB_DESCRIPTOR_FILE",
    "DLIB_DETECTOR_FILE",
    "DLIB_PREDICTOR_FILE",
    "REGISTRY",
    "RETINAFACE_FILE",
    "KnownWeights",
    "all_known_weights",
    "known_names",
    "known_weights",
]

RETINAFACE_FILE = "retinaface.onnx"
ARCFACE_FILE = "arcface_weights.onnx"
DLIB_DESCRIPTOR_FILE = "dlib_face_recognition_resnet_model_v1.dat"
DLIB_DETECTOR_FILE = "mmod_human_face_detector.dat"
DLIB_PREDICTOR_FILE = "shape_predictor_68_face_landmarks.dat"

_DLIB_PACKAGE = "face_recognition_models"


_ENGINE_FILES = (
    KnownWeights(
        name=RETINAFACE_FILE,
        purpose="engine retinaface-arcface: finds faces (RetinaFace, ResNet-50)",
        licence="code MIT (retina-face); the weights were trained on WIDER FACE, which is for research use",
        # As in retinaface.model.retinaface_onnx_model of retina-face 0.0.19.
        addresses=(
            "https://github.com/serengil/deepface_models/releases/download/v1.0/retinaface.onnx",
            "https://huggingface.co/serengil/deepface/resolve/main/retinaface.onnx",
        ),
    ),
    KnownWeights(
        name=ARCFACE_FILE,
        purpose="engine retinaface-arcface: embeds faces (ArcFace, ResNet-34)",
        licence=(
            "code MIT (deepface, Keras_insightface); the weights were trained on CASIA-WebFace following "
            "insightface, whose models are for non-commercial research only"
        ),
        # As in deepface.models.facial_recognition.onnx.ArcFace of deepface 0.0.103.
        addresses=(
            "https://github.com/serengil/deepface_models/releases/download/v1.0/arcface_weights.onnx",
            "https://huggingface.co/serengil/deepface/resolve/main/arcface_weights.onnx",
        ),
    ),
    KnownWeights(
        name=DLIB_DESCRIPTOR_FILE,
        purpose="engine dlib: embeds faces (ResNet-29)",
        licence="public domain (CC0), by Davis King",
        package=_DLIB_PACKAGE,
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        size_bytes=22_466_066,
    ),
    KnownWeights(
        name=DLIB_DETECTOR_FILE,
        purpose="engine dlib: finds faces (MMOD)",
        licence="public domain (CC0), by Davis King",
        package=_DLIB_PACKAGE,
        sha256="4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
        size_bytes=729_940,
    ),
    KnownWeights(
        name=DLIB_PREDICTOR_FILE,
        purpose="engine dlib and scoring: 68 landmarks of a face",
        licence="trained on iBUG 300-W, whose licence excludes commercial use: research only",
        package=_DLIB_PACKAGE,
        sha256="fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        size_bytes=99_693_937,
    ),
)

REGISTRY: Mapping[str, KnownWeights] = MappingProxyType(
    {known.name: known for known in (*_ENGINE_FILES, *ATTRIBUTE_FILES, *BODY_FILES)}
)
"""All known files, by name."""


def known_weights(name: str) -> KnownWeights | None:
    """The entry of a file; None if Curation does not know it."""
    return REGISTRY.get(name)


def known_names() -> str:
    """The names of all known files, for messages."""
    return ", ".join(REGISTRY)


def all_known_weights() -> tuple[KnownWeights, ...]:
    """All entries, in the order in which they are listed."""
    return tuple(REGISTRY.values())
