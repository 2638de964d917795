from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from curation.decoders import GivenUp, decoded, decoders_here, decoders_set
from curation.errors import DecodersBusyError, PhotoDamagedError, PhotoUnreadableError, TileNotFoundError
from curation.workers.decoders.limits import DecoderLimits, Holding
from curation.workers.decoders.pool import DecoderPool
from tests.processes import is_running

LONG_S = 60.0  # a busy machine takes its time; what hangs takes longer
_held = bytearray()


def pid_of(_: object = None) -> int:
    return os.getpid()


def damaged() -> None:
    raise PhotoDamagedError("half of it is missing", "cut off", "the upper half")


def missing() -> None:
    raise TileNotFoundError("no such tile")


def buggy() -> None:
    raise ZeroDivisionError("by nothing")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_once(path: str) -> str:
    if not os.path.exists(path):  # noqa: PTH110 - a call for a child
        with open(path, "w"):  # noqa: PTH123
            os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def busy(seconds: float) -> str:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return "done"


def asleep(seconds: float) -> str:
    time.sleep(seconds)
    return "rested"


def greedy() -> int:
    return len(bytearray(3_000_000_000))


def let_go(_: int) -> Holding:
    _held.clear()
    return Holding(None, 0, let_go)


def hold(size: int) -> Holding:
    _held[:] = bytes(size)
    return Holding(os.getpid(), len(_held), let_go)


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    limits = DecoderLimits(
        processes=2, cpu_s=2, wall_s=LONG_S, memory_mb=1024, held_mb=5, waiting=8, slow_s=0.5, imports=()
    )
    with DecoderPool(limits) as made:
        yield made


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(24) as made:
        yield made


def test_calls_are_carried_out_elsewhere_and_errors_come_back_as_they_are(pool: DecoderPool) -> None:
    assert pool.run(pid_of) != os.getpid()
    with pytest.raises(PhotoDamagedError, match="half of it") as error:
        pool.run(damaged)
    assert (error.value.kind, error.value.good) == ("cut off", "the upper half")
    with pytest.raises(TileNotFoundError):
        pool.run(missing)
    with pytest.raises(PhotoUnreadableError, match="ZeroDivisionError"):
        pool.run(buggy)
    with pytest.raises(PhotoUnreadableError, match="more than 1024 MB"):
        pool.run(greedy)


def test_what_takes_too_long_is_killed_and_not_tried_again(pool: DecoderPool) -> None:
    began = time.monotonic()
    with pytest.raises(PhotoUnreadableError, match="more than 2 s of processor time"):
        pool.run(busy, (1000.0,), about="a bomb")
    first_s = time.monotonic() - began
    began = time.monotonic()
    with pytest.raises(PhotoUnreadableError, match="more than 2 s of processor time"):
        pool.run(pid_of, about="a bomb")
    assert time.monotonic() - began < first_s / 2
    assert pool.run(pid_of, about="another picture") > 0


def test_a_decoder_that_is_killed_costs_nobody_anything_unless_it_was_the_picture(
    pool: DecoderPool, tmp_path: Any
) -> None:
    assert pool.run(killed_once, (str(tmp_path / "mark"),)) == "done"
    with pytest.raises(PhotoUnreadableError, match="crashed"):
        pool.run(killed)
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    assert pool.run(pid_of) > 0


def test_slow_calls_stop_nobody_else_and_end_all_the_same(pool: DecoderPool, threads: ThreadPoolExecutor) -> None:
    gone = GivenUp()
    endless = [threads.submit(pool.run, asleep, (1000.0,), gone=gone) for _ in range(2)]
    eventually(lambda: sum(process.call is not None for process in pool._processes) == 2)
    slow = threads.submit(pool.run, asleep, (1.0,))
    quick = [threads.submit(pool.run, pid_of) for _ in range(5)]
    assert all(call.result(LONG_S) for call in quick)
    assert not any(call.done() for call in endless)
    gone.set()
    assert all(isinstance(call.exception(LONG_S), DecodersBusyError) for call in endless)
    assert slow.result(LONG_S) == "rested"


