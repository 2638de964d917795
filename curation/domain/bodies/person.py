"""A person in a picture: what boxes, faces and skeletons say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from curation.domain.bodies.pose import Pose
from curation.domain.faces.face import Box, FiveLandmarks

__all__ = ["FaceOfBody", "Person", "PersonBox"]


class PersonBox(NamedTuple):
    """A person as a detector of bodies reports it; the box in pixels of the upright full-size photo."""

    box: Box
    confidence: float


class FaceOfBody(NamedTuple):
    """A face as the people of a picture are found with it.

    Attributes:
        face_index: Number of the face in its picture, from left to right, 0-based, as in face_data.csv.
        box: Bounds in pixels of the upright full-size photo.
        landmarks: Five points in the same pixels.
        confidence: The detector's, in [0, 1].
    """

    face_index: int
    box: Box
    landmarks: FiveLandmarks
    confidence: float


@dataclass(frozen=True, slots=True)
class Person:
    """A person of a picture.

    Attributes:
        person_index: Number of the person in its picture, from left to right, 0-based.
        box: Bounds of the whole body as far as it is in the photo, in pixels of the upright full-size photo.
        confidence: That a person is there, in [0, 1]: the highest of box, skeleton and face.
        pose: The skeleton; None if the pose network sees none.
        face: The person's face; None if no face was found, as with people from behind.
    """

    person_index: int
    box: Box
    confidence: float
    pose: Pose | None
    face: FaceOfBody | None
