"""Which part of an outfit a place on a body belongs to: by the skeleton, else by the face, else by the box."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import Pose, PoseJoint

__all__ = ["Zone", "body_unit", "zones_of"]

_LEAST_POSE_CONFIDENCE = 0.5
# Lengths of a torso (middle of the shoulders to middle of the hips) in heights of the face's box. Skeletons outside
# are invented, as in close-ups, or belong to somebody else.
_TORSO_IN_FACES = (1.2, 7.0)

# Where garments end, in parts of the way from the shoulders to the hips: most tops end below, most waistbands above.
_TOP_ENDS, _BOTTOM_BEGINS = 0.88, 1.06

# Proportions of a standing body, in heights of the face's box (hairline to chin, about 0.8 of the head's).
_NECK, _TOP_BELOW_CHIN, _BOTTOM_BELOW_CHIN, _FEET_BELOW_CHIN = 0.2, 2.6, 3.3, 7.4
_TORSO_OF_FACE = 2.9

# Proportions of a box without skeleton and face: a standing body is this many times as high as wide, else only its
# upper part is in the photo. The rest in parts of the box's height.
_WHOLE_BODY_FROM = 2.2
_CHIN_AT, _TOP_TO, _BOTTOM_AT, _FEET_AT = 0.15, 0.40, 0.50, 0.93
_CHIN_AT_OF_PART = 0.3
_TORSO_OF_BOX = 0.29
_TORSO_OF_PART = 0.6


class Zone(IntEnum):
    """Parts of an outfit, as numbers of an array."""

    NONE = 0
    """Head, neck, feet, or between top and bottom."""
    TOP = 1
    BOTTOM = 2


def body_unit(person: Person) -> float:
    """The length of a person's torso in pixels of the full-size photo, as far as it can be told; above 0."""
    pose = _usable_pose(person)
    if pose is not None:
        return _torso(pose)
    if person.face is not None:
        return _TORSO_OF_FACE * max(1.0, float(person.face.box.h))
    whole = person.box.h >= _WHOLE_BODY_FROM * person.box.w
    return max(1.0, (_TORSO_OF_BOX if whole else _TORSO_OF_PART) * person.box.h)


def zones_of(points: NDArray[np.floating], person: Person) -> NDArray[np.uint8]:
    """The zone of each point, on the assumption that it lies on the person's clothes.

    Args:
        points: (N, 2) x, y in pixels of the upright full-size photo.
        person: The person.

    Returns:
        (N,) uint8 values of `Zone`.
    """
    pose = _usable_pose(person)
    if pose is not None:
        return _zones_of_pose(points, pose)
    x, y = points[:, 0], points[:, 1]
    if person.face is not None:
        face = person.face.box
        depth = (y - (face.y + face.h)) / max(1, face.h)
        beside = np.abs(x - (face.x + face.w / 2)) > face.w  # shoulders rise beside the chin
        return _by_depth(
            depth,
            np.where(beside, -_NECK, _NECK),
            _TOP_BELOW_CHIN,
            _BOTTOM_BELOW_CHIN,
            _FEET_BELOW_CHIN,
        )
    depth = (y - person.box.y) / max(1, person.box.h)
    if person.box.h >= _WHOLE_BODY_FROM * person.box.w:
        return _by_depth(depth, np.full(len(depth), _CHIN_AT), _TOP_TO, _BOTTOM_AT, _FEET_AT)
    return np.where(depth > _CHIN_AT_OF_PART, Zone.TOP, Zone.NONE).astype(np.uint8)


def _by_depth(
    depth: NDArray[np.floating], chin: NDArray[np.floating], top_to: float, bottom_from: float, feet: float
) -> NDArray[np.uint8]:
    zones = np.zeros(len(depth), dtype=np.uint8)
    zones[(depth > chin) & (depth < top_to)] = Zone.TOP
    zones[(depth > bottom_from) & (depth < feet)] = Zone.BOTTOM
    return zones


