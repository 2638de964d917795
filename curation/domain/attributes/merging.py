"""What two services told of one picture as one: faces are joined by where they are, never by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from curation.domain.attributes.values import AttributedFace, FaceAttributes, ImageAttributes
from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou

__all__ = ["SAME_FACE_IOU", "merged"]

SAME_FACE_IOU = 0.3
"""Overlap from which two boxes are of one face. Two services with the same engine give the same boxes."""


def merged(
    first: ImageAttributes, second: ImageAttributes, *, names: tuple[str, str] = ("landmarks", "age_gender")
) -> tuple[ImageAttributes, tuple[str, ...]]:
    """Join what two services told of the same picture.

    A face that only one of them found is kept, with what is known of it. Where both tell the same thing, `first` is
    believed.

    Args:
        first: Of one service.
        second: Of the other one.
        names: What the services are called in the sentences.

    Returns:
        The picture with all faces from left to right, and a sentence for each face that only one service found.

    Raises:
        ValueError: If they are not about the same picture.
    """
    if (first.sha256, first.width, first.height) != (second.sha256, second.width, second.height):
        raise ValueError(
            f"the services tell of two pictures: {first.sha256[:12]} with {first.width} x {first.height} pixels, and "
            f"{second.sha256[:12]} with {second.width} x {second.height}"
        )
    pairs = _pairs([face.box for face in first.faces], [face.box for face in second.faces])
    partners = set(pairs.values())
    # A face, and which of the two found it if only one did.
    found: list[tuple[AttributedFace, int | None]] = [
        (_joined(face, second.faces[pairs[number]]), None) if number in pairs else (face, 0)
        for number, face in enumerate(first.faces)
    ]
    found += [(face, 1) for number, face in enumerate(second.faces) if number not in partners]
    found.sort(key=lambda each: (each[0].box.x, each[0].box.y))
    faces = tuple(replace(face, face_index=number) for number, (face, _) in enumerate(found))
    image = replace(
        first,
        faces=faces,
        engine=first.engine if first.engine == second.engine else f"{first.engine}, {second.engine}",
        weights=tuple(sorted({*first.weights, *second.weights})),
    )
    said = tuple(
        _said(face, names[finder], names[1 - finder])
        for face, (_, finder) in zip(faces, found, strict=True)
        if finder is not None
    )
    return image, said


def _pairs(first: Sequence[Box], second: Sequence[Box]) -> dict[int, int]:
    """The numbers of the boxes that are of one face; the pair that overlaps most is joined first."""
    overlaps = sorted(
        (-iou, number, other)
        for number, box in enumerate(first)
        for other, other_box in enumerate(second)
        if (iou := box_iou(box, other_box)) >= SAME_FACE_IOU
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, number, other in overlaps:
        if number not in pairs and other not in taken:
            pairs[number] = other
            taken.add(other)
    return pairs


def _joined(first: AttributedFace, second: AttributedFace) -> AttributedFace:
    one, other = first.attributes, second.attributes
    attributes = FaceAttributes(
        age=one.age if one.age is not None else other.age,
        sex=one.sex if one.sex is not None else other.sex,
        ethnicity=one.ethnicity if one.ethnicity is not None else other.ethnicity,
        emotion=one.emotion if one.emotion is not None else other.emotion,
        dense=one.dense if one.dense is not None else other.dense,
    )
    return replace(first, points68=first.points68 or second.points68, attributes=attributes)


def _said(face: AttributedFace, finder: str, other: str) -> str:
    x, y, w, h = face.box
    return f"face {face.face_index} at [{x}, {y}, {x + w}, {y + h}] was found by {finder} only, not by {other}"
