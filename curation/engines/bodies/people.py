"""Finding the people of a picture: boxes first, then a skeleton for each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice

from curation.domain.bodies.joining import join, nose_in_face, without_doubles
from curation.domain.bodies.person import FaceOfBody, Person, PersonBox
from curation.domain.bodies.pose import Pose, PoseJoint
from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels
from curation.engines.bodies.base import BodySpec, PeopleFinder
from curation.engines.bodies.catalogue import PERSON_BOXES, POSE_DETECTOR
from curation.engines.bodies.person_boxes import PersonBoxes
from curation.engines.bodies.pose_detector import PoseDetector
from curation.engines.bodies.pose_landmarks import PoseLandmarks, Skeleton
from curation.engines.bodies.squares import Pyramid, Square
from curation.errors import SettingsError

__all__ = ["BodiesFinder", "build_people_finder"]

_WORKING_SIZE_PX = 1600
"""Longer side of the picture that the networks get their parts from."""

_MIN_POSE_CONFIDENCE = 0.5
_MAX_SKELETONS = 64  # looked for in one picture, so that a crowd costs no more than some seconds
_CROP_MARGIN = 1.25  # side of a part of the picture as a multiple of the box's longer side

# A body below a face, upright: the square around it, as multiples of the longer side of the face's box.
_HIPS_BELOW_FACE, _SQUARE_OF_FACE = 3.6, 10.5


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
        pyramid = Pyramid(photo.reduced(_WORKING_SIZE_PX, averaged=False))
        boxes = self._boxes.find(pyramid.pixels, width, height)
        poses: list[Pose] = []
        seeds = self._seeds(pyramid, boxes, faces, poses, width, height)
        for square in islice(seeds, _MAX_SKELETONS):
            skeleton = self._skeleton(pyramid, square, width, height)
            if skeleton is not None:
                poses.append(skeleton.pose)
        kept = [poses[place] for place in without_doubles(poses)]
        return join(boxes, kept, faces, width, height)

    def _seeds(
        self,
        photo: Pyramid,
        boxes: Sequence[PersonBox],
        faces: Sequence[FaceOfBody],
        poses: Sequence[Pose],
        width: int,
        height: int,
    ) -> Iterator[Square]:
        """Squares in which people are looked for; what `poses`, which grows meanwhile, already explains is left out."""
        whole = Square(width / 2, height / 2, float(max(width, height)))
        for stand in self._detector.find(photo, whole):
            yield stand.square
        for box in boxes:
            if any(_is_of(pose, box.box) for pose in poses):
                continue
            for stand in self._detector.find(photo, _around(box.box))[:1]:
                yield stand.square
        for face in faces:
            if not any(nose_in_face(pose, face, 0.0) for pose in poses):
                yield _below(face)

    def _skeleton(self, photo: Pyramid, square: Square, width: int, height: int) -> Skeleton | None:
        """The landmarks of a person, looked at twice: the second time in the square that the first look gives."""
        for _ in range(2):
            if not (all(math.isfinite(value) for value in square) and square.side >= 1):
                return None
            skeleton = self._landmarks.find(photo, square, width, height)
            if skeleton.pose.confidence < _MIN_POSE_CONFIDENCE:
                return None
            square = skeleton.square
        return skeleton


def _is_of(pose: Pose, box: Box) -> bool:
    """Whether a box is of a skeleton: its nose is in the box's upper half, its shoulders are in the box."""
    nose = pose.at(PoseJoint.NOSE)
    if not (box.x <= nose.x <= box.x + box.w and box.y <= nose.y <= box.y + box.h / 2):
        return False
    return all(
        box.x - 0.1 * box.w <= mark.x <= box.x + 1.1 * box.w
        for mark in (pose.at(PoseJoint.LEFT_SHOULDER), pose.at(PoseJoint.RIGHT_SHOULDER))
    )


def _around(box: Box) -> Square:
    return Square(box.x + box.w / 2, box.y + box.h / 2, _CROP_MARGIN * max(box.w, box.h))


def _below(face: FaceOfBody) -> Square:
    """The square of a body that stands upright below a face, or as upright as the face."""
    eyes = [(one + other) / 2 for one, other in zip(face.landmarks.right_eye, face.landmarks.left_eye, strict=True)]
    mouth = [
        (one + other) / 2 for one, other in zip(face.landmarks.mouth_right, face.landmarks.mouth_left, strict=True)
    ]
    angle = math.atan2(eyes[0] - mouth[0], mouth[1] - eyes[1])
    # Heads are tilted more than bodies are.
    angle *= 0.5
    side = max(face.box.w, face.box.h)
    x, y = face.box.x + face.box.w / 2, face.box.y + face.box.h / 2
    distance = _HIPS_BELOW_FACE * side
    return Square(x - math.sin(angle) * distance, y + math.cos(angle) * distance, _SQUARE_OF_FACE * side, angle)
