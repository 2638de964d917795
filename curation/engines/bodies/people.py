"""Finding the people of a picture: boxes and faces first, then a skeleton for each.

The network of landmarks follows one person, and in a group often another one than was meant. So the heads of all others
are painted over before it looks, and a skeleton counts only if its nose is where it should be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from curation.domain.bodies.joining import are_doubles, head_size, join, nose_in_face, pairs_of, without_doubles
from curation.domain.bodies.person import FaceOfBody, Person, PersonBox
from curation.domain.bodies.pose import Pose, PoseJoint
from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels
from curation.engines.bodies.base import BodySpec, PeopleFinder
from curation.engines.bodies.catalogue import PERSON_BOXES, POSE_DETECTOR
from curation.engines.bodies.person_boxes import PersonBoxes
from curation.engines.bodies.pose_detector import PoseDetector, Stand
from curation.engines.bodies.pose_landmarks import PoseLandmarks
from curation.engines.bodies.squares import Head, Pyramid, Square
from curation.errors import SettingsError

__all__ = ["BodiesFinder", "build_people_finder"]

_WORKING_SIZE_PX = 1600
"""Longer side of the picture that the networks get their parts from."""

# At most at each place; in a group, where the square may move on to a neighbour, fewer.
_LOOKS, _LOOKS_IN_GROUP = 4, 2
# A square that moves less is where it should be: share of its side, logarithm of its growth, radians.
_MOVED_SIDE, _MOVED_GROWTH, _MOVED_RAD = 0.08, 0.12, 0.2
_FEW = 2  # people at most for whom the whole picture is given to BlazePose's detector
_SAME_STAND = 0.2  # distance of the hips from the middle of a square below which it is of this skeleton, in its sides
_SURE = 0.9  # confidence of a skeleton from which nothing else is tried
_MAX_LOOKS = 160  # in one picture, so that a crowd costs no more than some seconds
_MIN_CONFIDENCE = 0.5
_MIN_CONFIDENCE_WITH_FACE = 0.1  # of a skeleton whose nose lies in the face that it was looked for with
_CROP_MARGIN = 1.25  # side of a part of the picture as a multiple of the box's longer side

# A body below a face, upright: the square around it, as multiples of the longer side of the face's box.
_HIPS_BELOW_FACE, _SQUARE_OF_FACE = 2.0, 5.0
# A body that is at least so many faces high is more than head and chest, and the box says better where it is.
_STANDING_FACES = 5.0
_HIPS_IN_BOX = 0.53  # height of the hips below the upper edge of the box of somebody who stands
_USUAL_FACES_HIGH = 5.0  # of somebody without a box, who is often cut or covered
_SMALL = 0.35  # share of the tallest person's height below which people are not of the group


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
        boxes = self._boxes.find(search.photo, width, height)
        pairs = pairs_of(boxes, faces, width, height)
        # Small people in the background make no group of somebody who stands before them.
        heights = [_likely_height(box, face) for box, face in pairs]
        is_large = [height >= _SMALL * max(heights) for height in heights]
        are_few = sum(is_large) <= _FEW
        # BlazePose's own detector sees one person or two, and these better than any guess from a box.
        stands = self._detector.find(search.photo, _whole(width, height))
        for place in sorted(range(len(pairs)), key=lambda place: not is_large[place]):
            box, face = pairs[place]
            if face is None and box is not None and any(_is_of(pose, box.box) for pose in search.poses):
                continue
            search.looks_at_each = _LOOKS if are_few and is_large[place] else _LOOKS_IN_GROUP
            first = stands if are_few and is_large[place] else []
            hidden, own = search.heads(face)
            looks = self._squares(search, None if box is None else box.box, face, first, hidden, own)
            pose = self._best(search, looks, None if box is None else box.box, face, hidden, own)
            if pose is not None:
                search.poses.append(pose)
        for stand in stands[:_FEW]:
            if not any(_stands_at(pose, stand.square) for pose in search.poses):
                pose = self._best(search, [stand.square], None, None, *search.heads(None))
                if pose is not None:
                    search.poses.append(pose)
        kept = [search.poses[place] for place in without_doubles(search.poses)]
        return join(boxes, kept, faces, width, height)

    def _squares(
        self,
        search: _Search,
        box: Box | None,
        face: FaceOfBody | None,
        stands: Sequence[Stand],
        hidden: Sequence[Head],
        own: Head | None,
    ) -> Iterator[Square]:
        """Where to look for a person, the likeliest first; computed as they are asked for."""
        for stand in stands:
            yield stand.square
        if box is not None and face is not None and box.h >= _STANDING_FACES * max(face.box.w, face.box.h):
            yield square_of_standing(box)
        if face is not None:
            yield square_of_face(face)
        if box is not None:
            for stand in self._detector.find(search.photo, square_around(box), hidden=hidden, own=own)[:1]:
                yield stand.square
            if face is None:
                yield square_around(box)

    def _best(
        self,
        search: _Search,
        squares: Iterable[Square],
        box: Box | None,
        face: FaceOfBody | None,
        hidden: Sequence[Head],
        own: Head | None,
    ) -> Pose | None:
        """The most certain skeleton of the right person, looked for in squares until one is certain enough."""
        best = None
        for square in squares:
            pose = self._followed(search, square, box, face, hidden, own)
            if pose is not None and (best is None or pose.confidence > best.confidence):
                best = pose
                if best.confidence >= _SURE:
                    break
        return best

    def _followed(
        self,
        search: _Search,
        square: Square,
        box: Box | None,
        face: FaceOfBody | None,
        hidden: Sequence[Head],
        own: Head | None,
    ) -> Pose | None:
        """The landmarks of a person, looked at again in the square that the last look gives until it stays."""
        found = None
        for _ in range(search.looks_at_each):
            if search.looks == _MAX_LOOKS or not _is_usable(square):
                break
            search.looks += 1
            before = square
            pose, square = self._landmarks.find(
                search.photo, square, search.width, search.height, hidden=hidden, own=own
            )
            if face is not None:
                is_right = nose_in_face(pose, face) and pose.confidence >= _MIN_CONFIDENCE_WITH_FACE
            else:
                is_right = (
                    pose.confidence >= _MIN_CONFIDENCE
                    and (box is None or _nose_in(pose, box))
                    # Somebody whose head is painted over, and who has a skeleton.
                    and not any(are_doubles(pose, other) for other in search.poses)
                )
            if is_right:
                found = pose
            if not _has_moved(before, square):
                break
        return found


class _Search:
    """What is known while the people of one picture are looked for."""

    def __init__(self, photo: Pyramid, width: int, height: int, faces: Sequence[FaceOfBody]) -> None:
        self.photo = photo
        self.width = width
        self.height = height
        self.poses: list[Pose] = []
        self.looks = 0
        self.looks_at_each = _LOOKS
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


def square_of_standing(box: Box) -> Square:
    """The square of somebody who stands whole in a box: as BlazePose's detector would draw it around the body."""
    return Square(box.x + box.w / 2, box.y + box.h * _HIPS_IN_BOX, _CROP_MARGIN * max(box.w, box.h))


def square_around(box: Box) -> Square:
    """The part of the picture in which the person of a box is looked for."""
    return Square(box.x + box.w / 2, box.y + box.h / 2, _CROP_MARGIN * max(box.w, box.h))


def _likely_height(box: PersonBox | None, face: FaceOfBody | None) -> float:
    """Of a person's box; of somebody of whom only the face is known, what is likely."""
    if box is not None:
        return float(box.box.h)
    return 0.0 if face is None else _USUAL_FACES_HIGH * max(face.box.w, face.box.h)


def _whole(width: int, height: int) -> Square:
    return Square(width / 2, height / 2, float(max(width, height)))


def _head_of_face(face: FaceOfBody) -> Head:
    """From the hair to the chin and from ear to ear."""
    box = face.box
    return Head(box.x + box.w / 2, box.y + 0.4 * box.h, 0.6 * box.w, 0.75 * box.h)


def _head_of_pose(pose: Pose) -> Head:
    marks = [pose.at(joint) for joint in (PoseJoint.NOSE, PoseJoint.LEFT_EAR, PoseJoint.RIGHT_EAR)]
    half = 0.65 * head_size(pose)
    return Head(sum(mark.x for mark in marks) / 3, sum(mark.y for mark in marks) / 3, half, 1.2 * half)


def _is_of(pose: Pose, box: Box) -> bool:
    """Whether a box is of a skeleton: its nose is in the box's upper half, its shoulders are in the box."""
    nose = pose.at(PoseJoint.NOSE)
    if not (box.x <= nose.x <= box.x + box.w and box.y <= nose.y <= box.y + box.h / 2):
        return False
    return all(
        box.x - 0.1 * box.w <= mark.x <= box.x + 1.1 * box.w
        for mark in (pose.at(PoseJoint.LEFT_SHOULDER), pose.at(PoseJoint.RIGHT_SHOULDER))
    )


def _stands_at(pose: Pose, square: Square) -> bool:
    """Whether a skeleton's hips are in the middle of a square."""
    hips = pose.at(PoseJoint.LEFT_HIP), pose.at(PoseJoint.RIGHT_HIP)
    x, y = (sum(values) / 2 for values in ((hip.x for hip in hips), (hip.y for hip in hips)))
    return math.hypot(x - square.x, y - square.y) < _SAME_STAND * square.side


def _nose_in(pose: Pose, box: Box) -> bool:
    nose = pose.at(PoseJoint.NOSE)
    return box.x <= nose.x <= box.x + box.w and box.y - 0.1 * box.h <= nose.y <= box.y + box.h


def _has_moved(before: Square, after: Square) -> bool:
    if not _is_usable(after):
        return True
    turn = math.remainder(after.angle - before.angle, 2 * math.pi)
    return (
        math.hypot(after.x - before.x, after.y - before.y) > _MOVED_SIDE * before.side
        or abs(math.log(after.side / before.side)) > _MOVED_GROWTH
        or abs(turn) > _MOVED_RAD
    )


def _is_usable(square: Square) -> bool:
    return all(math.isfinite(value) for value in square) and square.side >= 1
