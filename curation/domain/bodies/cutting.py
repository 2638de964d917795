"""How a person lies in the frame, from box, skeleton and face; where the photo's edges cut the body."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.bodies.headroom import headroom
from curation.domain.bodies.overlaps import people_in_front
from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import Pose, PoseJoint, PoseLandmark

__all__ = ["composition", "cut_of", "shoulder_tilt_deg"]

_MIN_SEEN = 0.5  # visibility from which on a joint is taken as seen
_MIN_SHOULDERS = 0.25  # width of the shoulders per length of the torso, below which a person is seen from the side
_MIN_POSE = 0.5  # confidence of a skeleton that is believed
_TOUCHES = 0.012  # a box that ends so near to an edge touches it, per side of the photo

# Places along the body: hips 0, knees 1, ankles 2, soles 2.3; the shoulders are -1.
_SOLES = 2.3
_FEET_FROM, _KNEES, _HIPS = 1.8, (0.8, 1.2), (-0.2, 0.2)
_UNSURE_TORSOS = 0.04  # how far the feet are from an edge, in lengths of the torso, where it cannot be told


def composition(person: Person, others: Sequence[Person], width: int, height: int) -> Composition:
    """How a person lies in the frame.

    Args:
        person: Whom it is about.
        others: All people of the picture; the person itself is skipped, by its number.
        width: Of the upright full-size photo, in pixels.
        height: Likewise.
    """
    cut_at, certainty = cut_of(person, width, height)
    return Composition(
        cut_at=cut_at,
        cut_certainty=certainty,
        headroom=headroom(person, height),
        frame_share=min(1.0, person.box.w * person.box.h / (width * height)),
        tilt_deg=None if person.pose is None else shoulder_tilt_deg(person.pose),
        overlapped_by=people_in_front(person, others),
    )


def shoulder_tilt_deg(pose: Pose) -> float | None:
    """The angle of the shoulders' line against the horizon, see `Composition.tilt_deg`."""
    left, right = pose.at(PoseJoint.LEFT_SHOULDER), pose.at(PoseJoint.RIGHT_SHOULDER)
    if min(left.visibility, right.visibility) < _MIN_SEEN:
        return None
    first, second = sorted((left, right), key=lambda point: point.x)
    dx, dy = second.x - first.x, second.y - first.y
    if math.hypot(dx, dy) < _MIN_SHOULDERS * max(_torso_px(pose), 1.0):
        return None
    return math.degrees(math.atan2(dy, dx))


def cut_of(person: Person, width: int, height: int) -> tuple[CutAt, float]:
    """Where the photo's edges cut a body, and how certain that is, in [0, 1]."""
    box = person.box
    touches = (
        box.x <= _TOUCHES * width or box.y + box.h >= height * (1 - _TOUCHES) or box.x + box.w >= width * (1 - _TOUCHES)
    )
    pose = person.pose
    if pose is None or pose.confidence < _MIN_POSE:
        return (CutAt.UNKNOWN, 0.0) if touches else (CutAt.NONE, 0.7)
    unit = max(_torso_px(pose), 1.0)
    legs = [_place_of_cut(_leg(pose, side), width, height, unit) for side in (0, 1)]
    place, depth = min(legs)
    if not touches or place >= _SOLES:
        return _smaller_cut(person, pose, width, height)
    certainty = min(1.0, 0.5 + 0.5 * abs(depth) / (4 * _UNSURE_TORSOS))
    return _word(place), certainty


def _torso_px(pose: Pose) -> float:
    def middle(left: PoseJoint, right: PoseJoint) -> tuple[float, float]:
        a, b = pose.at(left), pose.at(right)
        return (a.x + b.x) / 2, (a.y + b.y) / 2

    return math.dist(
        middle(PoseJoint.LEFT_SHOULDER, PoseJoint.RIGHT_SHOULDER), middle(PoseJoint.LEFT_HIP, PoseJoint.RIGHT_HIP)
    )


def _leg(pose: Pose, side: int) -> list[tuple[float, PoseLandmark]]:
    """Points from the shoulder down with their places along the body; side 0 is left, 1 right."""
    points = pose.landmarks
    return [
        (-1.0, points[PoseJoint.LEFT_SHOULDER + side]),
        (0.0, points[PoseJoint.LEFT_HIP + side]),
        (1.0, points[PoseJoint.LEFT_KNEE + side]),
        (2.0, points[PoseJoint.LEFT_ANKLE + side]),
        (_SOLES, max((points[PoseJoint.LEFT_HEEL + side], points[PoseJoint.LEFT_FOOT_INDEX + side]), key=_down)),
    ]


def _down(point: PoseLandmark) -> float:
    return point.y


def _inside(point: PoseLandmark, width: int, height: int) -> float:
    """How far a point is from the nearest edge, in pixels; negative outside. The upper edge cuts no legs."""
    return min(point.x, width - point.x, height - point.y)


def _place_of_cut(
    chain: Sequence[tuple[float, PoseLandmark]], width: int, height: int, unit: float
) -> tuple[float, float]:
    """The place along the body where the photo ends, and how deep its last point lies outside; in torsos."""
    depths = [(place, _inside(point, width, height) / unit - _UNSURE_TORSOS / 2) for place, point in chain]
    for (place, here), (following, there) in itertools.pairwise(depths):
        if there < 0:
            if here <= 0:
                return place, there
            return place + (following - place) * here / (here - there), there
    return math.inf, depths[-1][1]


def _word(place: float) -> CutAt:
    if place >= _FEET_FROM:
        return CutAt.FEET
    if _KNEES[0] <= place <= _KNEES[1]:
        return CutAt.KNEES
    if _HIPS[0] <= place <= _HIPS[1]:
        return CutAt.HIPS
    return CutAt.LEGS if place > 0 else CutAt.CHEST


def _smaller_cut(person: Person, pose: Pose, width: int, height: int) -> tuple[CutAt, float]:
    """What is cut of a body whose legs are not: a hand, the head, or nothing."""
    for joints in (
        (PoseJoint.LEFT_WRIST, PoseJoint.LEFT_INDEX, PoseJoint.LEFT_PINKY),
        (PoseJoint.RIGHT_WRIST, PoseJoint.RIGHT_INDEX, PoseJoint.RIGHT_PINKY),
    ):
        hand = [pose.at(joint) for joint in joints]
        if any(_outside_all(point, width, height) for point in hand[1:]):
            return CutAt.WRISTS, 0.7
    above = headroom(person, height)
    if above is not None and above < 0:
        return CutAt.HEAD, 0.7
    return CutAt.NONE, 0.8


def _outside_all(point: PoseLandmark, width: int, height: int) -> bool:
    return not (0 <= point.x <= width and 0 <= point.y <= height)
