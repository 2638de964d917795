"""The plan's arithmetic, by made-up measurements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.many_machines.costs import PhotoCosts
from benchmarks.many_machines.growth import Growth
from benchmarks.many_machines.prices import Prices
from benchmarks.scale_plan import Measured, breaks, plan_for

COSTS = PhotoCosts(
    photos=10,
    photo_mb=5.0,
    faces=2.0,
    analyse_s=0.2,
    score_s=0.1,
    variation=0.2,
    analyse_kb=40.0,
    score_kb=2.0,
    read_s=0.001,
    save_s=0.001,
    store_kb=40.0,
)
MEASURED = Measured(COSTS, 0.005, 0.0004, 700.0, Growth(0.0, 1e-4, 5e-9, 1e5), Growth(80.0, 0.004, 0.0, 1e5))


def test_small_events_need_few_processes() -> None:
    plan = plan_for(10_000, MEASURED, Prices())
    assert plan.processes == 2
    assert plan.narrowest == "workers"
    assert plan.photos_h == pytest.approx(10_000 * (0.3 + 2 * 0.113) / 2 / 3600, rel=0.1)
    assert plan.store_gb == pytest.approx(0.4)


def test_more_processes_than_the_coordinator_feeds_are_not_asked_for() -> None:
    plan = plan_for(10_000_000, MEASURED, Prices())
    assert plan.narrowest == "coordinator"
    assert plan.photos_per_s == pytest.approx(200, rel=0.1)
    assert plan.processes <= 512


def test_what_breaks_first_comes_first() -> None:
    found = breaks(MEASURED)
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert "grouping takes" in found[0][1]
    slow = replace(MEASURED, coordinator_s=5.0)
    assert "the coordinator alone" in breaks(slow)[0][1]
