from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.measuring.looking_down import looking_down_features, looking_down_odds


def face() -> NDArray[np.float64]:
    """Landmarks of a frontal face with eyes nearly shut, in distances of the eyes."""
    points: NDArray[np.float64] = np.random.default_rng(0).normal(0, 0.3, (68, 2)) + np.array([0, 0.6])
    for start, middle in ((36, -0.5), (42, 0.5)):
        x = middle + np.array([-0.2, -0.07, 0.07, 0.2, 0.07, -0.07])
        points[start : start + 6] = np.column_stack([x, [0, -0.01, -0.01, 0, 0.03, 0.03]])
    points[[30, 48, 54, 8]] = [[0, 0.55], [-0.43, 1.06], [0.43, 1.06], [0, 1.7]]
    points[17:27, 1] = -0.3
    return np.asarray(points)


def test_place_size_and_tilt_of_the_face_do_not_matter() -> None:
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    moved = 80 * face() @ turn.T + [500, 300]
    np.testing.assert_allclose(looking_down_features(moved, -3), looking_down_features(face(), -3), atol=1e-6)


def test_lids_that_hang_lower_on_a_nodding_head_look_down() -> None:
    plain = face()
    lowered = plain.copy()
    lowered[[37, 38, 40, 41, 43, 44, 46, 47], 1] += 0.05
    lowered[30, 1] += 0.1
    assert looking_down_odds(lowered, -3) > looking_down_odds(plain, -3) + 1
    assert looking_down_odds(plain, -1) > looking_down_odds(plain, -6)


def test_points_that_coincide_are_no_face() -> None:
    with pytest.raises(ValueError, match="coincide"):
        looking_down_odds(np.zeros((68, 2)), 0.0)
