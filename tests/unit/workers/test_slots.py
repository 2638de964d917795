from __future__ import annotations

from concurrent.futures import Future
from typing import cast

import pytest

from curation.workers import use
from curation.workers.slots import STARTUP_TIMEOUT_S, Flight, Slot
from curation.workers.use import WAITS_FACTOR, Meter, Overrun
from curation.workers.worker_process import WorkerProcess


class _Machine:
    """A clock, and what one process has used."""

    running_pid = 7

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.use: use._Use | None = use._Use(50.0, True, 100.0)

    def monotonic(self) -> float:
        return self.now_s

    def passes(self, seconds: float, *, cpu_s: float = 0.0, is_running: bool = False, memory_mb: float = 100.0) -> None:
        assert self.use is not None
        self.now_s += seconds
        self.use = use._Use(self.use.cpu_s + cpu_s, is_running, memory_mb)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> _Machine:
    made = _Machine()
    monkeypatch.setattr(use, "time", made)
    monkeypatch.setattr(use, "_use_of", lambda pid: made.use)
    return made


@pytest.fixture
def slot(machine: _Machine) -> Slot[str]:
    return Slot(cast(WorkerProcess, machine))


def test_without_calls_there_is_no_limit(slot: Slot[str], machine: _Machine) -> None:
    machine.passes(1e6, cpu_s=1e6)
    assert slot.overrun(5.0, 50.0) is None
    assert not slot.is_starting


def test_a_start_has_its_own_limit(slot: Slot[str], machine: _Machine) -> None:
    slot.add(Flight(Future(), None, is_start=True))
    assert slot.is_starting
    machine.passes(100, cpu_s=STARTUP_TIMEOUT_S - 1)
    assert slot.overrun(5.0, None) is None
    machine.passes(2, cpu_s=2)
    passed = slot.overrun(5.0, None)
    assert passed is not None and (passed.kind, passed.limit) == ("computed", STARTUP_TIMEOUT_S)


def test_what_is_measured_begins_when_a_call_becomes_the_first(slot: Slot[str], machine: _Machine) -> None:
    first, second = Flight[str](Future(), "a"), Flight[str](Future(), "b")
    machine.passes(10, cpu_s=10)
    slot.add(first)
    slot.add(second)
    machine.passes(4, cpu_s=4, is_running=True)
    assert slot.overrun(5.0, None) is None
    assert slot.pop() is first
    machine.passes(4, cpu_s=4, is_running=True)
    assert slot.overrun(5.0, None) is None
    machine.passes(2, cpu_s=2, is_running=True)
    assert slot.overrun(5.0, None) == Overrun("computed", 6.0, 5.0)
    assert slot.overrun(None, None) is None
    second.future.set_result("b")
    assert slot.overrun(5.0, None) is None, "it is done"


def test_a_process_that_gets_no_processor_is_not_given_up(machine: _Machine) -> None:
    meter = Meter(7)
    for _ in range(1000):
        machine.passes(1.0, cpu_s=0.004, is_running=True)
        assert meter.look(5.0) is None


def test_a_process_that_only_waits_is_given_up_later(machine: _Machine) -> None:
    meter = Meter(7)
    looked = 0
    while meter.look(5.0) is None:
        machine.passes(0.2)
        looked += 1
        assert looked < 1000
    assert 0.2 * looked == pytest.approx(WAITS_FACTOR * 5.0, abs=0.5)


def test_time_in_which_nobody_looked_hardly_counts_as_waiting(machine: _Machine) -> None:
    meter = Meter(7)
    machine.passes(3600)
    assert meter.look(5.0) is None


def test_memory_has_a_limit(machine: _Machine) -> None:
    meter = Meter(7)
    machine.passes(1, memory_mb=900)
    assert meter.look(None, 1000) is None
    machine.passes(1, memory_mb=1100)
    assert meter.look(None, 1000) == Overrun("memory", 1100, 1000)


def test_where_nothing_is_told_the_clock_counts(machine: _Machine) -> None:
    machine.use = None
    meter = Meter(7)
    machine.now_s += 4
    assert meter.look(5.0, 1.0) is None
    machine.now_s += 2
    passed = meter.look(5.0, 1.0)
    assert passed is not None and passed.kind == "computed"


def test_a_setting_wins_over_the_memory_of_the_machine() -> None:
    assert use.most_memory_mb(777) == 777
    there = use.most_memory_mb(0)
    assert there is None or there > 100
