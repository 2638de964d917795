from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.attributes import age_table, best_stretch, best_temperature, least_certainty


def _world(stretch: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expectations of people whose true ages are stretched by so much, and their true ages."""
    expected = np.repeat(np.arange(2.0, 78.0), 40)
    noise = np.tile(np.linspace(-6, 6, 40), 76)
    return expected, np.maximum(0, expected + stretch * np.maximum(0, expected - 40) + noise)


def test_the_range_holds_four_of_five() -> None:
    expected, truth = _world(0.0)
    for years, low, high, within in age_table(expected, truth, 0.0):
        if 10 <= years <= 70:
            assert low == pytest.approx(years - 7, abs=4)
            assert high == pytest.approx(years + 7, abs=4)
            assert within == 1.0


def test_ages_without_faces_have_no_line() -> None:
    expected, truth = _world(0.0)
    lines = age_table(expected[expected < 30], truth[expected < 30], 0.0)
    assert max(years for years, *_ in lines) <= 50


@pytest.mark.parametrize("stretch", [0.0, 0.2])
def test_the_stretch_is_found_again(stretch: float) -> None:
    assert best_stretch(*_world(stretch)) == stretch


def test_the_least_certainty_that_is_right_often_enough() -> None:
    certainty = np.linspace(0.5, 1.0, 1000)
    assert least_certainty(certainty, certainty > 0.84) == 0.85
    assert least_certainty(certainty, np.zeros(1000, dtype=np.bool_)) is None


def test_the_temperature_of_a_network_that_doubles_its_logits_is_two() -> None:
    random = np.random.default_rng(5)
    logits = random.normal(0, 2, 4000)
    truth = (random.random(4000) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    sure = 1 / (1 + np.exp(-2 * logits))
    assert best_temperature(np.stack([1 - sure, sure], axis=1), truth) == pytest.approx(2, abs=0.15)
