from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.engines.attributes.estimates import (
    AgeTable,
    MeasuredAges,
    age_estimate,
    as_distribution,
    class_estimate,
    softened,
    softmax,
)

AGES = (0.0, 20.0, 40.0, 60.0)
SURE = AgeTable(years=(0, 20, 60), low=(0, 16, 50), high=(4, 28, 80), within_ten=(1.0, 0.9, 0.6))
WIDE = AgeTable(years=(20,), low=(5,), high=(60,), within_ten=(0.3,))
KNOWN = MeasuredAges(SURE, WIDE, wide_from=10.0, stretch=0.5)


def _certain(at: int) -> NDArray[np.float64]:
    return np.array([float(number == at) for number in range(4)])


def test_the_table_gives_range_and_certainty() -> None:
    age = age_estimate(_certain(1), AGES, KNOWN, "made up")
    assert (age.years, age.low, age.high, age.certainty, age.is_known) == (20, 16, 28, 0.9, True)
    assert (age.ages, age.distribution, age.reader) == (AGES, (0, 1, 0, 0), "made up")


def test_between_the_lines_it_is_interpolated_and_beyond_them_constant() -> None:
    assert age_estimate(np.array([0.5, 0.5, 0, 0]), AGES, MeasuredAges(SURE), "x").certainty == pytest.approx(0.95)
    assert age_estimate(_certain(2), AGES, MeasuredAges(SURE), "x").low == pytest.approx(33)
    last = age_estimate(np.array([1.0]), (75.0,), MeasuredAges(SURE), "x")
    assert (last.low, last.high, last.certainty) == (50, 80, 0.6)


def test_old_people_are_told_older_than_the_expectation() -> None:
    assert age_estimate(_certain(3), AGES, KNOWN, "x").years == pytest.approx(70)
    assert age_estimate(_certain(2), AGES, KNOWN, "x").years == pytest.approx(40)


def test_probabilities_far_apart_have_a_table_of_their_own() -> None:
    age = age_estimate(np.array([0.5, 0, 0.5, 0]), AGES, KNOWN, "x")
    assert (age.years, age.low, age.high, age.certainty, age.is_known) == (20, 5, 60, 0.3, False)


def test_the_range_holds_the_estimate() -> None:
    table = AgeTable(years=(20,), low=(30,), high=(35,), within_ten=(0.9,))
    age = age_estimate(_certain(1), AGES, MeasuredAges(table), "x")
    assert (age.low, age.high) == (20, 35)


def test_without_measurements_or_numbers_nothing_is_known() -> None:
    for age in (age_estimate(_certain(1), AGES, None, "x"), age_estimate(None, AGES, KNOWN, "x")):
        assert not age.is_known and age.certainty == 0
        assert (age.low, age.high) == (0, 60)
        assert sum(age.distribution) == pytest.approx(1)


@pytest.mark.parametrize(
    ("distribution", "least", "answer"),
    [
        ([0.2, 0.8], 0.8, "b"),
        ([0.2, 0.8], 0.81, None),
        ([0.9, 0.1], 0.5, "a"),
        ([0.9, 0.1], None, None),
        (None, 0.5, None),
    ],
)
def test_a_class_is_answered_where_it_is_certain_enough(
    distribution: list[float] | None, least: float | None, answer: str | None
) -> None:
    values = None if distribution is None else np.array(distribution)
    estimate = class_estimate(values, ("a", "b"), least, "x")
    assert estimate.answer == answer
    assert estimate.certainty == max(distribution or [0.5])


def test_the_certainty_of_a_network_that_is_too_sure_is_softened_and_its_answer_is_not() -> None:
    estimate = class_estimate(np.array([0.1, 0.9]), ("a", "b"), 0.9, "x", temperature=2.0)
    assert estimate.answer == "b"
    assert estimate.certainty == pytest.approx(0.75)  # odds of 9 become odds of 3
    assert estimate.distribution == (0.1, 0.9)
    assert softened(np.array([0.0, 1.0]), 2.0).tolist() == [0.0, 1.0]


def test_numbers_that_are_no_probabilities_are_none() -> None:
    for values in ([np.nan, 1.0], [np.inf, 1.0], [0.0, 0.0], [-0.1, 1.1]):
        assert as_distribution(np.array(values)) is None
    got = as_distribution(np.array([1.0, 3.0], dtype=np.float32))
    assert got is not None and got.tolist() == [0.25, 0.75]


def test_softmax() -> None:
    assert softmax(np.array([0.0, np.log(3.0)])) == pytest.approx([0.25, 0.75])
    assert softmax(np.array([1000.0, 0.0])) == pytest.approx([1, 0])
    assert as_distribution(softmax(np.array([np.nan, 0.0]))) is None
    assert as_distribution(softmax(np.array([np.inf, 0.0]))) is None
