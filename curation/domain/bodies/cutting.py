"""How a person lies in the frame, from box, skeleton and face; where the photo's edges cut the body."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.bodies.headroom import headroom
from curation.domain.bodies.overlaps import people_in_front
from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import Pose, PoseJoint

__all__ = ["EdgeContact", "composition", "cut_of", "shoulder_tilt_deg"]

_MIN_SEEN = 0.5  # visibility from which on a joint is taken as seen
_MIN_SHOULDERS = 0.25  # width of the shoulders per length of the torso, below which a person is seen from the side
_MIN_POSE = 0.5  # confidence of a skeleton that is believed

# An outline that covers so much of an edge, per height of the body's box, is cut there: 0.05 and more where photos were
# cut through the shoes, at most 0.035 where the soles were inside.
_CUT_CONTACT = 0.043
_UNSURE_CONTACT = 0.02
# ... if the body's box comes near to that edge too, per side of the photo: outlines run into what is behind people.
_NEAR_SIDE, _NEAR_BOTTOM = 0.02, 0.06
# Without an outline: a box that ends so near to an edge touches it, per side of the photo.
_TOUCHES = 0.012

# Places along the body by the skeleton: shoulders -1, hips 0, knees 1, ankles 2, soles 2.3.
_SOLES = 2.3
_SEEN_AT = {CutAt.HIPS: (-0.3, 0.3), CutAt.KNEES: (0.75, 1.3), CutAt.FEET: (1.75, math.inf)}
# Places by proportion: height below the eyes per that of a whole body, which is this many times as high as the eyes are
# apart from each other or from the mouth (the larger one, as heads turn and nod). The height of adults varies by 8 %
# in this unit, so that it alone names no joint.
_BODY_PER_FACE = 24.9
_PROPORTION_AT = {CutAt.HIPS: (0.375, 0.46), CutAt.KNEES: (0.62, 0.72), CutAt.FEET: (0.87, math.inf)}
_CHEST_ENDS = 0.375
_SLIM = 2.0  # height per width of a box without a face from which more than a torso is in it
_HAND_NEAR = 0.25  # how near to an edge a hand is that is cut there, in lengths of the torso


class EdgeContact(NamedTuple):
    """How much of the photo's edges the outline of a person covers, in pixels of the full-size photo."""

    left: float
    right: float
    bottom: float
    top: float


def composition(
    person: Person, others: Sequence[Person], width: int, height: int, *, contact: EdgeContact | None = None
) -> Composition:
    """How a person lies in the frame.

    Args:
        person: Whom it is about.
        others: All people of the picture; the person itself is skipped, by its number.
        width: Of the upright full-size photo, in pixels.
        height: Likewise.
        contact: Of the person's outline with the edges, which tells cuts best; None if there is no outline.
    """
    cut_at, certainty = cut_of(person, width, height, contact)
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


def cut_of(person: Person, width: int, height: int, contact: EdgeContact | None = None) -> tuple[CutAt, float]:
    """Where the photo's edges cut a body, and how certain it is that they do (or do not), in [0, 1].

    Whether a body is cut is told by its outline, else by its box and its skeleton together; the skeleton tells where.

    Args:
        person: Whom it is about.
        width: Of the upright full-size photo, in pixels.
        height: Likewise.
        contact: Of the person's outline with the edges; None without an outline.
    """
    pose = person.pose if person.pose is not None and person.pose.confidence >= _MIN_POSE else None
    if contact is None:
        return _cut_by_box(person, pose, width, height)
    box = person.box
    below = contact.bottom / box.h if box.y + box.h >= height * (1 - _NEAR_BOTTOM) else 0.0
    if below >= _CUT_CONTACT:
        return _word_below(person, pose, height), _certainty(below)
    left = contact.left if box.x <= _NEAR_SIDE * width else 0.0
    right = contact.right if box.x + box.w >= width * (1 - _NEAR_SIDE) else 0.0
    beside = max(left, right) / box.h
    if beside >= _CUT_CONTACT:
        return (None if pose is None else _word_beside(pose, width)) or CutAt.SIDE, _certainty(beside)
    if contact.top / box.h >= _UNSURE_CONTACT and (headroom(person, height) or 0.0) < 0:
        return CutAt.HEAD, 0.8
    return CutAt.NONE, _certainty(max(below, beside))


def _certainty(contact: float) -> float:
    """How far from the limit a contact is: 0.5 at the limit."""
    return min(0.99, 0.5 + 0.5 * abs(contact - _CUT_CONTACT) / _CUT_CONTACT)


def _cut_by_box(person: Person, pose: Pose | None, width: int, height: int) -> tuple[CutAt, float]:
    box = person.box
    at_bottom = box.y + box.h >= height * (1 - _TOUCHES)
    at_side = box.x <= _TOUCHES * width or box.x + box.w >= width * (1 - _TOUCHES)
    if pose is None:
        return (CutAt.UNKNOWN, 0.0) if at_bottom or at_side else (CutAt.NONE, 0.7)
    if at_bottom and _place_below(pose, height) < _SOLES:
        return _word_below(person, pose, height), 0.7
    if at_side and (word := _word_beside(pose, width)) is not None:
        return word, 0.6
    above = headroom(person, height)
    if above is not None and above < 0:
        return CutAt.HEAD, 0.7
    return (CutAt.NONE, 0.5) if at_bottom or at_side else (CutAt.NONE, 0.8)


