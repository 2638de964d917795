"""Plane geometry of faces: similarity transforms, boxes, head pose. Pixels, x right, y down."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box

__all__ = [
    "HeadPose",
    "apply_transform",
    "box_iou",
    "clipped_box",
    "five_of_68",
    "head_pose",
    "head_size_px",
    "inverse_transform",
    "projected_head",
    "share_outside",
    "similarity_transform",
    "transform_scale",
]

# The five landmarks of a mean head in units of the distance of the eyes: x right, y down, z towards the
# camera, origin between the eyes. Medians over 1,200 faces in three sets of photos of public people; the depth
# of the nose and the mouth is how far they move sideways as the head turns.
_MEAN_HEAD = np.array([[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.555, 0.53], [-0.43, 1.06, 0.0], [0.43, 1.06, 0.0]])
_CENTRED_HEAD = _MEAN_HEAD - _MEAN_HEAD.mean(axis=0)
_HEAD_SOLVER = np.linalg.pinv(_CENTRED_HEAD)


class HeadPose(NamedTuple):
    """The direction in which a head looks, in degrees; all 0 is straight into the camera.

    Attributes:
        yaw_deg: Turn to the side; positive is towards growing x of the photo (of an upright head).
        pitch_deg: Nod; positive looks up.
        roll_deg: Tilt in the plane of the photo; positive is clockwise.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


def similarity_transform(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """The rotation, uniform scale and translation that map points onto others with the least squared error.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    PAMI 1991; in the plane, without reflection, it has this closed form in complex numbers.

    Args:
        source: (N, 2) points, N >= 2.
        target: (N, 2) points.

    Returns:
        (2, 3) matrix M with M @ (x, y, 1) near the target.

    Raises:
        ValueError: If the points do not determine the transform: they coincide, are not finite, or differ in number.
    """
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2:
        raise ValueError(f"two lists of equally many points are needed, not {source.shape} and {target.shape}")
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise ValueError("the points are not finite")
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_mean, target - target_mean
    variance = float((a * a).sum())
    cosine = float((a * b).sum())
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum())
    if variance <= 0 or math.hypot(cosine, sine) <= 0:
        raise ValueError("the points coincide")
    linear = np.array([[cosine, -sine], [sine, cosine]]) / variance
    return np.column_stack([linear, target_mean - linear @ source_mean])


def transform_scale(matrix: NDArray[np.floating]) -> float:
    """How much a (2, 3) similarity transform enlarges."""
    return math.hypot(float(matrix[0, 0]), float(matrix[1, 0]))


