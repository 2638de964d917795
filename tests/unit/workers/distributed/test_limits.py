from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from curation.workers import use
from curation.workers.distributed.worker.limits import LIMIT_HEADER, ChildLimits, clock_limit_s


@dataclass(slots=True)
class _Request:
    """What is used of a request of Celery."""

    id: str
    worker_pid: int | None
    request_dict: dict[str, Any] = field(default_factory=lambda: {LIMIT_HEADER: 5.0})


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> dict[int, use._Use]:
    made: dict[int, use._Use] = {}
    monkeypatch.setattr(use, "_use_of", made.get)
    return made


def test_a_child_is_measured_from_the_beginning_of_its_task(used: dict[int, use._Use]) -> None:
    limits = ChildLimits()
    used[7] = use._Use(100.0, True, 50.0)
    first = _Request("run/1/0", 7)
    assert limits.passed([first, _Request("run/2/0", None)]) == []
    used[7] = use._Use(104.0, True, 50.0)
    assert limits.passed([first]) == []
    # The same child has the next task: what it used before does not count.
    second = _Request("run/3/0", 7)
    assert limits.passed([second]) == []
    used[7] = use._Use(108.0, True, 50.0)
    assert limits.passed([second]) == []
    used[7] = use._Use(110.0, True, 50.0)
    ((request, passed),) = limits.passed([second])
    assert request is second and passed.kind == "computed"


def test_a_task_without_a_limit_is_only_measured_for_memory(used: dict[int, use._Use]) -> None:
    limits = ChildLimits()
    request = _Request("run/1/0", 7, {})
    used[7] = use._Use(0.0, True, 50.0)
    limits.passed([request])
    used[7] = use._Use(1e6, True, 50.0)
    assert limits.passed([request]) == []
    used[7] = use._Use(1e6, True, 1e9)
    ((_, passed),) = limits.passed([request])
    assert passed.kind == "memory"


def test_the_limit_by_the_clock_is_far_behind() -> None:
    assert clock_limit_s(120) >= 10 * 120
