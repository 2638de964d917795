"""What may happen to photos that other machines work on; whatever it is, each ends exactly once."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from curation.errors import ObjectStorageUnavailableError, RunInterruptedError, WorkersMissingError
from curation.workers.distributed import dispatch, flights, muster
from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.roster import Roster
from tests.celery_workers import CeleryWorker, away, homeless, unfit, unheard
from tests.conftest import PROJECT_ROOT
from tests.integration import pool_tasks
from tests.integration.distributed.conftest import MakePool, StartWorker
from tests.processes import Run, wait_until


def test_a_photo_that_kills_its_workers_is_given_up_and_one_that_hangs_too(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool
) -> None:
    outcomes = list(make_pool(redis_url).run(pool_tasks.picky, [0, 3, 4, 5, 6, 7], timeout_s=1))
    by_task = {outcome.task: outcome for outcome in outcomes}
    assert len(outcomes) == len(by_task) == 6
    killed, hung = by_task.pop(3).failure, by_task.pop(4).failure
    assert killed is not None and (killed.kind, killed.reason[:18]) == ("killed", "3 worker processes")
    assert hung is not None and (hung.kind, hung.reason[:19]) == ("timeout", "given up after 1 s ")
    assert {task: outcome.result for task, outcome in by_task.items()} == {0: 0, 5: 5, 6: 6, 7: 7}


def test_a_killed_child_costs_no_photo(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool, tmp_path: Path
) -> None:
    paths = [str(tmp_path / f"photo{n}") for n in range(4)]
    outcomes = list(make_pool(redis_url).run(pool_tasks.deadly_once, paths, timeout_s=20))
    assert sorted((outcome.task, outcome.result) for outcome in outcomes) == [(p, Path(p).name) for p in paths]


def test_a_lost_answer_is_missed_soon(redis_url: str, worker: CeleryWorker, make_pool: MakePool) -> None:
    begun = time.monotonic()
    outcomes = list(make_pool(redis_url).run(unheard, [1, 2, 3], timeout_s=100))
    assert sorted((outcome.task, outcome.result) for outcome in outcomes) == [(1, 2), (2, 4), (3, 6)]
    assert time.monotonic() - begun < 15, "long before the lease ends"


def test_a_task_that_is_delivered_twice_ends_once(redis_url: str, worker: CeleryWorker, make_pool: MakePool) -> None:
    tasks = [[0.05, n] for n in range(30)]
    counts: Counter[float] = Counter()
    with redis.Redis.from_url(redis_url) as client:
        for outcome in make_pool(redis_url, ahead=8).run(pool_tasks.slow, tasks, timeout_s=20):
            counts[outcome.task[1]] += 1
            for key in client.scan_iter("curation.tasks.*"):
                for message in client.lrange(key, 0, 1):
                    client.lpush(key, message)
    assert counts == dict.fromkeys(range(30), 1)


def test_a_straggler_is_given_to_a_second_worker(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flights, "_STRAGGLER_MIN_S", 0.5)
    (tmp_path / "quick").touch()
    begun = time.monotonic()
    paths = [str(tmp_path / name) for name in ("quick", "slow")]
    outcomes = list(make_pool(redis_url).run(pool_tasks.slow_once, paths, timeout_s=40))
    assert {outcome.result for outcome in outcomes} == {"quick", "slow"} and len(outcomes) == 2
    assert time.monotonic() - begun < 20
    # The first copy is still being worked on; it must not hold up the next test.
    for child in worker.children():
        child.kill()


def test_storage_that_is_away_is_never_the_fault_of_the_photo(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_TRANSPORT_PAUSE_S", 0.01)
    outcomes = list(make_pool(redis_url).run(away, [0, 5, 2]))
    assert sorted((outcome.task, outcome.result) for outcome in outcomes) == [(0, 0), (2, 4), (5, 10)]
    with pytest.raises(
        ObjectStorageUnavailableError, match=r"worker steady@test could not reach .*the storage is away"
    ):
        list(make_pool(redis_url, patience_s=0.2).run(away, [50]))


def test_a_worker_whose_folder_vanishes_gives_its_tasks_back_until_it_is_there_again(
    redis_url: str,
    worker: CeleryWorker,
    make_pool: MakePool,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(dispatch, "_TRANSPORT_PAUSE_S", 0.05)
    caplog.set_level("INFO")
    start_worker(redis_url, name="loses")
    is_away = tmp_path / "prepared" / "loses@test"

    def told(words: str) -> int:
        return caplog.text.count(f"worker loses@test takes {words}")

    def tasks() -> Iterator[int]:
        number = 0
        for words, often in (("part:", 1), ("no part", 1), ("part:", 2)):
            wait = time.monotonic() + 30
            while told(words) < often and time.monotonic() < wait:
                number += 1
                time.sleep(0.02)
                yield number
            if is_away.exists():
                is_away.unlink()
            elif not told("no part"):
                is_away.touch()

    outcomes = [(outcome.task, outcome.result) for outcome in make_pool(redis_url).run(homeless, tasks())]
    assert sorted(outcomes) == [(number, 2 * number) for number in range(1, len(outcomes) + 1)]
    assert told("part: 1 processes") == 2 and told("no part yet: its folder of photos is away")


def test_a_folder_that_all_workers_lost_ends_the_run_with_the_reason(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dispatch, "_HOPELESS_S", 0.5)

    def tasks() -> Iterator[int]:
        yield 1
        (tmp_path / "prepared" / worker.name).touch()
        yield from range(2, 20)

    with pytest.raises(WorkersMissingError, match="steady@test: its folder of photos is away"):
        list(make_pool(redis_url, ahead=1).run(homeless, tasks()))


def test_a_photo_that_nobody_can_read_costs_no_worker_its_part(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool, tmp_path: Path
) -> None:
    pool = make_pool(redis_url, gone="the photo is gone")
    (tmp_path / "prepared" / f"{worker.name}-7").touch()
    by_task = {outcome.task: outcome for outcome in pool.run(homeless, range(10))}
    failure = by_task.pop(7).failure
    assert failure is not None and failure.reason == "the photo is gone"
    assert {task: outcome.result for task, outcome in by_task.items()} == {n: 2 * n for n in range(10) if n != 7}


def test_workers_that_cannot_do_the_work_are_named(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_HOPELESS_S", 0.3)
    with pytest.raises(WorkersMissingError, match="steady@test: it has no weights for this"):
        list(make_pool(redis_url).run(unfit, [1, 2]))
    with pytest.raises(WorkersMissingError, match="steady@test: no folder event_images"):
        list(make_pool(redis_url, lacks="no folder event_images").run(pool_tasks.double, [1, 2]))


def test_without_workers(redis_process: object, make_pool: MakePool) -> None:
    url = f"redis://127.0.0.1:{redis_process.address.port}/0"  # type: ignore[attr-defined]
    with pytest.raises(WorkersMissingError, match="python -m curation worker"):
        list(make_pool(url, patience_s=1).run(pool_tasks.double, [1, 2]))


def test_a_worker_of_another_version_is_refused_by_name(
    redis_url: str,
    worker: CeleryWorker,
    make_pool: MakePool,
    start_worker: StartWorker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    start_worker(redis_url, name="old", version="0.0.1")
    outcomes = list(make_pool(redis_url).run(pool_tasks.slow, [[0.1, n] for n in range(12)]))
    assert len(outcomes) == 12
    wait_until(lambda: "old@test takes no part: it is version 0.0.1" in caplog.text, "the refusal")


def test_cancelled_soon_and_nothing_is_left(redis_url: str, worker: CeleryWorker, make_pool: MakePool) -> None:
    cancel = threading.Event()
    pool = make_pool(redis_url, ahead=10)
    threading.Timer(0.7, cancel.set).start()
    begun = time.monotonic()
    with pytest.raises(RunInterruptedError):
        list(pool.run(pool_tasks.slow, [[1.0, n] for n in range(50)], timeout_s=30, cancel=cancel))
    assert time.monotonic() - begun < 3
    pool.close()
    assert time.monotonic() - begun < 5
    with redis.Redis.from_url(redis_url) as client:
        assert not list(client.scan_iter("curation.tasks.*"))
        left = [client.ttl(key) for key in client.scan_iter("curation.*", _type="list")]
        assert all(seconds != -1 and seconds <= 300 for seconds in left), "late answers expire"


def test_ctrl_c_ends_soon_and_leaves_no_tasks(redis_url: str, worker: CeleryWorker, tmp_path: Path) -> None:
    program = "tests.integration.distributed.parent"
    run = Run([sys.executable, "-m", program, redis_url, tmp_path], cwd=PROJECT_ROOT, variables={})
    wait_until(lambda: (tmp_path / "seen2").exists(), "some results")
    begun = time.monotonic()
    run.send(signal.SIGINT)
    assert run.finish(30).code == 130
    assert time.monotonic() - begun < 5
    with redis.Redis.from_url(redis_url) as client:
        assert not list(client.scan_iter("curation.tasks.*"))


def test_what_a_killed_parent_leaves_expires_and_holds_nobody_up(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool, tmp_path: Path
) -> None:
    program = "tests.integration.distributed.parent"
    run = Run([sys.executable, "-m", program, redis_url, tmp_path], cwd=PROJECT_ROOT, variables={})
    wait_until(lambda: (tmp_path / "seen2").exists(), "some results")
    run.send(signal.SIGKILL)
    run.finish(30)
    with redis.Redis.from_url(redis_url) as client:
        # As Redis gives back what a killed worker had, when its run is over.
        client.lpush("curation.tasks.left", "task")
        outcomes = list(make_pool(redis_url).run(pool_tasks.double, range(4), timeout_s=20))
        assert len(outcomes) == 4
        left = {key: client.ttl(key) for key in client.scan_iter("curation.*", _type="list")}
    assert b"curation.tasks.left" in left
    assert -1 not in left.values(), f"each has an end (-2: it is gone already): {left}"


def test_functions_that_workers_do_not_know_run_here(redis_url: str, make_pool: MakePool) -> None:
    pool_tasks.state["set_up"] = 0
    outcomes = list(make_pool(redis_url, only=(pool_tasks.picky,)).run(pool_tasks.double, [1, 2]))
    assert [outcome.result for outcome in outcomes] == [2, 4], "without a worker"


def test_a_worker_that_is_told_to_end_finishes_its_photos(
    redis_url: str, worker: CeleryWorker, make_pool: MakePool, start_worker: StartWorker
) -> None:
    leaving = start_worker(redis_url, name="leaving", processes=2)
    seen: list[float | None] = []
    codes: list[int] = []
    ending = threading.Thread(target=lambda: codes.append(leaving.terminate()))
    for outcome in make_pool(redis_url).run(pool_tasks.slow, [[0.2, n] for n in range(16)], timeout_s=20):
        seen.append(outcome.result)
        if len(seen) == 5:
            ending.start()
    ending.join()
    assert (Counter(seen), codes) == (Counter(range(16)), [0])


def test_a_machine_that_dies(
    redis_url: str,
    worker: CeleryWorker,
    make_pool: MakePool,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(muster, "SILENT_S", 2.5)
    dying = start_worker(redis_url, name="dying", processes=2)
    seen: list[float | None] = []
    for outcome in make_pool(redis_url).run(pool_tasks.slow, [[0.2, n] for n in range(14)], timeout_s=60):
        seen.append(outcome.result)
        if len(seen) == 5:
            dying.kill()
    assert Counter(seen) == Counter(range(14))


def test_the_roster(redis_url: str, worker: CeleryWorker, make_pool: MakePool) -> None:
    roster = Roster(BrokerOptions(redis_url))
    try:
        run = make_pool(redis_url).run(pool_tasks.slow, [[0.0, 0], [1.0, 1], [1.0, 2]], timeout_s=20)
        next(run)
        wait_until(lambda: any(state.current for state in roster.workers()), "a worker at work")
        state = next(state for state in roster.workers() if state.facts.name == "steady@test")
        assert (state.facts.name, state.facts.processes, state.refused) == ("steady@test", 2, "")
        assert {task.label for task in state.current} <= {"task [1.0, 1]", "task [1.0, 2]"}
        assert {task.function for task in state.current} == {"slow"}
        assert len(list(run)) == 2
        wait_until(lambda: max(each.done for each in roster.workers()) >= state.done + 2, "the count", 10)
    finally:
        roster.close()
