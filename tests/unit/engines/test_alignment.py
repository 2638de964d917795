from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.alignment import ARCFACE_TEMPLATE, aligned_face, landmarks_plausible


def _moved(scale: float, angle_deg: float, shift: tuple[float, float]) -> NDArray[np.float64]:
    angle = np.radians(angle_deg)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(scale * ARCFACE_TEMPLATE @ rotation.T + shift, dtype=np.float64)


def _dots(points: NDArray[np.float64], size: int, radius: float) -> NDArray[np.uint8]:
    """White soft dots on black at the points."""
    y, x = np.mgrid[:size, :size]
    value = np.zeros((size, size))
    for px, py in points:
        value = np.maximum(value, np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * radius**2)))
    return np.repeat((value * 255).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize(("scale", "angle"), [(0.5, 0), (1, 30), (1.7, -60), (4, 10), (6, 180)])
def test_landmarks_come_to_lie_on_the_template(scale: float, angle: float) -> None:
    points = _moved(scale, angle, (0.0, 0.0))
    points += 450 - points.mean(axis=0)
    chip = aligned_face(_dots(points, 900, 2.5 * scale), points).astype(float)[:, :, 0]
    y, x = np.mgrid[:112, :112]
    for tx, ty in ARCFACE_TEMPLATE:
        near = np.where((x - tx) ** 2 + (y - ty) ** 2 < 36, chip, 0)
        assert (near * x).sum() / near.sum() == pytest.approx(tx, abs=0.35)
        assert (near * y).sum() / near.sum() == pytest.approx(ty, abs=0.35)


def test_a_fine_pattern_does_not_alias_when_the_face_shrinks() -> None:
    y, x = np.mgrid[:1200, :1200]
    board = np.repeat((((x + y) % 2) * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    chip = aligned_face(board, _moved(8.3, 7, (120.0, 100.0)))
    inside = chip[8:-8, 8:-8].astype(float)
    assert inside.std() < 6
    assert inside.mean() == pytest.approx(127.5, abs=3)


def test_where_the_photo_ends_the_chip_is_black() -> None:
    white = np.full((400, 400, 3), 255, dtype=np.uint8)
    chip = aligned_face(white, _moved(4, 0, (-300.0, 0.0)))
    assert (chip[:, :10] == 0).all()
    assert chip[50, 100].min() == 255


def test_a_face_wholly_outside_is_black() -> None:
    white = np.full((50, 50, 3), 255, dtype=np.uint8)
    assert (aligned_face(white, _moved(4, 0, (5000.0, 5000.0))) == 0).all()


def test_points_in_one_spot_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        aligned_face(np.zeros((9, 9, 3), dtype=np.uint8), np.ones((5, 2)))


BOX = Box(100, 100, 80, 100)
GOOD = ARCFACE_TEMPLATE * 0.8 + (98, 95)


def _shifted(points: NDArray[np.float64], index: int, by: tuple[float, float]) -> NDArray[np.float64]:
    out = points.copy()
    out[index] += by
    return out


@pytest.mark.parametrize(
    ("points", "plausible"),
    [
        (GOOD, True),
        (_shifted(GOOD, 2, (25, 0)), True),
        (_shifted(GOOD, 0, (-400, 0)), False),
        (_shifted(GOOD, 4, (0, 500)), False),
        (_shifted(GOOD, 1, (float("nan"), 0)), False),
        (_shifted(GOOD, 1, (float("inf"), 0)), False),
        (np.full((5, 2), 140.0), False),
        (GOOD * 0.01 + 140, False),
    ],
)
def test_landmarks_that_are_no_face_are_recognised(points: NDArray[np.float64], plausible: bool) -> None:
    assert landmarks_plausible(BOX, FiveLandmarks.from_array(points)) is plausible
