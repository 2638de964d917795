from __future__ import annotations

import numpy as np

from ground_truth.labels.counted_faces import CountedPhoto
from ground_truth.metrics.detection import DetectionCounts, match


def _photo(clear: list[list[float]], hard: list[list[float]], crowds: list[list[float]]) -> CountedPhoto:
    return CountedPhoto(
        "a.jpg", 400, 300, *(np.array(boxes, dtype=float).reshape(-1, 4) for boxes in (clear, hard, crowds))
    )


def test_boxes_are_right_false_or_neither() -> None:
    photo = _photo([[10, 10, 50, 60], [200, 10, 50, 60]], [[100, 100, 40, 40]], [[300, 0, 100, 300]])
    right, again, on_hard, in_crowd, nowhere = (
        [12, 14, 50, 50],
        [8, 8, 52, 60],
        [110, 105, 40, 40],
        [340, 100, 20, 20],
        [20, 200, 40, 40],
    )
    found = match(photo, [right, again, on_hard, in_crowd, nowhere])
    assert found.found.tolist() == [True, False]
    assert found.false == (1, 4)


def test_a_photo_without_faces_has_only_false_boxes() -> None:
    found = match(_photo([], [], []), [[0, 0, 10, 10]])
    assert found.found.size == 0 and found.false == (0,)
    assert match(_photo([], [], []), []).false == ()


def test_recall_is_counted_by_the_size_of_the_faces() -> None:
    counts = DetectionCounts()
    counts.add(_photo([[10, 10, 30, 40], [200, 10, 60, 50]], [], []), [[10, 10, 30, 40], [300, 200, 20, 20]])
    counts.add(_photo([[10, 10, 60, 60]], [], []), [[10, 10, 60, 60]])
    assert (counts.photos, counts.false) == (2, 1)
    assert counts.recall() == (2, 3)
    assert counts.recall(24, 48) == (1, 1)
    assert counts.by_band() == [(0, 0), (1, 1), (1, 2), (0, 0)]
