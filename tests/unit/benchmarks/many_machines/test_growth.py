from __future__ import annotations

import pytest

from benchmarks.many_machines.growth import fitted


def test_both_parts_are_found_again() -> None:
    found = fitted({size: 3e-6 * size + 2e-9 * size**2 for size in (100.0, 1000.0, 5000.0)})
    assert found.linear == pytest.approx(3e-6)
    assert found.quadratic == pytest.approx(2e-9)
    assert found.largest == 5000
    assert found.size_at(found.at(70_000)) == pytest.approx(70_000)


def test_a_line() -> None:
    found = fitted({10.0: 20.0, 20.0: 40.0}, is_linear=True)
    assert found.at(1e6) == pytest.approx(2e6)
    assert found.size_at(2e6) == pytest.approx(1e6)


def test_no_part_is_negative() -> None:
    found = fitted({10.0: 10.0, 100.0: 90.0, 1000.0: 700.0})
    assert found.quadratic == 0
    assert found.linear > 0


def test_a_line_that_does_not_begin_at_zero() -> None:
    found = fitted({10.0: 70.0, 20.0: 90.0, 40.0: 130.0}, has_constant=True, is_linear=True)
    assert found.constant == pytest.approx(50.0)
    assert found.at(100.0) == pytest.approx(250.0)
    assert found.size_at(250.0) == pytest.approx(100.0)
