"""Drawing what is known of a person's body, the face and the limbs of the skeleton, into the grid of an area.

A canvas is (h, w) int32; drawing writes a number, such as the person's place in a list, into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import PoseJoint as J
from curation.domain.faces.face import Box

__all__ = [
    "Canvas",
    "body_region",
    "draw_arms",
    "draw_body",
    "draw_hair",
    "draw_head",
    "draw_legs",
    "draw_torso",
    "draw_trunk",
    "has_shoulders",
]

Canvas: TypeAlias = NDArray[np.int32]
_MIN_VISIBILITY = 0.5
# Widths of strokes as shares of the breadth of the shoulders; half of what limbs have, so that a stroke stays inside.
_ARM, _LEG, _MIN_BREADTH = 0.14, 0.2, 0.35
# Strokes from the back to the front: what is drawn later covers what was drawn before.
_LEGS = (
    (J.LEFT_HIP, J.LEFT_KNEE),
    (J.LEFT_KNEE, J.LEFT_ANKLE),
    (J.LEFT_ANKLE, J.LEFT_FOOT_INDEX),
    (J.RIGHT_HIP, J.RIGHT_KNEE),
    (J.RIGHT_KNEE, J.RIGHT_ANKLE),
    (J.RIGHT_ANKLE, J.RIGHT_FOOT_INDEX),
)
_TORSO = (J.LEFT_SHOULDER, J.RIGHT_SHOULDER, J.RIGHT_HIP, J.LEFT_HIP)
_ARMS = (
    (J.LEFT_SHOULDER, J.LEFT_ELBOW),
    (J.LEFT_ELBOW, J.LEFT_WRIST),
    (J.LEFT_WRIST, J.LEFT_INDEX),
    (J.RIGHT_SHOULDER, J.RIGHT_ELBOW),
    (J.RIGHT_ELBOW, J.RIGHT_WRIST),
    (J.RIGHT_WRIST, J.RIGHT_INDEX),
)
# A face is the front of a head; the head reaches above and beside the detector's box.
_HEAD_GROWTH = 0.25
# Half axes and height of the centre of a head with its hair, in sizes of the face.
_HAIR_WIDTH, _HAIR_HEIGHT, _HAIR_CENTRE = 0.65, 0.72, 0.35
# What may be the body is so much wider than a stroke.
_BODY_GROWTH = 1.6
_INNER_TORSO = 0.7
_BODY_SIGMA = 2.0  # blur of its edge, in pixels of the mask


def _grid_point(x: float, y: float, area: Box, scale: float) -> tuple[int, int]:
    limit = 1 << 14  # OpenCV draws with integers of 32 bits, of which it shifts some
    at = np.clip(np.array([(x - area.x) * scale, (y - area.y) * scale]), -limit, limit)
    return round(float(at[0])), round(float(at[1]))


def _joint(person: Person, joint: J) -> tuple[float, float] | None:
    if person.pose is None:
        return None
    landmark = person.pose.at(joint)
    return (landmark.x, landmark.y) if landmark.visibility >= _MIN_VISIBILITY else None


def has_shoulders(person: Person) -> bool:
    """Whether the skeleton shows both shoulders, by which limbs are drawn."""
    return _breadth(person) is not None


def _breadth(person: Person) -> float | None:
    """Of the shoulders, in pixels of the photo; from the side, of the body that belongs to this face or torso."""
    left, right = _joint(person, J.LEFT_SHOULDER), _joint(person, J.RIGHT_SHOULDER)
    if left is None or right is None:
        return None
    across = float(np.hypot(left[0] - right[0], left[1] - right[1]))
    hips = [hip for hip in (_joint(person, J.LEFT_HIP), _joint(person, J.RIGHT_HIP)) if hip is not None]
    long = max((float(np.hypot(left[0] - x, left[1] - y)) for x, y in hips), default=0.0)
    face = 0.0 if person.face is None else 1.5 * max(person.face.box.w, person.face.box.h)
    return max(across, _MIN_BREADTH * 2 * long, face, 1.0)


def _draw_limbs(
    canvas: Canvas,
    number: int,
    person: Person,
    area: Box,
    scale: float,
    limbs: Sequence[tuple[J, J]],
    width_share: float,
) -> None:
    breadth = _breadth(person)
    if breadth is None:
        return
    thickness = max(1, round(width_share * breadth * scale))
    for start, end in limbs:
        one, other = _joint(person, start), _joint(person, end)
        if one is not None and other is not None:
            ends = _grid_point(*one, area, scale), _grid_point(*other, area, scale)
            cv2.line(canvas, *ends, number, thickness)


def draw_legs(canvas: Canvas, number: int, person: Person, area: Box, scale: float) -> None:
    """The middle of thighs, shanks and feet, as far as they are seen."""
    _draw_limbs(canvas, number, person, area, scale, _LEGS, _LEG)


def draw_arms(canvas: Canvas, number: int, person: Person, area: Box, scale: float) -> None:
    """The middle of the arms and hands, as far as they are seen."""
    _draw_limbs(canvas, number, person, area, scale, _ARMS, _ARM)


def draw_torso(canvas: Canvas, number: int, person: Person, area: Box, scale: float) -> None:
    """The inner part of the trunk, if at least three of its corners are seen."""
    corners = [point for point in (_joint(person, joint) for joint in _TORSO) if point is not None]
    if len(corners) >= 3:
        points = np.array(corners)
        middle = points.mean(axis=0)
        _fill(canvas, number, middle + _INNER_TORSO * (points - middle), area, scale)


def draw_trunk(canvas: Canvas, number: int, person: Person, area: Box, scale: float) -> None:
    """Where no shoulders are seen: down from the face as far as a chest reaches, else along the middle of the box."""
    box = person.box
    if person.face is None:
        x, width = box.x + box.w / 2, 0.15 * box.w
        top, bottom = box.y + 0.08 * box.h, box.y + 0.85 * box.h
    else:
        face = person.face.box
        x, width = face.x + face.w / 2, 0.7 * face.w
        top, bottom = face.y + face.h / 2, min(face.y + 3.5 * face.h, box.y + 0.95 * box.h)
    ends = _grid_point(x, top, area, scale), _grid_point(x, bottom, area, scale)
    cv2.line(canvas, *ends, number, max(1, round(width * scale)))


def draw_head(canvas: Canvas, number: int, person: Person, area: Box, scale: float) -> None:
    """The head, if its face is known."""
    if person.face is None:
        return
    face = person.face.box
    centre = _grid_point(face.x + face.w / 2, face.y + (0.5 - _HEAD_GROWTH / 2) * face.h, area, scale)
    axes = (max(1, round(face.w * scale * 0.5)), max(1, round(face.h * scale * (0.5 + _HEAD_GROWTH / 2))))
    cv2.ellipse(canvas, centre, axes, 0, 0, 360, number, -1)


def draw_hair(canvas: Canvas, number: int, person: Person, area: Box, scale: float) -> None:
    """The head with its hair, if the face is known: what is near a face is rather that person's than a neighbour's."""
    if person.face is None:
        return
    face = person.face.box
    centre = _grid_point(face.x + face.w / 2, face.y + _HAIR_CENTRE * face.h, area, scale)
    axes = (max(1, round(_HAIR_WIDTH * face.w * scale)), max(1, round(_HAIR_HEIGHT * face.h * scale)))
    cv2.ellipse(canvas, centre, axes, 0, 0, 360, number, -1)


def draw_body(canvas: Canvas, number: int, person: Person, area: Box, scale: float) -> None:
    """The whole body as wide as limbs are, also where the skeleton is only guessed between what is seen."""
    if person.pose is None or not has_shoulders(person):
        draw_trunk(canvas, number, person, area, scale)
    else:
        _draw_limbs(canvas, number, person, area, scale, _LEGS, _LEG * _BODY_GROWTH)
        _draw_limbs(canvas, number, person, area, scale, _ARMS, _ARM * _BODY_GROWTH)
        corners = [person.pose.at(joint) for joint in _TORSO]
        _fill(canvas, number, np.array([(corner.x, corner.y) for corner in corners]), area, scale)
    draw_head(canvas, number, person, area, scale)


def body_region(area: Box, scale: float, size: tuple[int, int], person: Person) -> NDArray[np.float32]:
    """Where a body may be, by its skeleton and face.

    Args:
        area: The part of the photo.
        scale: Pixels of the result per pixel of the photo.
        size: Width and height of the result.
        person: Whose body.

    Returns:
        (height, width) float32 in [0, 1], soft at the edge.
    """
    canvas = np.zeros((size[1], size[0]), np.int32)
    draw_body(canvas, 1, person, area, scale)
    return np.asarray(cv2.GaussianBlur(canvas.astype(np.float32), (0, 0), _BODY_SIGMA), dtype=np.float32)


def _fill(canvas: Canvas, number: int, points: NDArray[np.float64], area: Box, scale: float) -> None:
    corners = np.array([_grid_point(x, y, area, scale) for x, y in points], np.int32)
    cv2.fillConvexPoly(canvas, cv2.convexHull(corners), number)
