"""Made-up attributes of faces for tests."""

from __future__ import annotations

from dataclasses import replace

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

__all__ = ["SHA256", "a_face", "a_sex", "an_age", "an_image", "points68"]

SHA256 = "0123456789abcdef" * 4
_BOX = Box(20, 30, 40, 50)


def an_age(years: float = 34.6, *, is_known: bool = True) -> AgeEstimate:
    return AgeEstimate(
        years,
        years - 6.5,
        years + 9.1,
        0.61 if is_known else 0.22,
        is_known,
        (10.0, 35.0, 60.0),
        (0.1, 0.7, 0.2),
        "dlib",
    )


def a_sex(answer: str = "male", *, certainty: float = 0.97, is_known: bool = True) -> ClassEstimate:
    male = certainty if answer == "male" else 1.0 - certainty
    return ClassEstimate(answer if is_known else None, certainty, ("female", "male"), (1.0 - male, male), "dlib")


def points68(box: Box) -> tuple[Point, ...]:
    return tuple(Point(box.x + box.w * (n % 8) / 8 + 0.25, box.y + box.h * (n // 8) / 9 + 0.1) for n in range(68))


def a_face(
    index: int = 0,
    box: Box = _BOX,
    *,
    attributes: FaceAttributes | None = None,
    with_points: bool = True,
    with_dense: bool = False,
) -> AttributedFace:
    values = FaceAttributes(age=an_age(), sex=a_sex()) if attributes is None else attributes
    if with_dense:
        dense = tuple(DensePoint(box.x + 0.1 * n, box.y + 0.3, n / 7) for n in range(478))
        values = replace(values, dense=dense)
    return AttributedFace(
        face_index=index,
        box=box,
        landmarks=FiveLandmarks(
            *(
                Point(box.x + across * box.w, box.y + down * box.h)
                for across, down in ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
            )
        ),
        confidence=0.9871,
        points68=points68(box) if with_points else (),
        pose=HeadPose(3.25, -11.5, 0.75),
        attributes=values,
    )


def an_image(*faces: AttributedFace, width: int = 640, height: int = 480) -> ImageAttributes:
    return ImageAttributes(
        sha256=SHA256,
        width=width,
        height=height,
        faces=tuple(faces),
        engine="retinaface-arcface",
        weights=(("age.onnx", "a" * 64), ("retinaface.onnx", "b" * 64)),
    )
