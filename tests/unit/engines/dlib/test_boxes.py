from __future__ import annotations

import numpy as np
import pytest

from curation.engines.dlib.boxes import FoundBox, intersection_over_union, without_duplicates


@pytest.mark.parametrize(
    ("second", "overlap"),
    [
        ((0, 0, 10, 10), 1.0),
        ((0, 5, 10, 15), 1 / 3),
        ((5, 5, 15, 15), 25 / 175),
        ((2, 2, 7, 7), 0.25),
        ((10, 0, 20, 10), 0.0),
        ((20, 20, 30, 30), 0.0),
    ],
)
def test_overlap_of_two_boxes(second: tuple[float, ...], overlap: float) -> None:
    one, other = np.array([0.0, 0.0, 10.0, 10.0]), np.array(second, dtype=np.float64)
    assert intersection_over_union(one, other) == pytest.approx(overlap)
    assert intersection_over_union(other, one) == pytest.approx(overlap)


def test_one_box_is_kept_for_each_face() -> None:
    best = FoundBox(np.array([10.0, 10.0, 50.0, 50.0]), 2.0)
    shifted = FoundBox(np.array([16.0, 10.0, 56.0, 50.0]), 1.0)
    piece = FoundBox(np.array([20.0, 20.0, 30.0, 30.0]), 1.5)
    around = FoundBox(np.array([0.0, 0.0, 80.0, 80.0]), 1.2)
    beside = FoundBox(np.array([48.0, 10.0, 88.0, 50.0]), 0.5)
    kept = without_duplicates([shifted, beside, piece, best, around], max_iou=0.4, max_inside=0.7)
    assert [box.score for box in kept] == [2.0, 0.5]
    assert without_duplicates([], max_iou=0.4, max_inside=0.7) == []
