"""Dividing a foreground among the people in it.

Each pixel goes to the person from whose face and limbs it is reached first, on paths that cross neither edges of the
picture nor the background cheaply: a geodesic distance (Criminisi, Sharp, Blake, "GeoS: geodesic image
segmentation", ECCV 2008), with the skeletons as strokes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import PoseJoint as J
from curation.domain.faces.face import Box

__all__ = ["shares_of"]

_GRID_PX = 144  # longer side of the grid on which distances are measured
_MIN_VISIBILITY = 0.5
# Cost of a step of one pixel of the grid: its length, plus so much per unit of colour difference (Lab, 0 to 255), plus
# so much where there is no foreground.
_COLOUR_COST = 0.35
_BACKGROUND_COST = 8.0
# Widths of limbs as shares of the breadth of the shoulders; half of what limbs have, so that a stroke stays inside.
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
# Blur of the border between two people, in pixels of the grid, so that masks fade into each other.
_BORDER_SIGMA = 0.8


def shares_of(
    picture: NDArray[np.uint8], foreground: NDArray[np.float32], area: Box, people: Sequence[Person]
) -> list[NDArray[np.float32]]:
    """What share of each pixel belongs to each person.

    Args:
        picture: (h, w, 3) uint8 RGB, the area at any size.
        foreground: (H, W) float32 in [0, 1], the foreground of the area, of any size.
        area: The part of the photo, in its pixels.
        people: Who are in the area; may reach beyond it.

    Returns:
        For each person (H, W) float32 in [0, 1]; they sum up to 1, except where nobody can be.
    """
    height, width = foreground.shape
    if len(people) == 1:
        return [np.ones((height, width), np.float32)]
    scale = min(1.0, _GRID_PX / max(area.w, area.h))
    size = (max(2, round(area.w * scale)), max(2, round(area.h * scale)))
    lab = cv2.cvtColor(
        np.ascontiguousarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)),
        cv2.COLOR_RGB2LAB,
    ).astype(np.float32)
    coarse = np.asarray(cv2.resize(foreground, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    seeds = _seeds(area, scale, size, people)
    owner = _nearest(lab, coarse, seeds)
    shares = []
    for place in range(len(people)):
        own = cv2.GaussianBlur((owner == place).astype(np.float32), (0, 0), _BORDER_SIGMA)
        shares.append(np.asarray(cv2.resize(own, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32))
    return shares


def _seeds(area: Box, scale: float, size: tuple[int, int], people: Sequence[Person]) -> NDArray[np.int32]:
    """The strokes: for each pixel of the grid the place of the person to whom it surely belongs, -1 for nobody."""
    seeds = np.full((size[1], size[0]), -1, np.int32)
    by_depth = sorted(range(len(people)), key=lambda place: (people[place].box.y + people[place].box.h, place))
    for place in by_depth:
        if _breadth(people[place]) is None:
            _draw_trunk(seeds, place, people[place], area, scale)
    for draw in (_draw_torso, _draw_legs, _draw_arms):
        for place in by_depth:
            draw(seeds, place, people[place], area, scale)
    for place in by_depth:
        _draw_head(seeds, place, people[place], area, scale)
    for place, person in enumerate(people):
        if not np.any(seeds == place):  # wholly covered by others: at least the middle of the box is the person's own
            x = int(np.clip((person.box.x + person.box.w / 2 - area.x) * scale, 0, size[0] - 1))
            y = int(np.clip((person.box.y + person.box.h / 3 - area.y) * scale, 0, size[1] - 1))
            seeds[y, x] = place
    return seeds


def _grid_point(x: float, y: float, area: Box, scale: float) -> tuple[int, int]:
    limit = 1 << 14  # OpenCV draws with integers of 32 bits, of which it shifts some
    at = np.clip(np.array([(x - area.x) * scale, (y - area.y) * scale]), -limit, limit)
    return round(float(at[0])), round(float(at[1]))


def _joint(person: Person, joint: J) -> tuple[float, float] | None:
    if person.pose is None:
        return None
    landmark = person.pose.at(joint)
    return (landmark.x, landmark.y) if landmark.visibility >= _MIN_VISIBILITY else None


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
    seeds: NDArray[np.int32],
    place: int,
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
            cv2.line(seeds, *ends, place, thickness)


def _draw_legs(seeds: NDArray[np.int32], place: int, person: Person, area: Box, scale: float) -> None:
    _draw_limbs(seeds, place, person, area, scale, _LEGS, _LEG)


def _draw_arms(seeds: NDArray[np.int32], place: int, person: Person, area: Box, scale: float) -> None:
    _draw_limbs(seeds, place, person, area, scale, _ARMS, _ARM)


def _draw_torso(seeds: NDArray[np.int32], place: int, person: Person, area: Box, scale: float) -> None:
    corners = [point for point in (_joint(person, joint) for joint in _TORSO) if point is not None]
    if len(corners) < 3:
        return
    points = np.array(corners)
    inner = points.mean(axis=0) + 0.7 * (points - points.mean(axis=0))
    cv2.fillConvexPoly(
        seeds, cv2.convexHull(np.array([_grid_point(x, y, area, scale) for x, y in inner], np.int32)), place
    )


def _draw_trunk(seeds: NDArray[np.int32], place: int, person: Person, area: Box, scale: float) -> None:
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
    cv2.line(seeds, *ends, place, max(1, round(width * scale)))


def _draw_head(seeds: NDArray[np.int32], place: int, person: Person, area: Box, scale: float) -> None:
    if person.face is None:
        return
    face = person.face.box
    centre = _grid_point(face.x + face.w / 2, face.y + (0.5 - _HEAD_GROWTH / 2) * face.h, area, scale)
    axes = (max(1, round(face.w * scale * 0.5)), max(1, round(face.h * scale * (0.5 + _HEAD_GROWTH / 2))))
    cv2.ellipse(seeds, centre, axes, 0, 0, 360, place, -1)


def _nearest(lab: NDArray[np.float32], coarse: NDArray[np.float32], seeds: NDArray[np.int32]) -> NDArray[np.int32]:
    """The person whose strokes are nearest to each pixel of the grid."""
    height, width = seeds.shape
    count = height * width
    number = np.arange(count).reshape(height, width)
    ends, costs = [], []
    for rows, columns, length in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 2**0.5), (1, -1, 2**0.5)):
        start = (slice(0, height - rows), slice(max(0, -columns), width - max(0, columns)))
        end = (slice(rows, height), slice(max(0, columns), width + min(0, columns)))
        difference = np.linalg.norm(lab[start] - lab[end], axis=2)
        background = 1 - np.minimum(coarse[start], coarse[end])
        ends.append((number[start].ravel(), number[end].ravel()))
        costs.append((length * (1 + _BACKGROUND_COST * background) + _COLOUR_COST * difference).ravel())
    first = np.concatenate([pair[0] for pair in ends])
    second = np.concatenate([pair[1] for pair in ends])
    graph = csr_matrix((np.concatenate(costs).astype(np.float64), (first, second)), shape=(count, count))
    flat = seeds.ravel()
    starts = np.nonzero(flat >= 0)[0]
    _, _, sources = dijkstra(graph, directed=False, indices=starts, min_only=True, return_predecessors=True)
    owner = np.where(sources >= 0, flat[np.maximum(sources, 0)], -1)
    return np.asarray(owner, dtype=np.int32).reshape(height, width)
