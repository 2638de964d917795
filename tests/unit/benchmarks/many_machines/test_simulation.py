from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.many_machines.simulation import Machinery, simulate

MACHINERY = Machinery(
    fetch_s=0.0,
    megabytes=1.0,
    storage_mb_per_s=1e6,
    connection_mb_per_s=1e6,
    compute_s=0.1,
    compute_variation=0.0,
    broker_s=1e-6,
    coordinator_s=1e-6,
    ahead=3,
)


@pytest.mark.parametrize("processes", [1, 10, 100])
def test_nothing_is_narrow_but_the_workers(processes: int) -> None:
    found = simulate(MACHINERY, processes)
    assert found.photos_per_s == pytest.approx(10 * processes, rel=0.06)
    assert found.narrowest == "workers"


@pytest.mark.parametrize(
    ("part", "change", "most_per_s"),
    [
        ("coordinator", {"coordinator_s": 0.01}, 100),
        ("broker", {"broker_s": 0.02}, 50),
        ("storage", {"storage_mb_per_s": 25.0}, 25),
    ],
)
def test_the_narrowest_part_decides(part: str, change: dict[str, Any], most_per_s: float) -> None:
    found = simulate(replace(MACHINERY, **change), 200)
    assert found.photos_per_s == pytest.approx(most_per_s, rel=0.05)
    assert found.narrowest == part
    assert found.busy[part] > 0.95


def test_photos_that_are_sent_ahead_hide_the_way() -> None:
    slow = replace(MACHINERY, broker_s=0.05, coordinator_s=0.05)
    assert simulate(replace(slow, ahead=1), 1).photos_per_s < 0.6 * simulate(slow, 1).photos_per_s


def test_the_same_every_time() -> None:
    varied = replace(MACHINERY, compute_variation=0.3)
    assert simulate(varied, 7) == simulate(varied, 7)
