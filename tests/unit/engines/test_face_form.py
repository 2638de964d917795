"""Landmarks that can or cannot be those of an upright face."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.geometry import HeadPose, projected_head
from curation.engines.face_form import form_error, is_trusted


def _head(yaw_deg: float = 0.0, roll_deg: float = 0.0) -> NDArray[np.float64]:
    roll = math.radians(roll_deg)
    turn = np.array([[math.cos(roll), -math.sin(roll)], [math.sin(roll), math.cos(roll)]])
    return np.asarray(projected_head(HeadPose(yaw_deg, 5.0, 0.0)) @ turn.T * 60 + 300, dtype=np.float64)


@pytest.mark.parametrize("yaw", [-50, 0, 30])
@pytest.mark.parametrize("roll", [-25, 0, 25])
def test_a_head_in_any_pose_has_the_form_of_a_face(yaw: float, roll: float) -> None:
    assert form_error(_head(yaw, roll)) < 0.03
    assert is_trusted(_head(yaw, roll), 0.99)


@pytest.mark.parametrize("roll", [70, 90, 180, -90])
def test_a_lying_head_is_not_trusted_though_it_has_the_form(roll: float) -> None:
    assert form_error(_head(0, roll)) < 0.03
    assert not is_trusted(_head(0, roll), 1.0)


def test_a_doubtful_detector_is_not_trusted() -> None:
    assert not is_trusted(_head(), 0.9)


def test_points_of_no_face_are_not_trusted() -> None:
    mixed = _head()[[0, 4, 2, 3, 1]]
    assert form_error(mixed) > 0.07
    for five in (mixed, np.zeros((5, 2)), np.full((5, 2), np.nan), np.full((5, 2), np.inf)):
        assert not is_trusted(five, 1.0)
    assert form_error(np.zeros((5, 2))) == math.inf
