"""People with boxes, faces and skeletons, made by hand for tests."""

from __future__ import annotations

import numpy as np

from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import Pose, PoseJoint, PoseLandmark
from curation.domain.faces.face import Box, FiveLandmarks

__all__ = ["standing"]

# Of a standing person in front view, in shares of the box.
_POINTS = {
    PoseJoint.LEFT_SHOULDER: (0.85, 0.22),
    PoseJoint.RIGHT_SHOULDER: (0.15, 0.22),
    PoseJoint.LEFT_ELBOW: (0.92, 0.36),
    PoseJoint.RIGHT_ELBOW: (0.08, 0.36),
    PoseJoint.LEFT_WRIST: (0.92, 0.48),
    PoseJoint.RIGHT_WRIST: (0.08, 0.48),
    PoseJoint.LEFT_INDEX: (0.92, 0.52),
    PoseJoint.RIGHT_INDEX: (0.08, 0.52),
    PoseJoint.LEFT_HIP: (0.7, 0.52),
    PoseJoint.RIGHT_HIP: (0.3, 0.52),
    PoseJoint.LEFT_KNEE: (0.7, 0.74),
    PoseJoint.RIGHT_KNEE: (0.3, 0.74),
    PoseJoint.LEFT_ANKLE: (0.7, 0.94),
    PoseJoint.RIGHT_ANKLE: (0.3, 0.94),
    PoseJoint.LEFT_FOOT_INDEX: (0.72, 0.98),
    PoseJoint.RIGHT_FOOT_INDEX: (0.28, 0.98),
}
_FACE = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.35, 0.75], [0.65, 0.75]])


def standing(
    number: int, box: Box, *, pose: bool = True, face: bool = True, left_hand: tuple[float, float] | None = None
) -> Person:
    """A person who fills a box.

    Args:
        number: Of the person.
        box: Of the body.
        pose: Whether there is a skeleton.
        face: Whether there is a face.
        left_hand: Where the left wrist is instead, in pixels of the photo.
    """
    skeleton = found = None
    if pose:
        landmarks = [PoseLandmark(box.x + box.w / 2, box.y + 0.1 * box.h, 0.0, 0.0)] * len(PoseJoint)
        for joint, (x, y) in _POINTS.items():
            landmarks[joint] = PoseLandmark(box.x + x * box.w, box.y + y * box.h, 0.0, 0.95)
        if left_hand is not None:
            for joint in (PoseJoint.LEFT_WRIST, PoseJoint.LEFT_INDEX):
                landmarks[joint] = PoseLandmark(*left_hand, 0.0, 0.95)
        skeleton = Pose(tuple(landmarks), 0.9)
    if face:
        area = Box(round(box.x + 0.35 * box.w), round(box.y + 0.04 * box.h), round(0.3 * box.w), round(0.11 * box.h))
        points = FiveLandmarks.from_array(np.array([area.x, area.y]) + _FACE * [area.w, area.h])
        found = FaceOfBody(number, area, points, 0.99)
    return Person(number, box, 0.9, skeleton, found)
