"""One long call in a process of its own: what it tells and returns, its limits, and that it can be killed."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.errors import ClipUnreadableError, CurationError, RunInterruptedError, WorkerError
from curation.workers.alone import AloneLimits, run_alone
from tests.processes import is_running, wait_until

Tell = Callable[[Any], None]


def counts(count: int, tell: Tell) -> int:
    for number in range(count):
        tell(number)
    return os.getpid()


def refuses(tell: Tell) -> None:
    raise ClipUnreadableError("the film is cut off")


def is_buggy(tell: Tell) -> None:
    raise ZeroDivisionError("by nothing")


def is_stuck(tell: Tell) -> None:
    tell(os.getpid())
    re.match(r"(a|a)*b", "a" * 64)  # keeps all threads from running, in native code


def is_asleep(tell: Tell) -> None:
    tell(os.getpid())
    time.sleep(3600)


def gets_on(tell: Tell) -> str:
    for seconds in (0.8, 1.6, 2.2):
        while time.process_time() < seconds:
            pass
        tell("on")
    return "done"


def dies_once(marker: Path, tell: Tell) -> str:
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def dies(tell: Tell) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def takes_memory(tell: Tell) -> int:
    return len(bytearray(2**30))


def refused(why: str) -> CurationError:
    return ClipUnreadableError(why)


def run(function: Callable[..., Any], *args: Any, tell: Tell = lambda told: None, **limits: Any) -> Any:
    return run_alone(
        function, *args, tell=tell, cancel=threading.Event(), refusal=refused, limits=AloneLimits(**limits)
    )


def test_what_it_tells_and_returns_comes_back_and_nothing_stays() -> None:
    told: list[int] = []
    pid = run(counts, 5, tell=told.append)
    assert told == [0, 1, 2, 3, 4] and pid != os.getpid()
    wait_until(lambda: not is_running(pid), "it has ended")


def test_its_errors_come_back() -> None:
    with pytest.raises(ClipUnreadableError, match="cut off"):
        run(refuses)
    with pytest.raises(WorkerError, match="ZeroDivisionError: by nothing"):
        run(is_buggy)


def test_what_does_not_get_on_is_given_up_and_what_gets_on_is_not(tmp_path: Path) -> None:
    pids: list[int] = []
    with pytest.raises(ClipUnreadableError, match="1 s of processor time"):
        run(is_stuck, tell=pids.append, cpu_s=1)
    with pytest.raises(ClipUnreadableError, match="hanging"):
        run(is_asleep, tell=pids.append, wall_s=0.3)
    assert run(gets_on, cpu_s=1) == "done"
    wait_until(lambda: not any(map(is_running, pids)), "they have ended")


def test_whose_process_dies_once_is_begun_anew(tmp_path: Path) -> None:
    assert run(dies_once, tmp_path / "marker") == "done"
    with pytest.raises(ClipUnreadableError, match="crashed"):
        run(dies)
    with pytest.raises((ClipUnreadableError, WorkerError), match=r"memory|MemoryError"):
        run(takes_memory, memory_mb=512)


@pytest.mark.parametrize("function", [is_stuck, is_asleep])
def test_it_is_killed_at_once_when_it_is_not_wanted_any_more(function: Callable[..., Any]) -> None:
    cancel = threading.Event()
    pids: list[int] = []

    def tell(pid: int) -> None:
        pids.append(pid)
        cancel.set()

    began = time.monotonic()
    with pytest.raises(RunInterruptedError):
        run_alone(function, tell=tell, cancel=cancel, refusal=refused)
    assert time.monotonic() - began < 30
    wait_until(lambda: not is_running(pids[0]), "it has ended")
