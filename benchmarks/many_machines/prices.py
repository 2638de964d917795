"""What runs over many machines cost, by assumed prices."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields

__all__ = ["Bill", "Prices", "add_prices", "bill", "prices_of"]


@dataclass(frozen=True, slots=True)
class Prices:
    """Assumptions in US dollars, of the order of the large clouds' list prices of 2026; give your own."""

    core_hour: float = 0.042
    coordinator_hour: float = 0.40
    broker_hour: float = 0.10
    storage_gb_month: float = 0.023
    million_reads: float = 0.40
    million_writes: float = 5.0
    egress_gb: float = 0.0  # within one region; about 0.09 to other places


@dataclass(frozen=True, slots=True)
class Bill:
    """Dollars of a run; `storage_month` is what keeping the photos costs each month beside it."""

    workers: float
    coordinator: float
    requests: float
    egress: float
    storage_month: float

    @property
    def run(self) -> float:
        """All but keeping the photos."""
        return self.workers + self.coordinator + self.requests + self.egress


def bill(prices: Prices, *, photos: int, megabytes: float, fetches: float, core_hours: float, hours: float) -> Bill:
    """What a run costs.

    Args:
        prices: Assumptions.
        photos: Of the event.
        megabytes: Of a photo.
        fetches: How often each photo is fetched in both stages.
        core_hours: Of workers, busy or not.
        hours: From the begin to the end, of coordinator and broker.
    """
    gigabytes = photos * megabytes / 1000
    return Bill(
        workers=core_hours * prices.core_hour,
        coordinator=hours * (prices.coordinator_hour + prices.broker_hour),
        requests=photos * fetches / 1e6 * prices.million_reads + photos / 1000 / 1e6 * prices.million_writes,
        egress=gigabytes * fetches * prices.egress_gb,
        storage_month=gigabytes * prices.storage_gb_month,
    )


def add_prices(parser: argparse.ArgumentParser) -> None:
    """Add an option for each assumption."""
    group = parser.add_argument_group("assumed prices, in dollars")
    for field in fields(Prices):
        group.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=field.default, metavar="DOLLARS")


def prices_of(options: argparse.Namespace) -> Prices:
    """The prices of a command line that `add_prices` prepared."""
    return Prices(**{field.name: getattr(options, field.name) for field in fields(Prices)})
