from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import (
    HeadPose,
    apply_transform,
    box_iou,
    clipped_box,
    five_of_68,
    head_pose,
    head_size_px,
    inverse_transform,
    projected_head,
    share_outside,
    similarity_transform,
    transform_scale,
)

POINTS = np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 3.0], [1.0, 5.0], [3.0, 5.0]])


def similarity(angle_deg: float, scale: float, dx: float, dy: float) -> NDArray[np.float64]:
    c, s = scale * math.cos(math.radians(angle_deg)), scale * math.sin(math.radians(angle_deg))
    return np.array([[c, -s, dx], [s, c, dy]])


@given(st.floats(-180, 180), st.floats(0.01, 100), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_similarity_transforms_are_found_and_taken_back(angle: float, scale: float, dx: float, dy: float) -> None:
    wanted = similarity(angle, scale, dx, dy)
    found = similarity_transform(POINTS, apply_transform(wanted, POINTS))
    assert np.allclose(found, wanted, atol=1e-6 * max(1, scale))
    assert transform_scale(found) == pytest.approx(scale)
    assert np.allclose(apply_transform(inverse_transform(found), apply_transform(found, POINTS)), POINTS, atol=1e-6)


def test_the_similarity_transform_is_the_least_squares_one() -> None:
    rng = np.random.default_rng(0)
    target = apply_transform(similarity(20, 3, 5, -2), POINTS) + rng.normal(0, 0.5, POINTS.shape)
    best = similarity_transform(POINTS, target)

    def error(matrix: NDArray[np.float64]) -> float:
        return float(((apply_transform(matrix, POINTS) - target) ** 2).sum())

    for angle, scale, dx, dy in rng.normal(0, 0.02, (200, 4)):
        nudge = similarity(math.degrees(angle), 1 + scale, dx, dy)
        other = np.vstack([nudge, [0, 0, 1]]) @ np.vstack([best, [0, 0, 1]])
        assert error(other[:2]) >= error(best) - 1e-9


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (np.ones((5, 2)), POINTS),
        (POINTS, np.ones((5, 2))),
        (POINTS * np.nan, POINTS),
        (POINTS, np.full((5, 2), np.inf)),
        (POINTS, POINTS[:3]),
        (POINTS.ravel(), POINTS.ravel()),
    ],
)
def test_points_without_a_transform_are_refused(source: NDArray[np.float64], target: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="points"):
        similarity_transform(source, target)
    with pytest.raises(ValueError, match="cannot be inverted"):
        inverse_transform(np.zeros((2, 3)))


def test_boxes_are_clipped_outwards() -> None:
    assert clipped_box(1.2, 2.7, 5.1, 6.0, 100, 100) == Box(1, 2, 5, 4)
    assert clipped_box(-5, -5, 200, 200, 100, 50) == Box(0, 0, 100, 50)
    assert clipped_box(100, 0, 120, 10, 100, 100) is None
    assert clipped_box(math.nan, 0, 120, 10, 100, 100) is None


def test_overlap_of_boxes() -> None:
    box = Box(10, 10, 20, 20)
    assert box_iou(box, box) == 1.0
    assert box_iou(box, Box(30, 10, 5, 5)) == 0.0
    assert box_iou(box, Box(20, 10, 20, 20)) == pytest.approx(1 / 3)
    assert box_iou(Box(20, 10, 20, 20), box) == box_iou(box, Box(20, 10, 20, 20))


@given(st.floats(-60, 60), st.floats(-30, 30), st.floats(-170, 170), st.floats(1, 500))
def test_the_pose_of_a_mean_head_is_found(yaw: float, pitch: float, roll: float, size: float) -> None:
    five = apply_transform(similarity(roll, size, 300, 200), projected_head(HeadPose(yaw, pitch, 0.0)))
    pose = head_pose(five)
    assert pose == pytest.approx((yaw, pitch, roll), abs=1e-3)
    assert head_size_px(five, pose) == pytest.approx(size)


def test_signs_of_the_pose() -> None:
    frontal = np.array([[100.0, 100], [160, 100], [130, 133], [104, 164], [156, 164]])
    pose = head_pose(frontal)
    assert abs(pose.yaw_deg) < 1
    assert abs(pose.roll_deg) < 1
    nose_right, nose_up = frontal.copy(), frontal.copy()
    nose_right[2, 0] += 15
    nose_up[2, 1] -= 15
    assert head_pose(nose_right).yaw_deg > 15
    assert head_pose(nose_up).pitch_deg > 10
    clockwise = apply_transform(similarity(30, 1, 0, 0), frontal)
    assert head_pose(clockwise).roll_deg == pytest.approx(30, abs=1)


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), np.nan), np.arange(10.0).reshape(5, 2) * 0])
def test_no_face_at_all_is_turned_away(points: NDArray[np.float64]) -> None:
    assert head_pose(points).yaw_deg == 90.0


def test_five_of_68() -> None:
    points = np.column_stack([np.arange(68.0), np.arange(68.0) * 2])
    assert five_of_68(points).tolist() == [[38.5, 77.0], [44.5, 89.0], [30.0, 60.0], [48.0, 96.0], [54.0, 108.0]]


def test_how_much_of_a_face_is_outside() -> None:
    upright = HeadPose(0.0, 0.0, 0.0)
    face = projected_head(upright) * 100.0 + np.array([200.0, 200.0])
    pose = head_pose(face)
    assert share_outside(face, pose, (400, 600)) == 0.0
    # The middle of the five points lies at (200, 252), and the oval is 180 wide and 250 high.
    assert share_outside(face, pose, (200, 600)) == pytest.approx(0.5, abs=0.05)
    assert share_outside(face - np.array([0.0, 252.0]), pose, (400, 600)) == pytest.approx(0.5, abs=0.05)
    assert share_outside(face, pose, (265, 600)) == pytest.approx(0.1, abs=0.05)
    lying = apply_transform(similarity(90.0, 1.0, 452.0, 52.0), face)
    assert share_outside(lying, head_pose(lying), (200, 600)) == pytest.approx(0.5, abs=0.05)
    assert share_outside(np.zeros((5, 2)), upright, (400, 400)) == 0.0
