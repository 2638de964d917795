from __future__ import annotations

from concurrent.futures import Future
from typing import cast

import pytest

from curation.workers import slots
from curation.workers.slots import STARTUP_TIMEOUT_S, Flight, Slot
from curation.workers.worker_process import WorkerProcess


class _Clock:
    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def time(self) -> float:
        return 1_800_000_000 + self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr(slots, "time", made)
    return made


@pytest.fixture
def slot(clock: _Clock) -> Slot[str]:
    return Slot(cast(WorkerProcess, None))


def test_without_calls_there_is_no_deadline(slot: Slot[str]) -> None:
    assert slot.deadline(5.0) is None
    assert not slot.is_starting


def test_a_start_has_its_own_limit(slot: Slot[str]) -> None:
    slot.add(Flight(Future(), None, is_start=True))
    assert slot.is_starting
    assert slot.deadline(None) == slot.deadline(5.0) == 1000.0 + STARTUP_TIMEOUT_S


def test_the_time_of_a_call_begins_when_it_becomes_the_first(slot: Slot[str], clock: _Clock) -> None:
    first, second = Flight[str](Future(), "a"), Flight[str](Future(), "b")
    clock.now_s = 1010.0
    slot.add(first)
    clock.now_s = 1012.0
    slot.add(second)
    assert slot.deadline(5.0) == 1015.0
    clock.now_s = 1014.0
    assert slot.pop() is first
    assert slot.deadline(5.0) == 1019.0
    assert slot.deadline(None) is None
    assert slot.pop() is second
    assert slot.deadline(5.0) is None
