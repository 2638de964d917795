"""The small look at faces that are too large for the first look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from curation.domain.faces.geometry import HeadPose, projected_head
from curation.engines.close_ups import CloseUps, shows_close_up, small_picture, with_close_ups
from curation.engines.tiling import Detections

CLOSE_UPS = CloseUps(
    small_size_px=352,
    border_px=32,
    large_face_px=240.0,
    largest_face_px=400.0,
    visible_face_px=40.0,
    min_confidence=0.8,
)
SCALE = 0.22
FRONTAL = projected_head(HeadPose(0.0, 0.0, 0.0)) - [0.0, 0.5]


def _seen(*faces: tuple[Sequence[float], float]) -> Detections:
    """Faces (edges, confidence) with the landmarks of a frontal head in the middle."""
    areas = np.array([area for area, _ in faces], dtype=np.float64).reshape(-1, 4)
    points = np.array(
        [(area[:2] + area[2:]) / 2 + FRONTAL * (area[2] - area[0]) / 2.4 for area in areas], dtype=np.float64
    ).reshape(-1, 5, 2)
    return Detections(areas, np.array([confidence for _, confidence in faces], dtype=np.float64), points)


def _areas(found: Detections) -> set[tuple[int, ...]]:
    return {tuple(int(edge) for edge in area) for area in found.areas}


FACE = (300.0, 200.0, 1100.0, 1300.0)
PIECES = (
    ((350.0, 250.0, 800.0, 800.0), 0.95),
    ((500.0, 700.0, 1050.0, 1250.0), 0.99),
    ((600.0, 500.0, 900.0, 800.0), 0.3),
)


def test_the_pieces_of_a_close_up_become_one_face() -> None:
    first, small = _seen(*PIECES), _seen((FACE, 0.999))
    assert shows_close_up(first, CLOSE_UPS)
    assert _areas(with_close_ups(first, small, SCALE, CLOSE_UPS)) == {(300, 200, 1100, 1300)}


def test_two_faces_cheek_to_cheek_stay_two() -> None:
    left, right = (100.0, 300.0, 700.0, 1000.0), (640.0, 280.0, 1250.0, 990.0)
    first = _seen(((150.0, 350.0, 500.0, 800.0), 0.9), ((700.0, 400.0, 1100.0, 900.0), 0.9))
    small = _seen((left, 0.99), (right, 0.99))
    assert len(with_close_ups(first, small, SCALE, CLOSE_UPS).areas) == 2


def test_small_faces_behind_a_close_up_stay() -> None:
    behind = ((20.0, 100.0, 80.0, 180.0), 0.99)
    at_the_corner = ((1060.0, 1230.0, 1120.0, 1310.0), 0.99)
    found = with_close_ups(_seen(*PIECES, behind, at_the_corner), _seen((FACE, 0.999)), SCALE, CLOSE_UPS)
    assert _areas(found) == {(300, 200, 1100, 1300), (20, 100, 80, 180), (1060, 1230, 1120, 1310)}


def test_a_child_held_before_a_face_stays_as_both_looks_see_it() -> None:
    child = ((700.0, 900.0, 900.0, 1150.0), 0.99)
    found = with_close_ups(_seen(*PIECES, child), _seen((FACE, 0.999), child), SCALE, CLOSE_UPS)
    assert _areas(found) == {(300, 200, 1100, 1300), (700, 900, 900, 1150)}


def test_what_is_large_and_not_seen_in_the_small_look_is_nothing() -> None:
    ghost, small_face = ((1150.0, 100.0, 1500.0, 500.0), 0.97), ((1200.0, 600.0, 1300.0, 720.0), 0.97)
    found = with_close_ups(_seen(ghost, small_face), _seen(), SCALE, CLOSE_UPS)
    assert _areas(found) == {(1200, 600, 1300, 720)}


def test_a_face_that_both_looks_see_keeps_the_finer_landmarks() -> None:
    area = (100.0, 100.0, 340.0, 420.0)
    first, small = _seen((area, 0.999)), _seen(((110.0, 95.0, 350.0, 430.0), 0.99))
    found = with_close_ups(first, small, SCALE, CLOSE_UPS)
    assert _areas(found) == {(100, 100, 340, 420)}
    assert found.points[0] == pytest.approx(first.points[0])


def test_a_face_alone_up_to_the_size_that_the_first_look_sees_well_needs_no_small_look() -> None:
    assert not shows_close_up(_seen(((100.0, 100.0, 340.0, 420.0), 0.999)), CLOSE_UPS)
    assert not shows_close_up(_seen(((100.0, 100.0, 200.0, 220.0), 0.3)), CLOSE_UPS)
    assert not shows_close_up(_seen(), CLOSE_UPS)
    for doubtful in (
        [((100.0, 100.0, 340.0, 420.0), 0.9)],  # not sure
        [((100.0, 100.0, 440.0, 560.0), 0.999)],  # too large
        [((100.0, 100.0, 340.0, 420.0), 0.999), ((200.0, 250.0, 300.0, 400.0), 0.2)],  # with a piece
    ):
        assert shows_close_up(_seen(*doubtful), CLOSE_UPS)


def test_nothing_in_both_looks_is_nothing() -> None:
    assert len(with_close_ups(_seen(), _seen(), SCALE, CLOSE_UPS).areas) == 0
    assert len(with_close_ups(_seen(), _seen((FACE, 0.9)), SCALE, CLOSE_UPS).areas) == 1


@pytest.mark.parametrize(("width", "height", "size"), [(1600, 1000, (220, 352)), (100, 60, (60, 100)), (1, 1, (1, 1))])
def test_the_small_picture_has_a_black_border(width: int, height: int, size: tuple[int, int]) -> None:
    small = small_picture(np.full((height, width, 3), 200, dtype=np.uint8), 352, 32)
    assert small.array.shape == (size[0] + 64, size[1] + 64, 3)
    assert small.array[32:-32, 32:-32].min() == 200
    assert small.array[:32].max() == 0 and small.array[:, -32:].max() == 0


def test_what_is_found_in_the_small_picture_is_where_it_was() -> None:
    small = small_picture(np.zeros((1000, 1600, 3), dtype=np.uint8), 400, 32)
    found = small.in_picture(_seen(((32.0, 32.0, 132.0, 157.0), 0.9)))
    assert found.areas[0] == pytest.approx([0, 0, 400, 500])
    assert found.points.mean() < 500
