"""Who stands in front of whom, from boxes, skeletons and sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import Pose, PoseJoint
from curation.domain.faces.face import Box

__all__ = ["people_in_front"]

_BODY = (
    PoseJoint.LEFT_SHOULDER,
    PoseJoint.RIGHT_SHOULDER,
    PoseJoint.LEFT_ELBOW,
    PoseJoint.RIGHT_ELBOW,
    PoseJoint.LEFT_HIP,
    PoseJoint.RIGHT_HIP,
    PoseJoint.LEFT_KNEE,
    PoseJoint.RIGHT_KNEE,
    PoseJoint.LEFT_ANKLE,
    PoseJoint.RIGHT_ANKLE,
)
_MIN_HIDDEN = 2  # joints of a body inside another one's torso
_MIN_SHARED = 0.2  # of a box, where there is no skeleton
_NEARER = 1.05  # how much larger a body is that stands in front
_MIN_SEEN = 0.5


def people_in_front(person: Person, others: Sequence[Person]) -> tuple[int, ...]:
    """Numbers of the people who hide a part of a person, ascending.

    Args:
        person: Whom it is about.
        others: All people of the picture; the person itself is skipped, by its number.
    """
    return tuple(
        sorted(
            other.person_index
            for other in others
            if other.person_index != person.person_index and _hides(other, person)
        )
    )


def _hides(front: Person, back: Person) -> bool:
    shared = _shared_px(front.box, back.box)
    if not shared or not _is_nearer(front, back):
        return False
    if front.pose is None or back.pose is None:
        return shared >= _MIN_SHARED * back.box.w * back.box.h
    torso = _torso(front.pose)
    hidden = sum(1 for joint in _BODY if _is_in(torso, back.pose.at(joint).x, back.pose.at(joint).y))
    return hidden >= _MIN_HIDDEN


def _shared_px(first: Box, second: Box) -> int:
    w = min(first.x + first.w, second.x + second.w) - max(first.x, second.x)
    h = min(first.y + first.h, second.y + second.h) - max(first.y, second.y)
    return max(0, w) * max(0, h)


def _is_nearer(first: Person, second: Person) -> bool:
    """Whether the first one is nearer to the camera: whose feet are lower in the picture, else who is larger."""
    feet = [_feet_y(each) for each in (first, second)]
    if feet[0] is not None and feet[1] is not None:
        return feet[0] > feet[1]
    sizes = [_size_px(each) for each in (first, second)]
    return sizes[0] > _NEARER * sizes[1]


def _feet_y(person: Person) -> float | None:
    if person.pose is None:
        return None
    feet = [person.pose.at(joint) for joint in (PoseJoint.LEFT_HEEL, PoseJoint.RIGHT_HEEL)]
    if min(foot.visibility for foot in feet) < _MIN_SEEN:
        return None
    return max(foot.y for foot in feet)


def _size_px(person: Person) -> float:
    if person.face is not None:
        return math.sqrt(person.face.box.w * person.face.box.h)
    return person.box.w * 0.4


def _torso(pose: Pose) -> list[tuple[float, float]]:
    return [
        (pose.at(joint).x, pose.at(joint).y)
        for joint in (
            PoseJoint.LEFT_SHOULDER,
            PoseJoint.RIGHT_SHOULDER,
            PoseJoint.RIGHT_HIP,
            PoseJoint.LEFT_HIP,
        )
    ]


def _is_in(polygon: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    """Whether a point lies inside a polygon, by the number of edges that a ray from it crosses."""
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside
