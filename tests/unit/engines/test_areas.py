"""Overlaps of areas."""

from __future__ import annotations

import numpy as np
import pytest

from curation.engines.areas import inside_share, overlap

SQUARE = np.array([[0.0, 0.0, 10.0, 10.0]])
OTHERS = np.array([[0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0], [2.0, 2.0, 4.0, 4.0], [20.0, 20.0, 30.0, 30.0]])


def test_overlap_is_the_share_of_the_union() -> None:
    assert overlap(SQUARE, OTHERS)[0] == pytest.approx([1, 1 / 3, 0.04, 0])


def test_inside_is_the_share_of_the_first() -> None:
    assert inside_share(OTHERS, SQUARE)[:, 0] == pytest.approx([1, 0.5, 1, 0])


def test_areas_of_no_size_and_none_at_all_are_no_errors() -> None:
    empty, point = np.zeros((0, 4)), np.array([[3.0, 3.0, 3.0, 3.0]])
    assert overlap(empty, OTHERS).shape == (0, 4) and inside_share(OTHERS, empty).shape == (4, 0)
    assert overlap(point, point)[0, 0] == 0 and inside_share(point, SQUARE)[0, 0] == 0
