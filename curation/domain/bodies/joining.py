"""Which boxes, skeletons and faces of a picture are one person; pure rules, without pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from curation.domain.bodies.person import FaceOfBody, Person, PersonBox
from curation.domain.bodies.pose import Pose, PoseJoint
from curation.domain.faces.face import Box

__all__ = [
    "SOLE_BOX_CONFIDENCE",
    "are_doubles",
    "box_of_pose",
    "head_size",
    "join",
    "nose_in_face",
    "pairs_of",
    "without_doubles",
]

SOLE_BOX_CONFIDENCE = 0.5
"""A box that neither a skeleton nor a face confirms is a person from this confidence on."""

_SEEN = 0.5  # visibility from which a landmark belongs to the body's box

# Two skeletons are of one head if their noses are nearer than this share of the head's size.
_DOUBLE_NOSES = 0.6
# A nose may lie so far beside a face's box, as a share of its sides: a detector's box may end at the cheek.
_BESIDE_FACE = 0.2
# Share of a body's box that has to be inside of another box for both to be of the same person, and how much they have
# to overlap (as intersection over union): a small skeleton in front of somebody's box is of another person.
_MIN_SHARED = 0.4
_MIN_OVERLAP = 0.15
# A face's middle lies in the upper part of a person's box, and a body is at most so many faces high.
_FACE_WITHIN = 0.6
_FACES_OF_BODY = 18
_USUAL_FACES_OF_BODY = 9  # of somebody who stands; of two faces in a box, the one of the right size is the person's
# Of a person of whom only the face is known: head and shoulders, as multiples of the face's box.
_SHOULDERS_BESIDE, _ABOVE, _BELOW = 0.8, 0.35, 0.9

_HEAD = (PoseJoint.LEFT_EAR, PoseJoint.RIGHT_EAR)


class _Edges(NamedTuple):
    left: float
    upper: float
    right: float
    lower: float

    @property
    def size(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.lower - self.upper)


def join(
    boxes: Sequence[PersonBox], poses: Sequence[Pose], faces: Sequence[FaceOfBody], width: int, height: int
) -> tuple[Person, ...]:
    """Put together what belongs to the same person.

    A face belongs to the skeleton whose nose is in it, a box to the skeleton or face that it surrounds; each of them
    belongs to one person at most, the nearest pairs first. What is left over is a person of its own: a face always, a
    skeleton always, a box if it is certain enough.

    Args:
        boxes: From a detector of people.
        poses: Without doubles, see `without_doubles`.
        faces: Any number.
        width: Of the photo in pixels.
        height: Likewise.

    Returns:
        From left to right (left edge of the box, then its upper edge); each given face belongs to exactly one of them.
    """
    bodies = _bodies(poses, faces)
    box_of_body = _boxes_of(bodies, boxes, width, height)
    found = []
    for place, (pose, face) in enumerate(bodies):
        box = box_of_body.get(place)
        found.append(_person(None if box is None else boxes[box], pose, face, width, height))
    taken = set(box_of_body.values())
    for place, sole in enumerate(boxes):
        if place not in taken and sole.confidence >= SOLE_BOX_CONFIDENCE:
            found.append(_person(sole, None, None, width, height))
    found.sort(key=lambda person: (person.box, person.face.face_index if person.face else -1))
    return tuple(
        Person(place, person.box, person.confidence, person.pose, person.face) for place, person in enumerate(found)
    )


def pairs_of(
    boxes: Sequence[PersonBox], faces: Sequence[FaceOfBody], width: int, height: int
) -> list[tuple[PersonBox | None, FaceOfBody | None]]:
    """Which boxes and faces are of the same person, as long as no skeletons are known.

    Args:
        boxes: See `join`.
        faces: Likewise.
        width: Likewise.
        height: Likewise.

    Returns:
        The faces in their order, each with its box if it has one; then the other boxes in theirs.
    """
    bodies = _bodies((), faces)
    box_of_body = _boxes_of(bodies, boxes, width, height)
    found: list[tuple[PersonBox | None, FaceOfBody | None]] = [
        (boxes[box_of_body[place]] if place in box_of_body else None, face) for place, (_, face) in enumerate(bodies)
    ]
    taken = set(box_of_body.values())
    return found + [(box, None) for place, box in enumerate(boxes) if place not in taken]


def without_doubles(poses: Sequence[Pose]) -> list[int]:
    """Drop skeletons of people who have another, more certain one: those whose noses nearly coincide.

    Returns:
        Numbers of the kept ones, the most certain first; ties go to the first.
    """
    kept: list[int] = []
    for place in sorted(range(len(poses)), key=lambda place: -poses[place].confidence):
        if not any(are_doubles(poses[place], poses[other]) for other in kept):
            kept.append(place)
    return kept


def are_doubles(first: Pose, second: Pose) -> bool:
    """Whether two skeletons are of one head: their noses are nearer than a share of the larger head's size."""
    one, other = first.at(PoseJoint.NOSE), second.at(PoseJoint.NOSE)
    return math.hypot(one.x - other.x, one.y - other.y) <= _DOUBLE_NOSES * max(head_size(first), head_size(second))


