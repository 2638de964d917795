"""Finding the people of a picture: boxes and faces first, then a skeleton for each.

The network of landmarks follows one person, and in a group often another one than was meant. So the heads of all others
are painted over before it looks, and a skeleton counts only if its nose is where it should be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from curation.domain.bodies.joining import head_size, join, nose_in_face, unexplained_boxes, without_doubles
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import Pose, PoseJoint
from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels
from curation.engines.bodies.base import BodySpec, PeopleFinder
from curation.engines.bodies.catalogue import PERSON_BOXES, POSE_DETECTOR
from curation.engines.bodies.person_boxes import PersonBoxes
from curation.engines.bodies.pose_detector import PoseDetector
from curation.engines.bodies.pose_landmarks import PoseLandmarks
from curation.engines.bodies.squares import Head, Pyramid, Square
from curation.errors import SettingsError

__all__ = ["BodiesFinder", "build_people_finder"]

_WORKING_SIZE_PX = 1600
"""Longer side of the picture that the networks get their parts from."""

_LOOKS = 2  # at each person
_MAX_LOOKS = 160  # in one picture, so that a crowd costs no more than some seconds
_MIN_CONFIDENCE = 0.5
_MIN_CONFIDENCE_WITH_FACE = 0.1  # of a skeleton whose nose lies in the face that it was looked for with
_CROP_MARGIN = 1.25  # side of a part of the picture as a multiple of the box's longer side

# A body below a face, upright: the square around it, as multiples of the longer side of the face's box.
_HIPS_BELOW_FACE, _SQUARE_OF_FACE = 2.0, 5.0


def build_people_finder(specs: Sequence[BodySpec]) -> PeopleFinder:
    """Load the networks that find people.

    Args:
        specs: `BodyEngines.people`: person boxes, the detector of poses, a network of landmarks.

    Raises:
        SettingsError: If these are other networks.
        WeightsMissingError: If a file is missing.
        WeightsBrokenError: If a file is not what it should be.
    """
    return BodiesFinder(tuple(specs))


class BodiesFinder:
    """Finds people by YOLOX and BlazePose; implements `curation.engines.bodies.base.PeopleFinder`.

    Safe to use from several threads.
    """

    def __init__(self, specs: tuple[BodySpec, ...]) -> None:
        """Load the networks, see `build_people_finder`."""
        if len(specs) != 3 or (specs[0].name, specs[1].name) != (PERSON_BOXES, POSE_DETECTOR):
            names = ", ".join(spec.name for spec in specs)
            raise SettingsError(
                f"people are found by {PERSON_BOXES}, {POSE_DETECTOR} and a network of landmarks, not by {names}"
            )
        self._specs = specs
        self._boxes = PersonBoxes(specs[0])
        self._detector = PoseDetector(specs[1])
        self._landmarks = PoseLandmarks(specs[2])

    @property
    def specs(self) -> tuple[BodySpec, ...]:
        """What it was built from."""
        return self._specs

    def find(self, photo: PhotoPixels, faces: Sequence[FaceOfBody]) -> tuple[Person, ...]:
        """Find all people, see `PeopleFinder.find`."""
        width, height = photo.width, photo.height
        search = _Search(Pyramid(photo.reduced(_WORKING_SIZE_PX, averaged=False)), width, height, faces)
        boxes = self._boxes.find(search.photo.pixels, width, height)
        for face in sorted(faces, key=lambda face: -face.box.h):
            self._follow(search, [square_of_face(face)], face)
        for box, own in unexplained_boxes(boxes, search.poses, faces, width, height):
            hidden, head = search.heads(own)
            stands = self._detector.find(search.photo, square_around(box.box), hidden=hidden, own=head)
            squares = [stand.square for stand in stands[:1]]
            self._follow(search, [*squares, square_of_box(box.box)], own, box.box)
        if not search.poses:
            whole = Square(width / 2, height / 2, float(max(width, height)))
            for stand in self._detector.find(search.photo, whole):
                self._follow(search, [stand.square])
        kept = [search.poses[place] for place in without_doubles(search.poses)]
        return join(boxes, kept, faces, width, height)

    def _follow(
        self, search: _Search, squares: Sequence[Square], face: FaceOfBody | None = None, box: Box | None = None
    ) -> None:
        """Look for a skeleton in squares, one after the other, until there is one of the right person."""
        hidden, own = search.heads(face)
        for square in squares:
            pose = self._skeleton(search, square, hidden, own, face, box)
            if pose is not None:
                search.poses.append(pose)
                return

    def _skeleton(
        self,
        search: _Search,
        square: Square,
        hidden: Sequence[Head],
        own: Head | None,
        face: FaceOfBody | None,
        box: Box | None,
    ) -> Pose | None:
        """The landmarks of a person, looked at twice: the second time in the square that the first look gives."""
        found = None
        for _ in range(_LOOKS):
            if search.looks == _MAX_LOOKS or not _is_usable(square):
                break
            search.looks += 1
            skeleton = self._landmarks.find(search.photo, square, search.width, search.height, hidden=hidden, own=own)
            pose, square = skeleton
            if face is not None:
                is_right = nose_in_face(pose, face) and pose.confidence >= _MIN_CONFIDENCE_WITH_FACE
            else:
                is_right = pose.confidence >= _MIN_CONFIDENCE and (box is None or _nose_in(pose, box))
            if is_right:
                found = pose
        return found


class _Search:
    """What is known while the people of one picture are looked for."""

    def __init__(self, photo: Pyramid, width: int, height: int, faces: Sequence[FaceOfBody]) -> None:
        self.photo = photo
        self.width = width
        self.height = height
        self.poses: list[Pose] = []
        self.looks = 0
        self._faces = faces

    def heads(self, own: FaceOfBody | None) -> tuple[list[Head], Head | None]:
        """The heads of everybody else, and the own one."""
        others = [_head_of_face(face) for face in self._faces if face is not own]
        others += [
            _head_of_pose(pose) for pose in self.poses if not any(nose_in_face(pose, face) for face in self._faces)
        ]
        return others, None if own is None else _head_of_face(own)


def square_of_face(face: FaceOfBody) -> Square:
    """The square of a body that stands upright below a face, or tilted half as much as the face."""
    eyes = [(one + other) / 2 for one, other in zip(face.landmarks.right_eye, face.landmarks.left_eye, strict=True)]
    mouth = [
        (one + other) / 2 for one, other in zip(face.landmarks.mouth_right, face.landmarks.mouth_left, strict=True)
    ]
    # Heads are tilted more than bodies are.
    angle = 0.5 * math.atan2(eyes[0] - mouth[0], mouth[1] - eyes[1])
    side = max(face.box.w, face.box.h)
    x, y = face.box.x + face.box.w / 2, face.box.y + face.box.h / 2
    distance = _HIPS_BELOW_FACE * side
    return Square(x - math.sin(angle) * distance, y + math.cos(angle) * distance, _SQUARE_OF_FACE * side, angle)


def square_around(box: Box) -> Square:
    """The part of the picture in which the person of a box is looked for."""
    return Square(box.x + box.w / 2, box.y + box.h / 2, _CROP_MARGIN * max(box.w, box.h))


def square_of_box(box: Box) -> Square:
    """The square of a person of whom a box is known."""
    return Square(box.x + box.w / 2, box.y + box.h / 2, _CROP_MARGIN * max(box.w, box.h))


def _head_of_face(face: FaceOfBody) -> Head:
    """From the hair to the chin and from ear to ear."""
    box = face.box
    return Head(box.x + box.w / 2, box.y + 0.4 * box.h, 0.6 * box.w, 0.75 * box.h)


def _head_of_pose(pose: Pose) -> Head:
    marks = [pose.at(joint) for joint in (PoseJoint.NOSE, PoseJoint.LEFT_EAR, PoseJoint.RIGHT_EAR)]
    half = 0.65 * head_size(pose)
    return Head(sum(mark.x for mark in marks) / 3, sum(mark.y for mark in marks) / 3, half, 1.2 * half)


def _nose_in(pose: Pose, box: Box) -> bool:
    nose = pose.at(PoseJoint.NOSE)
    return box.x <= nose.x <= box.x + box.w and box.y - 0.1 * box.h <= nose.y <= box.y + box.h


def _is_usable(square: Square) -> bool:
    return all(math.isfinite(value) for value in square) and square.side >= 1
