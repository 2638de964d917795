from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from curation.domain.film.tracking.best_faces import best_spread, weighted_mean, worst_kept
from tests.film_values import vector_of

SECONDS = [Fraction(number) for number in range(7)]


def test_the_best_faces_are_not_all_of_one_moment() -> None:
    qualities = [0.3, 0.7, 0.8, 0.9, 0.85, 0.5, 0.7]

    assert best_spread(SECONDS, qualities, 3) == [3, 1, 6]
    assert best_spread(SECONDS, qualities, 1) == [3]


def test_much_better_faces_are_taken_although_they_are_near() -> None:
    assert best_spread(SECONDS, [0.1, 0.1, 0.9, 0.9, 0.1, 0.1, 0.1], 2) == [2, 3]


def test_a_few_faces_and_equal_ones() -> None:
    assert best_spread([], [], 3) == []
    assert best_spread([Fraction(1)], [0.0], 3) == [0]
    assert best_spread([Fraction(1), Fraction(1)], [0.5, 0.5], 3) == [0, 1]


def test_what_is_given_up_is_neither_an_end_nor_the_best() -> None:
    qualities = [0.1, 0.9, 0.5, 0.2, 0.6, 0.3, 0.05]

    assert worst_kept(SECONDS, qualities) == 3
    assert worst_kept([Fraction(0), Fraction(1), Fraction(2)], [0.1, 0.9, 0.1]) == 1


def test_where_faces_are_close_in_time_one_of_them_goes() -> None:
    times = [Fraction(time) for time in (0, 5, 10, 11, 12, 20)]

    assert worst_kept(times, [0.9, 0.1, 0.5, 0.6, 0.5, 0.8]) == 3


def test_better_faces_count_for_more() -> None:
    mean = weighted_mean([vector_of(0), vector_of(1)], [0.8, 0.2])

    assert mean.dtype == np.float32
    assert np.linalg.norm(mean) == pytest.approx(1)
    assert mean[0] == pytest.approx(4 * mean[1])


def test_poor_faces_alone_have_a_mean_and_no_faces_have_none() -> None:
    assert weighted_mean([vector_of(3)], [0.0]) == pytest.approx(vector_of(3))
    assert len(weighted_mean([], [])) == 0
    assert len(weighted_mean([vector_of(0), -vector_of(0)], [0.5, 0.5])) == 0
