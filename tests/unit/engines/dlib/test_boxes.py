from __future__ import annotations

import numpy as np
import pytest

from curation.engines.dlib.boxes import intersection_over_union


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
