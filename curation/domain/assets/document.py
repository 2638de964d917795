"""A picture's record as a JSON object, without any loss: what is written can be read back.

docs/assets.md describes it, docs/schemas/asset.schema.json is its schema. Numbers keep all their digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.attributes.image_document import (
    age_object,
    age_of_object,
    class_object,
    class_of_object,
)
from curation.domain.attributes.values import FaceAttributes
from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import Pose, PoseJoint, PoseLandmark
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart, Outfit
from curation.errors import AssetDocumentError

__all__ = ["ASSET_VERSION", "asset_document", "cutout_name", "record_of_document"]

ASSET_VERSION = 1
"""Of the document; raised when a key changes its meaning or goes, not when one is added."""

_MASKS = {"person": "mask.png", "clothes": "clothes.png"}
_JOINT_NAMES = tuple(joint.name.lower() for joint in PoseJoint)


def cutout_name(person_index: int) -> str:
    """The name of the file with one person alone, where a picture has several."""
    return f"cutout_{person_index}.png"


def asset_document(record: AssetRecord) -> dict[str, Any]:
    """A picture as a JSON object.

    Args:
        record: All that was found. Of the attributes of faces, age and sex are written.

    Returns:
        Only dicts, lists, strings, numbers, booleans and None; always with the same keys in the same order.
    """
    files = set(record.files)
    return {
        "version": ASSET_VERSION,
        "sha256": record.sha256,
        "width": record.width,
        "height": record.height,
        "people": [_person_object(each, files) for each in record.people],
        "cutout": _if_there("cutout.png", files),
        "masks": {kind: _if_there(name, files) for kind, name in _MASKS.items()},
        "annotated": _if_there("annotated.jpg", files),
        "files": list(record.files),
        "engine": record.engine,
        "weights": [{"name": name, "sha256": sha256} for name, sha256 in record.weights],
        "notes": list(record.notes),
    }


def record_of_document(document: Mapping[str, Any]) -> AssetRecord:
    """The record of a JSON object that `asset_document` made; keys that it does not know are skipped.

    Raises:
        AssetDocumentError: If it is of another version, or not such an object.
    """
    try:
        version = document["version"]
        if version != ASSET_VERSION:
            raise AssetDocumentError(
                f"this document of a picture is of version {version!r}, this program reads version {ASSET_VERSION}: "
                "use the release of Curation that wrote it, or take the picture apart anew"
            )
        return AssetRecord(
            sha256=str(document["sha256"]),
            width=int(document["width"]),
            height=int(document["height"]),
            people=tuple(_person_record(each) for each in document["people"]),
            files=tuple(map(str, document["files"])),
            engine=str(document["engine"]),
            weights=tuple((str(each["name"]), str(each["sha256"])) for each in document["weights"]),
            notes=tuple(map(str, document["notes"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise AssetDocumentError(f"this is no document of a picture that was taken apart: {reason}") from error


def _if_there(name: str, files: set[str]) -> str | None:
    return name if name in files else None


def _person_object(record: PersonRecord, files: set[str]) -> dict[str, Any]:
    person, attributes = record.person, record.attributes
    return {
        "person_index": person.person_index,
        "bbox": list(person.box),
        "confidence": float(person.confidence),
        "keypoints": None if person.pose is None else _keypoints(person.pose),
        "pose_confidence": None if person.pose is None else float(person.pose.confidence),
        "face": None if person.face is None else _face_object(person.face),
        "dominant_colors": None if record.outfit is None else _outfit_object(record.outfit),
        "age": None if attributes is None or attributes.age is None else age_object(attributes.age),
        "sex": None if attributes is None or attributes.sex is None else class_object(attributes.sex),
        "composition": _composition_object(record.composition),
        "cutout": _if_there(cutout_name(person.person_index), files),
        "clothes_share": _number(record.clothes_share),
        "mask_confidence": _number(record.mask_confidence),
        "clothes_confidence": _number(record.clothes_confidence),
        "signature": [float(value) for value in record.signature],
    }


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _keypoints(pose: Pose) -> list[dict[str, Any]]:
    return [
        {"name": name, "x": float(x), "y": float(y), "z": float(z), "visibility": float(visibility)}
        for name, (x, y, z, visibility) in zip(_JOINT_NAMES, pose.landmarks, strict=True)
    ]


def _face_object(face: FaceOfBody) -> dict[str, Any]:
    return {
        "face_index": face.face_index,
        "bbox": list(face.box),
        "landmarks5": [[float(x), float(y)] for x, y in face.landmarks],
        "confidence": float(face.confidence),
    }


def _outfit_object(outfit: Outfit) -> dict[str, Any]:
    return {
        "top": _garment_object(outfit.top),
        "bottom": _garment_object(outfit.bottom),
        "coloured_light": outfit.coloured_light,
    }


def _garment_object(garment: Garment) -> dict[str, Any]:
    return {
        "colors": [
            {
                "name": colour.name.value,
                "share": float(colour.share),
                "rgb": list(colour.rgb),
                "hex": "#{:02x}{:02x}{:02x}".format(*colour.rgb),
            }
            for colour in garment.colours
        ],
        "confidence": float(garment.confidence),
        "pixels": garment.pixels,
    }


def _composition_object(value: Composition) -> dict[str, Any]:
    return {
        "cut_at": value.cut_at.value,
        "cut_certainty": float(value.cut_certainty),
        "cut_is_fault": value.cut_is_fault,
        "headroom": _number(value.headroom),
        "frame_share": float(value.frame_share),
        "tilt_deg": _number(value.tilt_deg),
        "overlapped_by": list(value.overlapped_by),
    }


def _person_record(value: Mapping[str, Any]) -> PersonRecord:
    outfit = value["dominant_colors"]
    return PersonRecord(
        person=Person(
            person_index=int(value["person_index"]),
            box=_box(value["bbox"]),
            confidence=float(value["confidence"]),
            pose=None if value["keypoints"] is None else _pose(value["keypoints"], value["pose_confidence"]),
            face=None if value["face"] is None else _face(value["face"]),
        ),
        composition=_composition(value["composition"]),
        outfit=None if outfit is None else _outfit(outfit),
        attributes=_attributes(value["age"], value["sex"]),
        clothes_share=_optional(value["clothes_share"]),
        mask_confidence=_optional(value["mask_confidence"]),
        clothes_confidence=_optional(value["clothes_confidence"]),
        signature=tuple(map(float, value["signature"])),
    )


def _attributes(age: Mapping[str, Any] | None, sex: Mapping[str, Any] | None) -> FaceAttributes | None:
    if age is None and sex is None:
        return None
    return FaceAttributes(
        age=None if age is None else age_of_object(age), sex=None if sex is None else class_of_object(sex)
    )


def _optional(value: Any) -> float | None:
    return None if value is None else float(value)


def _box(values: Sequence[Any]) -> Box:
    x, y, w, h = map(int, values)
    return Box(x, y, w, h)


def _pose(points: Sequence[Mapping[str, Any]], confidence: Any) -> Pose:
    names = tuple(point["name"] for point in points)
    if names != _JOINT_NAMES:
        raise ValueError("the keypoints are not the 33 of a pose in their order")
    return Pose(
        tuple(
            PoseLandmark(float(each["x"]), float(each["y"]), float(each["z"]), float(each["visibility"]))
            for each in points
        ),
        float(confidence),
    )


def _face(value: Mapping[str, Any]) -> FaceOfBody:
    points = [Point(float(x), float(y)) for x, y in value["landmarks5"]]
    return FaceOfBody(int(value["face_index"]), _box(value["bbox"]), FiveLandmarks(*points), float(value["confidence"]))


def _outfit(value: Mapping[str, Any]) -> Outfit:
    return Outfit(
        top=_garment(GarmentPart.TOP, value["top"]),
        bottom=_garment(GarmentPart.BOTTOM, value["bottom"]),
        coloured_light=bool(value["coloured_light"]),
    )


def _garment(part: GarmentPart, value: Mapping[str, Any]) -> Garment:
    colours = []
    for each in value["colors"]:
        red, green, blue = map(int, each["rgb"])
        colours.append(GarmentColour(ColourName(each["name"]), float(each["share"]), (red, green, blue)))
    return Garment(part, tuple(colours), float(value["confidence"]), int(value["pixels"]))


def _composition(value: Mapping[str, Any]) -> Composition:
    return Composition(
        cut_at=CutAt(value["cut_at"]),
        cut_certainty=float(value["cut_certainty"]),
        headroom=_optional(value["headroom"]),
        frame_share=float(value["frame_share"]),
        tilt_deg=_optional(value["tilt_deg"]),
        overlapped_by=tuple(map(int, value["overlapped_by"])),
    )
