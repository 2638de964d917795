"""How much room there is above a head."""

from __future__ import annotations

import math

from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import Pose, PoseJoint

__all__ = ["headroom"]

_MIN_SEEN = 0.5  # visibility from which on a joint is taken as seen
_CROWN = 2.2
"""From the middle of the mouth over the eyes to the crown, in distances from the mouth to the eyes: a head's eyes lie
halfway between chin and crown (Farkas, "Anthropometry of the Head and Face", 1994), hair adds a little."""
_TOUCHES = 0.005  # a box that begins so near to the upper edge touches it, per height of the photo


def headroom(person: Person, height: int) -> float | None:
    """Free height above the head as a share of the photo's height; negative if the head is cut.

    Args:
        person: With skeleton, face or both; with neither nothing can be told.
        height: Of the upright full-size photo, in pixels.
    """
    crown = _crown_y(person)
    if crown is None:
        return None
    if person.box.y > _TOUCHES * height:
        # The body's box begins at the crown or above it: at a hat, or at raised hands.
        return max(crown, float(person.box.y)) / height
    return min(crown, 0.0) / height


def _crown_y(person: Person) -> float | None:
    if person.face is not None:
        five = person.face.landmarks
        eyes = ((five.right_eye.x + five.left_eye.x) / 2, (five.right_eye.y + five.left_eye.y) / 2)
        mouth = ((five.mouth_right.x + five.mouth_left.x) / 2, (five.mouth_right.y + five.mouth_left.y) / 2)
        return mouth[1] + _CROWN * (eyes[1] - mouth[1])
    return None if person.pose is None else _crown_of_pose(person.pose)


def _crown_of_pose(pose: Pose) -> float | None:
    points = [
        pose.at(joint)
        for joint in (PoseJoint.LEFT_EYE, PoseJoint.RIGHT_EYE, PoseJoint.MOUTH_LEFT, PoseJoint.MOUTH_RIGHT)
    ]
    if min(point.visibility for point in points) < _MIN_SEEN:
        return None
    eyes, mouth = (points[0].y + points[1].y) / 2, (points[2].y + points[3].y) / 2
    crown = mouth + _CROWN * (eyes - mouth)
    return crown if math.isfinite(crown) else None