def head_size(pose: Pose) -> float:
    """Roughly the width of a skeleton's head in pixels, also of one seen from the side; at least 1."""
    ears = _distance(pose, *_HEAD)
    eyes = _distance(pose, PoseJoint.LEFT_EYE_OUTER, PoseJoint.RIGHT_EYE_OUTER)
    # From the nose to an ear it is half a head, from the side it is more.
    profile = max(_distance(pose, PoseJoint.NOSE, ear) for ear in _HEAD)
    return max(1.0, ears, 1.6 * eyes, 1.2 * profile)


def nose_in_face(pose: Pose, face: FaceOfBody, beside: float = _BESIDE_FACE) -> bool:
    """Whether a skeleton's nose lies in a face's box, which is enlarged by a share of its sides first."""
    nose, box = pose.at(PoseJoint.NOSE), face.box
    return (
        box.x - beside * box.w <= nose.x <= box.x + (1 + beside) * box.w
        and box.y - beside * box.h <= nose.y <= box.y + (1 + beside) * box.h
    )


def box_of_pose(pose: Pose, width: int, height: int) -> Box | None:
    """The bounds of those landmarks of a skeleton that are seen, with room for the head; clipped to the photo.

    Returns:
        None if nothing of it is in the photo.
    """
    edges = _edges_of_pose(pose, width, height)
    return None if edges is None else _whole(edges, width, height)


def _edges_of_pose(pose: Pose, width: int, height: int) -> _Edges | None:
    seen = [mark for mark in pose.landmarks if mark.visibility >= _SEEN]
    if len(seen) < 3:
        # Somebody hidden: what lies inside the photo is the best guess that there is.
        seen = [mark for mark in pose.landmarks if 0 <= mark.x < width and 0 <= mark.y < height]
    if not seen:
        return None
    # The landmarks of a head end at the eyes and ears, those of limbs in their middle.
    head = head_size(pose)
    nose = pose.at(PoseJoint.NOSE)
    edges = _Edges(
        min(mark.x for mark in seen) - 0.15 * head,
        min(mark.y for mark in seen) - 0.1 * head,
        max(mark.x for mark in seen) + 0.15 * head,
        max(mark.y for mark in seen) + 0.1 * head,
    )
    if any(pose.at(joint).visibility >= _SEEN for joint in (PoseJoint.NOSE, *_HEAD)):
        edges = _around(edges, _Edges(nose.x - 0.6 * head, nose.y - 0.9 * head, nose.x + 0.6 * head, nose.y))
    return _clipped(edges, width, height)


def _bodies(poses: Sequence[Pose], faces: Sequence[FaceOfBody]) -> list[tuple[Pose | None, FaceOfBody | None]]:
    """Skeletons with their faces, then the faces that no skeleton has."""
    face_of_pose = _pairs([[_nose_distance(pose, face) for face in faces] for pose in poses])
    taken = set(face_of_pose.values())
    bodies: list[tuple[Pose | None, FaceOfBody | None]] = [
        (pose, faces[face_of_pose[place]] if place in face_of_pose else None) for place, pose in enumerate(poses)
    ]
    return bodies + [(None, face) for place, face in enumerate(faces) if place not in taken]


def _boxes_of(
    bodies: Sequence[tuple[Pose | None, FaceOfBody | None]], boxes: Sequence[PersonBox], width: int, height: int
) -> dict[int, int]:
    """The number of the box of each body that has one."""
    return _pairs([[_box_distance(pose, face, box.box, width, height) for box in boxes] for pose, face in bodies])


