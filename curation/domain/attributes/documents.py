"""The JSON documents of the attribute services, with the keys that clients of such systems read.

Two forms are in use, `faces` and `results`. Neither has a place for doubt: they want a number of years and a word for
every face. So the most likely ones stand there, as everywhere else, and what is known about them stands beside, in one
key of its own, `curation`, which other programs skip: ranges, certainties, probabilities, whether a value may be used
at all, exact points. Whoever would rather have null than a guess asks for it, see `Unsure`. docs/service_files.md has
both forms with examples, docs/schemas/ their schemas.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from curation.domain.attributes.image_document import DOCUMENT_VERSION, image_document, image_of_document
from curation.domain.attributes.merging import merged
from curation.domain.attributes.values import (
    AgeEstimate,
    AttributedFace,
    ClassEstimate,
    FaceAttributes,
    ImageAttributes,
)
from curation.errors import AttributeDocumentError

__all__ = [
    "DOCUMENT_VERSION",
    "Unsure",
    "age_gender_result",
    "document_text",
    "faces_document",
    "image_document",
    "image_of_document",
    "image_of_results",
    "landmark_result",
    "results_document",
    "shown_gender",
    "shown_points",
    "shown_years",
]

_LINE = 110  # characters of a list or object that still stands on one line
_INDENT = 4
_EVEN = 1e-6  # probabilities that differ by less say nothing


class Unsure(StrEnum):
    """What stands under `age` and `gender` of a face of which it cannot be told."""

    MOST_LIKELY = "most_likely"
    """The best guess; `curation` says that it is one. Clients that know numbers and words only go on working."""
    NOTHING = "nothing"
    """Null."""


def shown_years(age: AgeEstimate | None, unsure: Unsure = Unsure.MOST_LIKELY) -> int | None:
    """The age that stands in a document: whole years; None if it was not read, or nothing at all was seen."""
    if age is None or not math.isfinite(age.years) or (len(age.distribution) > 1 and _is_even(age.distribution)):
        return None
    if not age.is_known and unsure is Unsure.NOTHING:
        return None
    return math.floor(age.years + 0.5)


def shown_gender(sex: ClassEstimate | None, unsure: Unsure = Unsure.MOST_LIKELY) -> str | None:
    """The word that stands in a document, `female` or `male`; None if it was not read, or nothing at all was seen."""
    if sex is None:
        return None
    if sex.answer is not None:
        return sex.answer
    return None if unsure is Unsure.NOTHING or _is_even(sex.distribution) else sex.most_likely


def _is_even(distribution: Sequence[float]) -> bool:
    """Whether no class is likelier than another, which is what a reader says of a face that it does not see."""
    return not distribution or max(distribution) - min(distribution) < _EVEN


def shown_points(face: AttributedFace) -> tuple[str, list[tuple[int, int]]]:
    """The points that stand under `landmarks` in the form `faces`: the finest that are known of this face.

    Returns:
        The key of `curation` that has them exactly (`landmarks478`, `landmarks68` or `landmarks5`), and the points in
        whole pixels of the upright full-size photo, as programs that draw want them; they may lie outside of the photo.
    """
    if face.attributes.dense:
        return "landmarks478", [(_whole(point.x), _whole(point.y)) for point in face.attributes.dense]
    if face.points68:
        return "landmarks68", [(_whole(point.x), _whole(point.y)) for point in face.points68]
    return "landmarks5", [(_whole(point.x), _whole(point.y)) for point in face.landmarks]


def _whole(value: float) -> int:
    return math.floor(value + 0.5)


def landmark_result(image: ImageAttributes) -> dict[str, Any]:
    """What the role landmarks keeps in Redis, field `landmark_service`; ages and sexes are left out.

    Args:
        image: With or without attributes of other roles.

    Returns:
        `landmarks` has four integers for each face, the corners of its box, as clients of such systems expect.
    """
    own = [replace(face, attributes=FaceAttributes(dense=face.attributes.dense)) for face in image.faces]
    return {"landmarks": _corners(image), "curation": image_document(replace(image, faces=tuple(own)))}


def age_gender_result(image: ImageAttributes, unsure: Unsure = Unsure.MOST_LIKELY) -> dict[str, Any]:
    """What the role age_gender keeps in Redis, field `agegender_service`; 68 and 478 points are left out.

    Args:
        image: With or without points of the other role.
        unsure: What stands where it cannot be told.

    Returns:
        `age` and `gender` have a value for each face, in the order of the faces; null keeps the place of a face.
    """
    own = [replace(face, points68=(), attributes=replace(face.attributes, dense=None)) for face in image.faces]
    return {**_ages_and_genders(image, unsure), "curation": image_document(replace(image, faces=tuple(own)))}


def image_of_results(
    landmark_service: Mapping[str, Any] | None, agegender_service: Mapping[str, Any] | None
) -> tuple[ImageAttributes, tuple[str, ...]]:
    """The picture of what both roles keep in Redis, joined as `merging.merged` does.

    Args:
        landmark_service: As `landmark_result` made it; None if it is missing.
        agegender_service: As `age_gender_result` made it; None if it is missing.

    Returns:
        The picture, and in words which faces only one role found; no words if only one role's result is there.

    Raises:
        AttributeDocumentError: If both are missing, one was made by another program or version, or they are not of the
            same picture.
    """
    there = [result for result in (landmark_service, agegender_service) if result is not None]
    if not there:
        raise AttributeDocumentError("there is no result of this picture: send it to the roles again")
    try:
        images = [image_of_document(result["curation"]) for result in there]
        return (images[0], ()) if len(images) == 1 else merged(images[0], images[1])
    except (KeyError, TypeError, AttributeError) as error:
        raise AttributeDocumentError(
            "a result in Redis has no key `curation`: another program wrote it; use another Redis database"
        ) from error
    except ValueError as error:
        raise AttributeDocumentError(str(error)) from error


def faces_document(
    image: ImageAttributes,
    *,
    image_path: str,
    timestamp: str,
    unsure: Unsure = Unsure.MOST_LIKELY,
    disagreements: Sequence[str] = (),
) -> dict[str, Any]:
    """The form `faces`: one object for each face.

    Args:
        image: All that is known.
        image_path: Of the annotated picture.
        timestamp: ISO 8601; the only value that differs when the same picture is sent again.
        unsure: What stands where age or sex cannot be told.
        disagreements: Faces that only one service found, in words.
    """
    points = [shown_points(face) for face in image.faces]
    faces = []
    for face, (_, shown) in zip(image.faces, points, strict=True):
        attributes = face.attributes
        faces.append(
            {
                "face_index": face.face_index,
                "box": dict(zip(("x1", "y1", "x2", "y2"), _box_corners(face), strict=True)),
                "landmarks": [{"x": x, "y": y} for x, y in shown],
                "agegender": {
                    "age": shown_years(attributes.age, unsure),
                    "gender": shown_gender(attributes.sex, unsure),
                },
            }
        )
    return {
        "timestamp": timestamp,
        "image_path": image_path,
        "redis_key": f"image:{image.sha256}",
        "num_faces": len(faces),
        "faces": faces,
        "curation": {**_extra(image, unsure, disagreements), "landmarks": [kind for kind, _ in points]},
    }


def results_document(
    image: ImageAttributes,
    *,
    image_path: str,
    unsure: Unsure = Unsure.MOST_LIKELY,
    disagreements: Sequence[str] = (),
) -> dict[str, Any]:
    """The form `results`: one list for each service, all in the order of the faces.

    Args:
        image: All that is known.
        image_path: Of the picture.
        unsure: What stands where age or sex cannot be told.
        disagreements: Faces that only one service found, in words.
    """
    return {
        "redis_key": image.sha256,
        "image_path": image_path,
        "results": {
            "landmark_service": {"landmarks": _corners(image)},
            "agegender_service": _ages_and_genders(image, unsure),
        },
        "curation": _extra(image, unsure, disagreements),
    }


def _extra(image: ImageAttributes, unsure: Unsure, disagreements: Sequence[str]) -> dict[str, Any]:
    return {**image_document(image), "unsure": unsure.value, "disagreements": list(disagreements)}


def _ages_and_genders(image: ImageAttributes, unsure: Unsure) -> dict[str, Any]:
    genders = [shown_gender(face.attributes.sex, unsure) for face in image.faces]
    return {
        "age": [shown_years(face.attributes.age, unsure) for face in image.faces],
        "gender": [None if gender is None else gender.capitalize() for gender in genders],
    }


def _corners(image: ImageAttributes) -> list[list[int]]:
    return [list(_box_corners(face)) for face in image.faces]


def _box_corners(face: AttributedFace) -> tuple[int, int, int, int]:
    x, y, w, h = face.box
    return x, y, x + w, y + h


def document_text(document: Mapping[str, Any]) -> str:
    """A document as the JSON text of its file: what fits stands on one line; ends with a newline.

    The same document always gives the same text, in ASCII, with all digits.

    Raises:
        ValueError: If a number is not finite.
    """
    return _text(document, 0) + "\n"


def _text(value: Any, depth: int) -> str:
    line = json.dumps(value, allow_nan=False)
    if not isinstance(value, Mapping | list) or len(line) + depth * _INDENT <= _LINE:
        return line
    inner, outer = " " * (_INDENT * (depth + 1)), " " * (_INDENT * depth)
    if isinstance(value, list) and not any(isinstance(each, Mapping | list) for each in value):
        return line  # a long list of numbers is not read line by line
    if isinstance(value, Mapping):
        items = [f"{inner}{json.dumps(key)}: {_text(each, depth + 1)}" for key, each in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{outer}}}"
    return "[\n" + ",\n".join(inner + _text(each, depth + 1) for each in value) + f"\n{outer}]"
