from __future__ import annotations

import numpy as np

from training.samples.eyelids import drawn_lids


def test_lids_are_drawn_over_the_eye_alone() -> None:
    crop = np.full((48, 48), 180, dtype=np.uint8)
    crop[20:28, 16:32] = 250
    crop[20:28, 21:27] = 10  # the iris
    outline = np.array([[11, 24], [19, 19], [28, 19], [36, 24], [28, 28], [19, 28]], dtype=np.float64)
    closed = drawn_lids(crop, outline, 1.0, np.random.default_rng(1))
    narrow = drawn_lids(crop, outline, 0.3, np.random.default_rng(1))
    assert (crop == 10).sum() > (narrow < 60).sum() > 0
    assert closed[21:25, 22:26].min() > 60
    np.testing.assert_array_equal(closed[:, :9], crop[:, :9])
    np.testing.assert_array_equal(closed[40:], crop[40:])
