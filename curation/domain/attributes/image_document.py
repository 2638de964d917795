"""All that is known of a picture's faces as a JSON object, without any loss: what is written can be read back.

The numbers are those of `ImageAttributes`; JSON writes and reads a float with all its digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from curation.domain.attributes.values import (
    AgeEstimate,
    AttributedFace,
    ClassEstimate,
    DensePoint,
    FaceAttributes,
    ImageAttributes,
)
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.faces.geometry import HeadPose
from curation.errors import AttributeDocumentError

__all__ = [
    "DOCUMENT_VERSION",
    "age_object",
    "age_of_object",
    "class_object",
    "class_of_object",
    "image_document",
    "image_of_document",
]

DOCUMENT_VERSION = 1
"""Of the object `curation` in all documents; raised when a key changes its meaning or goes, not when one is added."""

_Value = TypeVar("_Value")
_CLASSES = ("sex", "ethnicity", "emotion")


def image_document(image: ImageAttributes) -> dict[str, Any]:
    """A picture as a JSON object, see docs/service_files.md and docs/schemas/attributes_image.v1.schema.json.

    Returns:
        Only dicts, lists, strings, numbers, booleans and None; always with the same keys in the same order.
    """
    return {
        "version": DOCUMENT_VERSION,
        "sha256": image.sha256,
        "width": image.width,
        "height": image.height,
        "engine": image.engine,
        "weights": [{"name": name, "sha256": sha256} for name, sha256 in image.weights],
        "faces": [_face_object(face) for face in image.faces],
    }


def image_of_document(document: Mapping[str, Any]) -> ImageAttributes:
    """The picture of a JSON object that `image_document` made; keys that it does not know are skipped.

    Raises:
        AttributeDocumentError: If it is of another version, or not such an object.
    """
    try:
        version = document["version"]
        if version != DOCUMENT_VERSION:
            raise AttributeDocumentError(
                f"these attributes are of version {version!r}, this program reads version {DOCUMENT_VERSION}: use the "
                "same release of Curation on both sides"
            )
        return ImageAttributes(
            sha256=str(document["sha256"]),
            width=int(document["width"]),
            height=int(document["height"]),
            faces=tuple(_face(each) for each in document["faces"]),
            engine=str(document["engine"]),
            weights=tuple((str(each["name"]), str(each["sha256"])) for each in document["weights"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise AttributeDocumentError(f"this is no document of a picture's attributes: {reason}") from error


def _face_object(face: AttributedFace) -> dict[str, Any]:
    x, y, w, h = face.box
    dense = face.attributes.dense
    return {
        "face_index": face.face_index,
        "box": {"x1": x, "y1": y, "x2": x + w, "y2": y + h},
        "confidence": float(face.confidence),
        "landmarks5": [_floats(point) for point in face.landmarks],
        "landmarks68": [_floats(point) for point in face.points68],
        "landmarks478": None if dense is None else [_floats((point.x, point.y, point.z)) for point in dense],
        "pose": dict(zip(HeadPose._fields, _floats(face.pose), strict=True)),
        "age": _or_none(age_object, face.attributes.age),
        "sex": _or_none(class_object, face.attributes.sex),
        "ethnicity": _or_none(class_object, face.attributes.ethnicity),
        "emotion": _or_none(class_object, face.attributes.emotion),
    }


def _floats(values: Iterable[float]) -> list[float]:
    """Numbers as floats: what one role writes as `54` must not become `54.0` when another has read it."""
    return [float(value) for value in values]


def age_object(age: AgeEstimate) -> dict[str, Any]:
    """An age as a JSON object."""
    return {
        "years": float(age.years),
        "low": float(age.low),
        "high": float(age.high),
        "certainty": float(age.certainty),
        "is_known": bool(age.is_known),
        "ages": _floats(age.ages),
        "distribution": _floats(age.distribution),
        "reader": age.reader,
    }


def class_object(estimate: ClassEstimate) -> dict[str, Any]:
    """A sex, an ethnicity or an emotion as a JSON object."""
    return {
        "answer": estimate.answer,
        "certainty": float(estimate.certainty),
        "classes": list(estimate.classes),
        "distribution": _floats(estimate.distribution),
        "reader": estimate.reader,
    }


def _or_none(convert: Callable[[Any], _Value], value: object | None) -> _Value | None:
    return None if value is None else convert(value)


def _face(face: Mapping[str, Any]) -> AttributedFace:
    box, pose = face["box"], face["pose"]
    x1, y1, x2, y2 = (int(box[key]) for key in ("x1", "y1", "x2", "y2"))
    if x2 <= x1 or y2 <= y1:
        raise ValueError(f"the box {dict(box)} is empty")
    five = [Point(float(x), float(y)) for x, y in face["landmarks5"]]
    if len(five) != 5:
        raise ValueError(f"landmarks5 has {len(five)} points")
    return AttributedFace(
        face_index=int(face["face_index"]),
        box=Box(x1, y1, x2 - x1, y2 - y1),
        landmarks=FiveLandmarks(*five),
        confidence=float(face["confidence"]),
        points68=tuple(Point(float(x), float(y)) for x, y in face["landmarks68"]),
        pose=HeadPose(float(pose["yaw_deg"]), float(pose["pitch_deg"]), float(pose["roll_deg"])),
        attributes=FaceAttributes(
            age=_or_none(age_of_object, face["age"]),
            dense=_or_none(_dense, face["landmarks478"]),
            **{name: _or_none(class_of_object, face[name]) for name in _CLASSES},
        ),
    )


def age_of_object(age: Mapping[str, Any]) -> AgeEstimate:
    """The age of a JSON object that `age_object` made; KeyError, TypeError or ValueError if it is none."""
    return AgeEstimate(
        years=float(age["years"]),
        low=float(age["low"]),
        high=float(age["high"]),
        certainty=float(age["certainty"]),
        is_known=bool(age["is_known"]),
        ages=tuple(map(float, age["ages"])),
        distribution=tuple(map(float, age["distribution"])),
        reader=str(age["reader"]),
    )


def class_of_object(estimate: Mapping[str, Any]) -> ClassEstimate:
    """The estimate of a JSON object that `class_object` made; KeyError, TypeError or ValueError if it is none."""
    answer = estimate["answer"]
    return ClassEstimate(
        answer=None if answer is None else str(answer),
        certainty=float(estimate["certainty"]),
        classes=tuple(map(str, estimate["classes"])),
        distribution=tuple(map(float, estimate["distribution"])),
        reader=str(estimate["reader"]),
    )


def _dense(points: Sequence[Sequence[float]]) -> tuple[DensePoint, ...]:
    return tuple(DensePoint(float(x), float(y), float(z)) for x, y, z in points)
