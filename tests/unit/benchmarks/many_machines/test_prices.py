from __future__ import annotations

import argparse

import pytest

from benchmarks.many_machines.prices import Prices, add_prices, bill, prices_of


def test_a_bill_by_hand() -> None:
    prices = Prices(core_hour=0.05, coordinator_hour=0.3, broker_hour=0.2, egress_gb=0.1)
    found = bill(prices, photos=1_000_000, megabytes=5.0, fetches=2.0, core_hours=100.0, hours=4.0)
    assert found.workers == pytest.approx(5.0)
    assert found.coordinator == pytest.approx(2.0)
    assert found.requests == pytest.approx(0.8 + 0.005)
    assert found.egress == pytest.approx(1000.0)
    assert found.storage_month == pytest.approx(115.0)
    assert found.run == pytest.approx(5 + 2 + 0.805 + 1000)


def test_each_price_is_an_option() -> None:
    parser = argparse.ArgumentParser()
    add_prices(parser)
    assert prices_of(parser.parse_args([])) == Prices()
    assert prices_of(parser.parse_args(["--core-hour", "1.5"])).core_hour == 1.5