def apply_transform(matrix: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Move (N, 2) points by a (2, 3) affine transform."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], dtype=np.float64)


def inverse_transform(matrix: NDArray[np.floating]) -> NDArray[np.float64]:
    """The inverse of a (2, 3) affine transform, as a (2, 3) matrix.

    Raises:
        ValueError: If the transform has no inverse.
    """
    try:
        linear = np.linalg.inv(np.asarray(matrix[:, :2], dtype=np.float64))
    except np.linalg.LinAlgError as error:
        raise ValueError("the transform cannot be inverted") from error
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def clipped_box(left: float, top: float, right: float, bottom: float, width: int, height: int) -> Box | None:
    """A box in whole pixels, clipped to a photo; None if nothing of it is inside.

    Args:
        left: Left edge in pixels.
        top: Upper edge in pixels.
        right: Right edge in pixels, exclusive.
        bottom: Lower edge in pixels, exclusive.
        width: Width of the photo, in pixels.
        height: Height of the photo, in pixels.
    """
    if not all(map(math.isfinite, (left, top, right, bottom))):
        return None
    x0, y0 = max(0, math.floor(left)), max(0, math.floor(top))
    x1, y1 = min(width, math.ceil(right)), min(height, math.ceil(bottom))
    return Box(x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


def box_iou(first: Box, second: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    shared_w = min(first.x + first.w, second.x + second.w) - max(first.x, second.x)
    shared_h = min(first.y + first.h, second.y + second.h) - max(first.y, second.y)
    shared = max(0, shared_w) * max(0, shared_h)
    return shared / (first.w * first.h + second.w * second.h - shared)


def five_of_68(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """The (5, 2) points of `FiveLandmarks`, computed from (68, 2) landmarks of the iBUG scheme."""
    return np.stack(
        [points[36:42].mean(axis=0), points[42:48].mean(axis=0), points[30], points[48], points[54]]
    ).astype(np.float64)


def head_pose(five: NDArray[np.floating]) -> HeadPose:
    """Estimate the pose of a head from five landmarks (of a detector, or from `five_of_68`).

    The scaled orthographic projection of a mean head that comes nearest to the points (DeMenthon and
    Davis, "Model-based object pose in 25 lines of code", IJCV 1995, without its iterations). Faces
    differ, so expect errors of several degrees, more beyond 45.

    Args:
        five: (5, 2) points in the order of `FiveLandmarks`.

    Returns:
        The pose; 90 degrees of yaw if the points do not form a face.
    """
    if not np.isfinite(five).all():
        return HeadPose(90.0, 0.0, 0.0)
    centred = np.asarray(five, dtype=np.float64) - five.mean(axis=0)
    projection = (_HEAD_SOLVER @ centred).T
    u, scales, vt = np.linalg.svd(projection, full_matrices=False)
    if scales[1] <= 1e-9:
        return HeadPose(90.0, 0.0, 0.0)
    right, down = u @ vt
    towards = np.cross(right, down)
    # The head is nodded first, then turned, then tilted, as in `projected_head`; so a tilted head keeps its yaw.
    yaw = math.asin(max(-1.0, min(1.0, -float(towards[0]))))
    pitch = math.atan2(towards[1], towards[2])
    roll = math.atan2(down[0], right[0])
    return HeadPose(math.degrees(yaw), math.degrees(pitch), math.degrees(roll))


def projected_head(pose: HeadPose) -> NDArray[np.float64]:
    """The five landmarks of a mean head in a given pose, without its roll.

    Returns:
        (5, 2) points in units of the distance of the eyes of a frontal head, x right, y down, origin
        between the eyes.
    """
    yaw, pitch = math.radians(pose.yaw_deg), math.radians(pose.pitch_deg)
    turn = np.array([[math.cos(yaw), 0.0, math.sin(yaw)], [0.0, 1.0, 0.0], [-math.sin(yaw), 0.0, math.cos(yaw)]])
    nod = np.array([[1.0, 0.0, 0.0], [0.0, math.cos(pitch), -math.sin(pitch)], [0.0, math.sin(pitch), math.cos(pitch)]])
    return np.asarray((_MEAN_HEAD @ (turn @ nod).T)[:, :2], dtype=np.float64)


def head_size_px(five: NDArray[np.floating], pose: HeadPose) -> float:
    """The distance of the eyes that the head would have if it were frontal, in the points' unit.

    It does not shrink as the head turns, so it serves as the unit for everything on a face.

    Raises:
        ValueError: If the points do not form a face.
    """
    return 1.0 / transform_scale(similarity_transform(five, projected_head(pose)))


_FACE_OVAL = (0.9, 1.25)  # half width and half height of a face from the brows to the chin, in distances of the eyes


def share_outside(five: NDArray[np.floating], pose: HeadPose, photo_size: tuple[int, int]) -> float:
    """The share of a face that lies outside the photo, in [0, 1]; 0 if the points do not form a face.

    The face is an upright oval from the brows to the chin around the middle of the points, tilted with the head: hair,
    ears and hats may be cut without harm.

    Args:
        five: (5, 2) points in the order of `FiveLandmarks`, in pixels.
        pose: Of the head.
        photo_size: Width and height of the photo, in pixels.
    """
    try:
        unit = head_size_px(five, pose)
    except ValueError:
        return 0.0
    roll = math.radians(pose.roll_deg)
    across = np.array([math.cos(roll), math.sin(roll)])
    down = np.array([-math.sin(roll), math.cos(roll)])
    points = five.mean(axis=0) + unit * (
        _OVAL_GRID[:, :1] * _FACE_OVAL[0] * across + _OVAL_GRID[:, 1:] * _FACE_OVAL[1] * down
    )
    inside = (points >= 0).all(axis=1) & (points < np.asarray(photo_size)).all(axis=1)
    return 1.0 - float(inside.mean())


_GRID = np.linspace(-0.95, 0.95, 20)
_OVAL_GRID = np.array([(x, y) for y in _GRID for x in _GRID if x * x + y * y < 1.0])
"""Points that fill a disc of radius 1 evenly."""
