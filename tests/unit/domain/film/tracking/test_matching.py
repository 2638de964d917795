from __future__ import annotations

import pytest

from curation.domain.faces.face import Box
from curation.domain.film.tracking.matching import matched


def nobody_asks(number: int, other: int) -> float | None:
    raise AssertionError("no face should be embedded here")


def test_overlapping_faces_are_paired_without_asking() -> None:
    first = [Box(0, 0, 40, 50), Box(100, 0, 40, 50)]
    second = [Box(105, 3, 40, 50), Box(4, 2, 38, 50)]

    assert matched(first, second, nobody_asks) == [(0, 1), (1, 0)]


def test_nothing_is_asked_where_one_side_has_no_face_left() -> None:
    first = [Box(0, 0, 40, 50)]

    assert matched(first, [], nobody_asks) == []
    assert matched([], first, nobody_asks) == []
    assert matched(first, [Box(2, 0, 40, 50), Box(200, 0, 40, 50)], nobody_asks) == [(0, 0)]


@pytest.mark.parametrize(("likeness", "pairs"), [(0.6, [(0, 0)]), (0.3, []), (None, [])])
def test_faces_that_overlap_nobody_are_paired_by_their_embeddings(
    likeness: float | None, pairs: list[tuple[int, int]]
) -> None:
    assert matched([Box(0, 0, 40, 50)], [Box(200, 0, 40, 50)], lambda number, other: likeness) == pairs


def test_the_most_alike_pair_is_taken_first() -> None:
    far = [Box(300, 0, 40, 50), Box(400, 0, 40, 50)]
    likeness = {(0, 0): 0.5, (0, 1): 0.8, (1, 0): 0.6, (1, 1): 0.7}

    assert matched([Box(0, 0, 40, 50), Box(100, 0, 40, 50)], far, lambda a, b: likeness[a, b]) == [(0, 1), (1, 0)]


def test_a_face_of_quite_another_size_is_not_asked() -> None:
    assert matched([Box(0, 0, 40, 50)], [Box(200, 0, 140, 160)], nobody_asks) == []


def test_where_two_faces_cross_the_embeddings_decide() -> None:
    first = [Box(0, 0, 40, 50), Box(20, 0, 40, 50)]
    second = [Box(18, 0, 40, 50)]
    likeness = {(0, 0): 0.7, (1, 0): 0.05}

    assert matched(first, second, lambda a, b: likeness[a, b]) == [(0, 0)]


def test_a_stranger_in_the_same_place_is_noticed_if_the_face_looks_different() -> None:
    place = [Box(0, 0, 40, 50)]

    assert matched(place, place, lambda a, b: 0.1) == [(0, 0)]
    assert matched(place, place, lambda a, b: 0.1, lambda a, b: False) == []
    assert matched(place, place, lambda a, b: 0.5, lambda a, b: False) == [(0, 0)]
    assert matched(place, place, nobody_asks, lambda a, b: False, lambda a, b: False) == [(0, 0)]