def _person(box: PersonBox | None, pose: Pose | None, face: FaceOfBody | None, width: int, height: int) -> Person:
    parts = []
    if box is not None:
        parts.append(_edges(box.box))
    if pose is not None:
        edges = _edges_of_pose(pose, width, height)
        if edges is not None:
            parts.append(edges)
    if face is not None:
        parts.append(_edges(face.box))
        if len(parts) == 1:
            parts.append(_head_and_shoulders(face.box))
    joined = _Edges(0, 0, 1, 1) if not parts else parts[0]
    for part in parts[1:]:
        joined = _around(joined, part)
    confidences = [part.confidence for part in (box, pose, face) if part is not None]
    return Person(0, _whole(joined, width, height), max(confidences), pose, face)


def _nose_distance(pose: Pose, face: FaceOfBody) -> float | None:
    """How far a skeleton's nose is from a face's, in sides of the face; None if it is not in it."""
    if not nose_in_face(pose, face):
        return None
    nose = pose.at(PoseJoint.NOSE)
    return math.hypot(nose.x - face.landmarks.nose.x, nose.y - face.landmarks.nose.y) / max(face.box.w, face.box.h)


def _box_distance(pose: Pose | None, face: FaceOfBody | None, box: Box, width: int, height: int) -> float | None:
    """How badly a box fits a body, 0 for a perfect fit; None if it is of somebody else."""
    edges = _edges(box)
    if face is not None:
        middle = face.box.x + face.box.w / 2, face.box.y + face.box.h / 2
        if not (edges.left <= middle[0] <= edges.right and edges.upper <= middle[1] <= edges.lower):
            return None
    body = None if pose is None else _edges_of_pose(pose, width, height)
    if body is None:
        if face is None:
            return None
        middle_y = (face.box.y + face.box.h / 2 - edges.upper) / (edges.lower - edges.upper)
        if middle_y > _FACE_WITHIN or _FACES_OF_BODY * face.box.h < box.h:
            return None
        # A face is at the top and in the middle of its body.
        middle_x = (face.box.x + face.box.w / 2 - edges.left) / (edges.right - edges.left)
        too_small = math.log(max(1.0, box.h / (_USUAL_FACES_OF_BODY * face.box.h)))
        return 1 + middle_y + abs(middle_x - 0.5) + too_small
    shared = _shared(body, edges)
    if shared < _MIN_SHARED * min(body.size, edges.size):
        return None
    overlap = shared / max(body.size + edges.size - shared, 1e-9)
    return 1 - overlap if overlap >= _MIN_OVERLAP else None


def _pairs(distances: Sequence[Sequence[float | None]]) -> dict[int, int]:
    """Pairs of rows and columns, each used once, the nearest first; ties go to the first row, then column."""
    ordered = sorted(
        (distance, row, column)
        for row, line in enumerate(distances)
        for column, distance in enumerate(line)
        if distance is not None
    )
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, row, column in ordered:
        if row not in found and column not in taken:
            found[row] = column
            taken.add(column)
    return found


def _head_and_shoulders(face: Box) -> _Edges:
    return _Edges(
        face.x - _SHOULDERS_BESIDE * face.w,
        face.y - _ABOVE * face.h,
        face.x + (1 + _SHOULDERS_BESIDE) * face.w,
        face.y + (1 + _BELOW) * face.h,
    )


def _distance(pose: Pose, first: PoseJoint, second: PoseJoint) -> float:
    one, other = pose.at(first), pose.at(second)
    return math.hypot(one.x - other.x, one.y - other.y)


def _edges(box: Box) -> _Edges:
    return _Edges(box.x, box.y, box.x + box.w, box.y + box.h)


def _around(first: _Edges, second: _Edges) -> _Edges:
    return _Edges(
        min(first.left, second.left),
        min(first.upper, second.upper),
        max(first.right, second.right),
        max(first.lower, second.lower),
    )


def _shared(first: _Edges, second: _Edges) -> float:
    return _Edges(
        max(first.left, second.left),
        max(first.upper, second.upper),
        min(first.right, second.right),
        min(first.lower, second.lower),
    ).size


def _clipped(edges: _Edges, width: int, height: int) -> _Edges | None:
    inside = _Edges(
        max(0.0, edges.left), max(0.0, edges.upper), min(float(width), edges.right), min(float(height), edges.lower)
    )
    return inside if inside.right > inside.left and inside.lower > inside.upper else None


def _whole(edges: _Edges, width: int, height: int) -> Box:
    """Whole pixels inside the photo, at least one."""
    left = min(max(0, math.floor(edges.left)), width - 1)
    upper = min(max(0, math.floor(edges.upper)), height - 1)
    right = max(left + 1, min(width, math.ceil(edges.right)))
    lower = max(upper + 1, min(height, math.ceil(edges.lower)))
    return Box(left, upper, right - left, lower - upper)