def test_too_many_calls_are_refused_and_nothing_is_forgotten(pool: DecoderPool, threads: ThreadPoolExecutor) -> None:
    calls = [threads.submit(pool.run, asleep, (0.3,)) for _ in range(20)]
    errors = [call.exception(LONG_S) for call in calls]
    refused = [error for error in errors if error is not None]
    assert 0 < len(refused) < 20
    assert all(isinstance(error, DecodersBusyError) for error in refused)


def test_what_nobody_wants_any_more_is_given_up(pool: DecoderPool, threads: ThreadPoolExecutor) -> None:
    gone = GivenUp()
    call: Future[Any] = threads.submit(pool.run, asleep, (1000.0,), gone=gone)
    eventually(lambda: any(process.call is not None for process in pool._processes))
    gone.set()
    assert isinstance(call.exception(LONG_S), DecodersBusyError)
    with pytest.raises(DecodersBusyError):
        pool.run(pid_of, gone=gone)


def test_what_is_kept_is_found_again_and_given_back_in_time(pool: DecoderPool, threads: ThreadPoolExecutor) -> None:
    both = [threads.submit(pool.run, asleep, (1.0,)) for _ in range(4)]
    assert [call.result(LONG_S) for call in both] == ["rested"] * 4
    first = pool.run(hold, (4_000_000,), home="first")
    assert [pool.run(pid_of, home="first") for _ in range(3)] == [first] * 3
    second = pool.run(hold, (4_000_000,), home="second")
    assert second != first
    eventually(lambda: pool.held_bytes == 4_000_000)
    assert pool.run(pid_of, home="second") == second


def test_idle_processes_end_and_others_start_when_they_are_needed() -> None:
    with DecoderPool(DecoderLimits(processes=2, idle_s=0.2, imports=())) as pool:
        assert pool.pids == ()
        first = pool.run(pid_of)
        eventually(lambda: pool.pids == () and not is_running(first))
        assert pool.run(pid_of) != first


def test_a_process_that_was_started_before_it_is_needed_takes_the_first_call_and_stays() -> None:
    with DecoderPool(DecoderLimits(processes=2, idle_s=0.2, kept=1, imports=())) as pool:
        pool.start_one()
        (pid,) = pool.pids
        assert pool.run(pid_of) == pid
        with ThreadPoolExecutor(2) as both:
            assert [call.result(LONG_S) for call in [both.submit(pool.run, asleep, (0.3,)) for _ in range(2)]]
        eventually(lambda: len(pool.pids) == 1)
        time.sleep(0.6)
        assert len(pool.pids) == 1
    with pytest.raises(DecodersBusyError, match="ending"):
        pool.start_one()


def test_the_end_waits_for_nobody(threads: ThreadPoolExecutor) -> None:
    pool = DecoderPool(DecoderLimits(processes=2, imports=()))
    calls = [threads.submit(pool.run, asleep, (1000.0,)) for _ in range(4)]
    eventually(lambda: sum(process.call is not None for process in pool._processes) == 2)
    pids = pool.pids
    pool.close(LONG_S)
    assert all(isinstance(call.exception(LONG_S), DecodersBusyError) for call in calls)
    assert not any(map(is_running, pids))
    with pytest.raises(DecodersBusyError, match="ending"):
        pool.run(pid_of)


def test_this_process_decodes_in_itself_unless_it_has_decoders(pool: DecoderPool) -> None:
    assert decoders_here() is None
    assert decoded(pid_of) == os.getpid()
    with decoders_set(pool):
        assert decoded(pid_of) != os.getpid()
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(decoded(pid_of)))
        thread.start()
        thread.join()
        assert found[0] != os.getpid()
    assert decoded(pid_of) == os.getpid()