def _torso_px(pose: Pose) -> float:
    def middle(left: PoseJoint, right: PoseJoint) -> tuple[float, float]:
        a, b = pose.at(left), pose.at(right)
        return (a.x + b.x) / 2, (a.y + b.y) / 2

    return math.dist(
        middle(PoseJoint.LEFT_SHOULDER, PoseJoint.RIGHT_SHOULDER), middle(PoseJoint.LEFT_HIP, PoseJoint.RIGHT_HIP)
    )


def _word_below(person: Person, pose: Pose | None, height: int) -> CutAt:
    """What the lower edge cuts of a body that it does cut.

    Skeletons of people who are cut are often squeezed into what is there, and proportions differ between people: a
    joint is named only if both put the edge near it.
    """
    seen = None if pose is None else _place_below(pose, height)
    share = _share_by_proportion(person)
    if share is None:
        is_torso = seen < _SEEN_AT[CutAt.HIPS][0] if seen is not None else person.box.h < _SLIM * person.box.w
        return CutAt.CHEST if is_torso else CutAt.LEGS
    if share < _CHEST_ENDS:
        return CutAt.CHEST
    for joint, (least, most) in _PROPORTION_AT.items():
        if least <= share <= most and seen is not None and _SEEN_AT[joint][0] <= seen <= _SEEN_AT[joint][1]:
            return joint
    if share <= _PROPORTION_AT[CutAt.HIPS][1] and seen is not None and seen < _SEEN_AT[CutAt.HIPS][0]:
        return CutAt.CHEST
    return CutAt.LEGS


def _share_by_proportion(person: Person) -> float | None:
    """How far down a body its box reaches, from the eyes (0) to the soles (1), by the size of the face."""
    if person.face is None:
        return None
    five = person.face.landmarks
    eyes = ((five.right_eye.x + five.left_eye.x) / 2, (five.right_eye.y + five.left_eye.y) / 2)
    mouth = ((five.mouth_right.x + five.mouth_left.x) / 2, (five.mouth_right.y + five.mouth_left.y) / 2)
    unit = max(math.dist(eyes, mouth), math.dist(five.right_eye, five.left_eye))
    if not 0 < unit < math.inf:
        return None
    return (person.box.y + person.box.h - eyes[1]) / unit / _BODY_PER_FACE


def _place_below(pose: Pose, height: int) -> float:
    """The place along the body at the lower edge, of the leg that is cut most; `_SOLES` if both are inside."""
    return min(_place_of_leg(pose, side, height) for side in (0, 1))


def _place_of_leg(pose: Pose, side: int, height: int) -> float:
    """Likewise of one leg: 0 is the left one, 1 the right one."""
    points = pose.landmarks
    sole = max(points[PoseJoint.LEFT_HEEL + side].y, points[PoseJoint.LEFT_FOOT_INDEX + side].y)
    chain = (
        (-1.0, points[PoseJoint.LEFT_SHOULDER + side].y),
        (0.0, points[PoseJoint.LEFT_HIP + side].y),
        (1.0, points[PoseJoint.LEFT_KNEE + side].y),
        (2.0, points[PoseJoint.LEFT_ANKLE + side].y),
        (_SOLES, sole),
    )
    for (place, here), (following, there) in itertools.pairwise(chain):
        if there > height:
            return place if here >= height else place + (following - place) * (height - here) / (there - here)
    return _SOLES


def _word_beside(pose: Pose, width: int) -> CutAt | None:
    """What an edge at the side cuts; None if the skeleton knows of nothing."""
    points = pose.landmarks
    unit = max(_torso_px(pose), 1.0)

    def outside(joint: int) -> bool:
        return not 0 <= points[joint].x <= width

    if any(outside(joint) for joint in (PoseJoint.LEFT_HIP, PoseJoint.RIGHT_HIP, PoseJoint.NOSE)):
        return CutAt.SIDE
    if any(outside(joint) for joint in (PoseJoint.LEFT_KNEE, PoseJoint.RIGHT_KNEE)):
        return CutAt.LEGS
    if any(outside(joint) for joint in (PoseJoint.LEFT_ANKLE, PoseJoint.RIGHT_ANKLE)):
        return CutAt.FEET
    for side in (0, 1):
        elbow, hand = points[PoseJoint.LEFT_ELBOW + side].x, points[PoseJoint.LEFT_INDEX + side].x
        near = min(hand, width - hand) < _HAND_NEAR * unit
        if near and min(elbow, width - elbow) > min(hand, width - hand) and 0 <= elbow <= width:
            return CutAt.WRISTS
    return None
