from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curation.engines.areas import overlap
from curation.engines.bodies.suppression import kept_boxes


def test_the_best_of_overlapping_boxes_is_kept() -> None:
    edges = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [30, 30, 40, 40]], dtype=np.float64)
    assert kept_boxes(edges, np.array([0.5, 0.9, 0.7]), 0.5) == [1, 2]


def test_boxes_without_an_area_end_the_search_and_are_dropped() -> None:
    edges = np.array([[5, 5, 5, 5], [5, 5, 5, 9], [9, 9, 2, 2], [np.nan, 0, 9, 9], [0, 0, np.inf, 9]])
    assert kept_boxes(edges, np.ones(5), 0.5) == []
    assert kept_boxes(np.zeros((0, 4)), np.zeros(0), 0.5) == []


@settings(max_examples=200, deadline=None)
@given(
    arrays(np.float64, (7, 4), elements=st.floats(allow_nan=True, allow_infinity=True, width=64)),
    arrays(np.float64, 7, elements=st.floats(0, 1)),
)
def test_it_ends_whatever_the_numbers_are(edges: np.ndarray, scores: np.ndarray) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        kept = kept_boxes(edges, scores, 0.5)
    assert len(set(kept)) == len(kept)


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, (8, 4), elements=st.floats(0, 50)), arrays(np.float64, 8, elements=st.floats(0, 1)))
def test_kept_boxes_do_not_overlap_much(edges: np.ndarray, scores: np.ndarray) -> None:
    edges = np.concatenate((edges[:, :2], edges[:, :2] + edges[:, 2:]), axis=1)
    kept = kept_boxes(edges, scores, 0.3)
    shared = overlap(edges[kept], edges[kept])
    assert (shared[~np.eye(len(kept), dtype=bool)] <= 0.3).all()
    assert list(scores[kept]) == sorted(scores[kept], reverse=True)
