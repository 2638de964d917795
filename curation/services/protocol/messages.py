"""From our values to the messages of image_processing.proto, and back without loss."""

from __future__ import annotations

from collections.abc import Iterable

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
from curation.errors import RoleUnavailableError
from curation.services.protocol import image_processing_pb2 as pb

__all__ = ["Answer", "face_message", "face_of_message", "fill_image", "image_of_message"]

_LANDMARKS = 5

Answer = pb.LandmarkResponse | pb.AgeGenderResponse | pb.CombinedResponse
"""What has faces; the three have the same fields for them."""


def fill_image(answer: Answer, image: ImageAttributes) -> None:
    """Write what was read of a picture into an answer.

    Args:
        answer: Its faces, size, key, engine and weights are set.
        image: The picture.
    """
    answer.redis_key = image.sha256
    answer.width = image.width
    answer.height = image.height
    answer.engine = image.engine
    answer.weights.update(dict(image.weights))
    answer.faces.extend(face_message(face) for face in image.faces)


def image_of_message(answer: Answer) -> ImageAttributes:
    """The picture that an answer tells of.

    Args:
        answer: Of our server, with faces; other servers do not fill these fields.

    Raises:
        RoleUnavailableError: If a face has not five landmarks: another program has answered.
    """
    if any(len(face.landmarks5) != _LANDMARKS for face in answer.faces):
        raise RoleUnavailableError(
            "another program than this one's role answered: a face has not five landmarks; name the role's own address "
            "in services.peers"
        )
    return ImageAttributes(
        sha256=answer.redis_key,
        width=answer.width,
        height=answer.height,
        faces=tuple(face_of_message(face) for face in answer.faces),
        engine=answer.engine,
        weights=tuple(sorted(answer.weights.items())),
    )


def face_message(face: AttributedFace) -> pb.Face:
    """The message of a face."""
    x, y, w, h = face.box
    of = face.attributes
    return pb.Face(
        face_index=face.face_index,
        box=pb.Box(x1=x, y1=y, x2=x + w, y2=y + h),
        confidence=face.confidence,
        landmarks5=_points(face.landmarks),
        landmarks68=_points(face.points68),
        landmarks478=[pb.Point(x=point.x, y=point.y, z=point.z) for point in of.dense or ()],
        has_landmarks478=of.dense is not None,
        pose=pb.Pose(yaw_deg=face.pose.yaw_deg, pitch_deg=face.pose.pitch_deg, roll_deg=face.pose.roll_deg),
        age=_age_message(of.age) if of.age is not None else None,
        sex=_class_message(of.sex) if of.sex is not None else None,
        ethnicity=_class_message(of.ethnicity) if of.ethnicity is not None else None,
        emotion=_class_message(of.emotion) if of.emotion is not None else None,
    )


def face_of_message(message: pb.Face) -> AttributedFace:
    """The face of a message."""
    box = message.box
    dense = tuple(DensePoint(point.x, point.y, point.z) for point in message.landmarks478)
    return AttributedFace(
        face_index=message.face_index,
        box=Box(box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1),
        landmarks=FiveLandmarks(*(Point(point.x, point.y) for point in message.landmarks5)),
        confidence=message.confidence,
        points68=tuple(Point(point.x, point.y) for point in message.landmarks68),
        pose=HeadPose(message.pose.yaw_deg, message.pose.pitch_deg, message.pose.roll_deg),
        attributes=FaceAttributes(
            age=_age(message.age) if message.HasField("age") else None,
            sex=_class(message.sex) if message.HasField("sex") else None,
            ethnicity=_class(message.ethnicity) if message.HasField("ethnicity") else None,
            emotion=_class(message.emotion) if message.HasField("emotion") else None,
            dense=dense if message.has_landmarks478 else None,
        ),
    )


def _points(points: Iterable[Point]) -> list[pb.Point]:
    return [pb.Point(x=x, y=y) for x, y in points]


def _age_message(age: AgeEstimate) -> pb.Age:
    return pb.Age(
        years=age.years,
        low=age.low,
        high=age.high,
        certainty=age.certainty,
        is_known=age.is_known,
        ages=age.ages,
        distribution=age.distribution,
        reader=age.reader,
    )


def _age(message: pb.Age) -> AgeEstimate:
    return AgeEstimate(
        years=message.years,
        low=message.low,
        high=message.high,
        certainty=message.certainty,
        is_known=message.is_known,
        ages=tuple(message.ages),
        distribution=tuple(message.distribution),
        reader=message.reader,
    )


def _class_message(estimate: ClassEstimate) -> pb.ClassEstimate:
    return pb.ClassEstimate(
        answer=estimate.answer or "",
        certainty=estimate.certainty,
        classes=estimate.classes,
        distribution=estimate.distribution,
        reader=estimate.reader,
    )


def _class(message: pb.ClassEstimate) -> ClassEstimate:
    return ClassEstimate(
        answer=message.answer or None,
        certainty=message.certainty,
        classes=tuple(message.classes),
        distribution=tuple(message.distribution),
        reader=message.reader,
    )