def _usable_pose(person: Person) -> Pose | None:
    """The skeleton if it is sure enough, and as large as the face says."""
    pose = person.pose
    if pose is None or pose.confidence < _LEAST_POSE_CONFIDENCE:
        return None
    torso = _torso(pose)
    if not np.isfinite(torso) or torso < 2:
        return None
    if person.face is not None:
        low, high = _TORSO_IN_FACES
        if not low <= torso / max(1, person.face.box.h) <= high:
            return None
    return pose


def _torso(pose: Pose) -> float:
    return float(np.hypot(*(_middle(pose, _HIPS) - _middle(pose, _SHOULDERS))))


_SHOULDERS = (PoseJoint.LEFT_SHOULDER, PoseJoint.RIGHT_SHOULDER)
_HIPS = (PoseJoint.LEFT_HIP, PoseJoint.RIGHT_HIP)
_SIDES = (
    (
        PoseJoint.LEFT_SHOULDER,
        PoseJoint.LEFT_ELBOW,
        PoseJoint.LEFT_WRIST,
        PoseJoint.LEFT_HIP,
        PoseJoint.LEFT_KNEE,
        PoseJoint.LEFT_ANKLE,
        PoseJoint.LEFT_FOOT_INDEX,
    ),
    (
        PoseJoint.RIGHT_SHOULDER,
        PoseJoint.RIGHT_ELBOW,
        PoseJoint.RIGHT_WRIST,
        PoseJoint.RIGHT_HIP,
        PoseJoint.RIGHT_KNEE,
        PoseJoint.RIGHT_ANKLE,
        PoseJoint.RIGHT_FOOT_INDEX,
    ),
)


def _point(pose: Pose, joint: PoseJoint) -> NDArray[np.float64]:
    landmark = pose.at(joint)
    return np.array([landmark.x, landmark.y])


def _middle(pose: Pose, joints: Sequence[PoseJoint]) -> NDArray[np.float64]:
    return np.asarray(np.mean([_point(pose, joint) for joint in joints], axis=0))


def _zones_of_pose(points: NDArray[np.floating], pose: Pose) -> NDArray[np.uint8]:
    """Each point goes to its nearest bone."""
    shoulders, hips = _middle(pose, _SHOULDERS), _middle(pose, _HIPS)
    down = hips - shoulders
    knees = _middle(pose, (PoseJoint.LEFT_KNEE, PoseJoint.RIGHT_KNEE))
    top = [(_point(pose, _SHOULDERS[0]), _point(pose, _SHOULDERS[1])), (shoulders, shoulders + _TOP_ENDS * down)]
    bottom = [(shoulders + _BOTTOM_BEGINS * down, knees)]
    feet = []
    for joints in _SIDES:
        shoulder, elbow, wrist, hip, knee, ankle, toes = (_point(pose, joint) for joint in joints)
        top += [(shoulder, shoulder + _TOP_ENDS * (hip - shoulder)), (shoulder, elbow), (elbow, wrist)]
        bottom += [(shoulder + _BOTTOM_BEGINS * (hip - shoulder), knee), (knee, ankle)]
        feet.append((ankle, toes))
    nearest = np.stack([_distance(points, bones) for bones in (top, bottom, feet)])
    zones = np.array([Zone.TOP, Zone.BOTTOM, Zone.NONE], dtype=np.uint8)[nearest.argmin(axis=0)]
    along = (points - shoulders) @ down / max(float(down @ down), 1e-9)
    zones[(zones == Zone.TOP) & (along < -0.35)] = Zone.NONE  # collars end there, the head begins
    return np.asarray(zones, dtype=np.uint8)


def _distance(
    points: NDArray[np.floating], bones: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    """(N,) squared distance of each point to the nearest of some line segments."""
    best = np.full(len(points), np.inf)
    for start, end in bones:
        along = end - start
        place = np.clip((points - start) @ along / max(float(along @ along), 1e-9), 0, 1)
        away = points - start - place[:, None] * along
        best = np.minimum(best, (away * away).sum(axis=1))
    return best
