"""Failures that only worker processes have: being killed, hanging, losing their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from curation import bootstrap
from curation.errors import RunInterruptedError, WeightsMissingError, WorkerError
from curation.settings import load_settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import FileStamp
from curation.workers import losses
from curation.workers.processes import ProcessPool
from curation.workers.worker_process import WorkerProcess
from tests.conftest import PROJECT_ROOT
from tests.integration import pool_tasks


def test_a_killed_and_a_hung_worker_fail_their_current_photo(tmp_path: Path) -> None:
    with ProcessPool(2, initializer=pool_tasks.set_up, initargs=(str(tmp_path),)) as pool:
        by_task = {outcome.task: outcome for outcome in pool.run(pool_tasks.picky, [0, 3, 4, 5, 6, 7], timeout_s=0.7)}
    killed, hung = by_task.pop(3).failure, by_task.pop(4).failure
    assert killed is not None and killed.kind == "killed" and "died" in killed.reason
    assert "alone: it ended with SIGKILL" in killed.reason
    assert hung is not None and hung.kind == "timeout" and "photo_timeout_s" in hung.reason
    assert "only waited" in hung.reason
    assert {task: outcome.result for task, outcome in by_task.items()} == {0: 0, 5: 5, 6: 6, 7: 7}


def test_the_task_behind_a_lost_one_is_done_by_another_worker(tmp_path: Path) -> None:
    tasks = [0, 3, 5, 6, 4, 7, 8, 9, 10]
    with ProcessPool(1, initializer=pool_tasks.set_up, initargs=(str(tmp_path),)) as pool:
        outcomes = list(pool.run(pool_tasks.picky, tasks, timeout_s=0.7))
    in_order = [0, 5, 6, 4, 7, 8, 9, 10, 3]
    assert [outcome.task for outcome in outcomes] == in_order, "in their order, each once, the deadly one at the end"
    lost = {outcome.task: outcome.failure.kind for outcome in outcomes if outcome.failure is not None}
    assert lost == {3: "killed", 4: "timeout"}
    assert len(list(tmp_path.iterdir())) == 3, "one worker, and one for each that was lost before the end"


def test_a_photo_whose_worker_dies_once_has_its_result_after_all(tmp_path: Path) -> None:
    (tmp_path / "workers").mkdir()
    tasks = [str(tmp_path / f"task{number}") for number in range(5)]
    for number in (0, 1, 3, 4):  # only the first worker of the third one dies
        Path(tasks[number]).touch()
    with ProcessPool(2, initializer=pool_tasks.set_up, initargs=(str(tmp_path / "workers"),)) as pool:
        outcomes = list(pool.run(pool_tasks.deadly_once, tasks))
    assert {outcome.task: outcome.result for outcome in outcomes} == {task: Path(task).name for task in tasks}
    assert outcomes[-1].task == tasks[2]


def test_a_crash_in_native_code_is_named_and_costs_its_photo_only(tmp_path: Path) -> None:
    with ProcessPool(1, initializer=pool_tasks.set_up, initargs=(str(tmp_path),)) as pool:
        outcomes = {outcome.task: outcome for outcome in pool.run(pool_tasks.crash, [0, 11, 6, 2])}
    reasons = {task: outcome.failure.reason for task, outcome in outcomes.items() if outcome.failure is not None}
    assert set(reasons) == {11, 6} and "SIGSEGV" in reasons[11] and "SIGABRT" in reasons[6]


def test_a_limit_counts_processor_time_and_not_the_clock(tmp_path: Path) -> None:
    with ProcessPool(2, initializer=pool_tasks.set_up, initargs=(str(tmp_path),)) as pool:
        outcomes = {
            outcome.task: outcome.failure for outcome in pool.run(pool_tasks.compute, [0.0, 60.0], timeout_s=0.4)
        }
        assert outcomes.pop(0.0) is None
        (busy,) = outcomes.values()
        assert busy is not None and busy.kind == "timeout" and "processor time" in busy.reason
        # A worker that is kept from its processor, as on a busy machine, is given up by no clock.
        (outcome,) = pool.run(pool_tasks.starved, [1.5], timeout_s=0.6)
    assert outcome.failure is None


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory of others is only told in /proc")
def test_a_photo_that_takes_too_much_memory_fails_and_no_other(tmp_path: Path) -> None:
    with ProcessPool(1, initializer=pool_tasks.set_up, initargs=(str(tmp_path),), memory_mb=300) as pool:
        outcomes = {outcome.task: outcome for outcome in pool.run(pool_tasks.take_memory, [1, 3000, 2])}
        # What is asked for all at once is refused at once.
        (refused,) = pool.run(pool_tasks.take_memory, [-3000])
    failure = outcomes.pop(3000).failure
    assert failure is not None and "memory" in failure.reason
    assert {task: outcome.result for task, outcome in outcomes.items()} == {1: 1, 2: 2}
    assert refused.failure is not None and "memory" in refused.failure.reason


@pytest.mark.parametrize("how", ["killed", "raises"])
def test_a_process_that_dies_while_it_starts_is_replaced(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "_FIRST_PAUSE_S", 0.02)
    with ProcessPool(2, initializer=pool_tasks.start_badly, initargs=(str(tmp_path), how, 3)) as pool:
        outcomes = list(pool.run(pool_tasks.pid_of, range(4)))
    assert len(outcomes) == 4 and all(outcome.failure is None for outcome in outcomes)


@pytest.mark.parametrize(("how", "said"), [("exits", "exit code 0"), ("raises", "ImportError: no module")])
def test_a_pool_whose_processes_never_start_says_which_one_and_why(
    tmp_path: Path, how: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "_FIRST_PAUSE_S", 0.02)
    with (
        ProcessPool(1, initializer=pool_tasks.start_badly, initargs=(str(tmp_path), how, 1000)) as pool,
        pytest.raises(WorkerError, match=rf"process \d+: .*{said}") as raised,
    ):
        list(pool.run(pool_tasks.pid_of, [1]))
    assert raised.value.exit_code == 5
    assert not _spawned()


def test_what_the_initializer_says_is_missing_ends_the_run_at_once(tmp_path: Path) -> None:
    with (
        ProcessPool(1, initializer=pool_tasks.start_badly, initargs=(str(tmp_path), "weights", 1000)) as pool,
        pytest.raises(WeightsMissingError, match="no weights"),
    ):
        list(pool.run(pool_tasks.pid_of, [1]))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_worker_has_its_next_task_before_its_last_outcome_is_used(tmp_path: Path) -> None:
    with ProcessPool(1, initializer=pool_tasks.set_up, initargs=(str(tmp_path),)) as pool:
        run = pool.run(pool_tasks.mark, [str(tmp_path / f"task{n}") for n in range(20)])
        next(run)
        # The caller does nothing: the worker goes on with what it has, which is two photos at a time.
        _until(lambda: (tmp_path / "task2").exists())
        time.sleep(0.3)
        assert not (tmp_path / "task4").exists()
        assert len(list(run)) == 19


def test_no_more_workers_than_tasks(tmp_path: Path) -> None:
    with ProcessPool(8, initializer=pool_tasks.set_up, initargs=(str(tmp_path),)) as pool:
        list(pool.run(pool_tasks.pid_of, [1, 2]))
    assert 1 <= len(list(tmp_path.iterdir())) <= 2


def test_a_worker_killed_while_idle_costs_at_most_one_task(tmp_path: Path) -> None:
    with ProcessPool(1, initializer=pool_tasks.set_up, initargs=(str(tmp_path),)) as pool:
        (first,) = pool.run(pool_tasks.pid_of, [1])
        assert first.result is not None
        os.kill(first.result, signal.SIGKILL)
        outcomes = list(pool.run(pool_tasks.pid_of, [1, 2, 3]))
    assert len(outcomes) == 3
    assert sum(outcome.failure is not None for outcome in outcomes) <= 1


def test_a_worker_killed_in_the_middle_of_its_result_costs_its_task(tmp_path: Path) -> None:
    with ProcessPool(1, initializer=pool_tasks.set_up, initargs=(str(tmp_path),)) as pool:
        outcomes = list(pool.run(pool_tasks.die_in_the_middle_of_the_result, range(4)))
    assert [(outcome.task, outcome.failure and outcome.failure.kind) for outcome in outcomes] == [
        (0, None),
        (2, None),
        (3, None),
        (1, "killed"),
    ]


# Ctrl-C comes when the main thread has just taken a lock of a future or of a queue, and would not give it back.
INTERRUPTED = """
import signal
import sys
import threading
from concurrent.futures import _base
from pathlib import Path
from tests.integration import pool_tasks
from curation.interrupts import Interrupts
from curation.workers import losses
from curation.workers.processes import ProcessPool

place = sys.argv[2]
calls = 0
main_thread = threading.get_ident()

def taking(take):
    def take_and_interrupt(self):
        global calls
        taken = take(self)
        if threading.get_ident() == main_thread and marks():
            calls += 1
            if calls == int(sys.argv[3]):
                signal.raise_signal(signal.SIGINT)
        return taken
    return take_and_interrupt

def marks():
    return place == "starting" or any(Path(sys.argv[1]).iterdir())

if __name__ == "__main__":
    Interrupts("it was ended, though it waited")
    pool = ProcessPool(2, initializer=pool_tasks.set_up, initargs=(sys.argv[1],))
    kind = _base._AcquireFutures if place == "waiting" else threading.Condition
    kind.__enter__ = taking(kind.__enter__)
    try:
        list(pool.run(pool_tasks.double, range(1000)))
    except KeyboardInterrupt:
        pool.close()
        print("closed")
"""


@pytest.mark.parametrize("place", ["starting", "submitting", "waiting"])
@pytest.mark.parametrize("nth", [1, 2, 5])
def test_a_pool_can_be_closed_wherever_its_run_was_interrupted(tmp_path: Path, place: str, nth: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    marks = tmp_path / "marks"
    marks.mkdir()
    done = subprocess.run(
        [sys.executable, str(script), str(marks), place, str(nth)],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("closed\n", "")
    assert done.returncode == 0


def test_processes_that_were_started_early_are_used_or_ended(tmp_path: Path) -> None:
    early = [WorkerProcess() for _ in range(3)]
    for process in early:
        process.start_early(["json"])
    before = set(_spawned())
    assert len(before) == 3
    with ProcessPool(3, initializer=pool_tasks.set_up, initargs=(str(tmp_path),), started=early) as pool:
        outcomes = list(pool.run(pool_tasks.pid_of, [1, 2]))
        assert {outcome.result for outcome in outcomes} <= before
        assert set(_spawned()) == before, "no others were started"
    assert not _spawned()


def test_a_process_that_was_started_early_and_died_is_replaced(tmp_path: Path) -> None:
    early = WorkerProcess()
    early.start_early(["no_module_of_this_name"])  # noticed only when the pool uses the process
    (pid,) = _spawned()
    os.kill(pid, signal.SIGKILL)
    _until(lambda: not _alive(pid))
    with ProcessPool(1, initializer=pool_tasks.set_up, initargs=(str(tmp_path),), started=[early]) as pool:
        (outcome,) = pool.run(pool_tasks.pid_of, [1])
    assert outcome.result != pid


@pytest.mark.parametrize(
    ("photos", "is_done", "expected"), [(5, False, 2), (1, False, 1), (5, True, 0), (None, False, 0)]
)
def test_workers_start_early_where_there_is_something_to_do(
    tmp_path: Path, photos: int | None, is_done: bool, expected: int
) -> None:
    if photos is not None:
        (tmp_path / "photos").mkdir()
    for number in range(photos or 0):
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(b"")
    if is_done:
        (tmp_path / "done").write_text("")
    settings = load_settings(
        None,
        default_root=tmp_path,
        overrides={
            "io": {"input_dir": tmp_path / "photos", "output_dir": tmp_path},
            "performance": {"workers": 2},
        },
    )
    started = bootstrap._started_early(settings, "done")
    assert len(started) == len(_spawned()) == expected
    for process in started:
        process.end(kill=True)


def _spawned() -> list[int]:
    return [child.pid for child in psutil.Process().children(recursive=True) if "spawn_main" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie of another test is listed, too
        return ""


def test_close_and_cancel_leave_no_child(tmp_path: Path) -> None:
    cancel = threading.Event()
    threading.Timer(2.0, cancel.set).start()
    pool = ProcessPool(2, initializer=pool_tasks.set_up, initargs=(str(tmp_path),))
    with pytest.raises(RunInterruptedError):
        list(pool.run(pool_tasks.sleepy, range(4), cancel=cancel))
    pool.close()
    assert not _spawned()


SCRIPT = """
import signal
import sys
from tests.integration import pool_tasks
from curation.workers import losses
from curation.workers.processes import ProcessPool

if __name__ == "__main__":
    # A shell that runs the tests in the background lets them and all that they start ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pool = ProcessPool(2, initializer=pool_tasks.set_up, initargs=(sys.argv[1],))
    list(pool.run(pool_tasks.sleepy, range(4)))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_when_their_parent_does(tmp_path: Path, how: signal.Signals) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    marks = tmp_path / "marks"
    marks.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    parent = subprocess.Popen(
        [sys.executable, str(script), str(marks)], env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    _until(lambda: len(list(marks.iterdir())) == 2)
    workers = [int(mark.name.removeprefix("worker_")) for mark in marks.iterdir()]
    os.kill(parent.pid, how)
    parent.wait(timeout=20)
    _until(lambda: not any(_alive(pid) for pid in workers))


KEEPER = """
import sys
from pathlib import Path
from tests.integration import pool_tasks
from curation.workers import losses
from curation.workers.processes import ProcessPool
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import FileStamp

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    store = AnalysisStore(folder / "state")
    pool = ProcessPool(2, initializer=pool_tasks.set_up, initargs=(str(folder / "workers"),))
    for outcome in pool.run(pool_tasks.mark, [str(folder / "done" / str(number)) for number in range(100_000)]):
        store.save_hash(FileStamp(Path(outcome.task), 1, 1), "sha256")
"""


def test_a_killed_parent_loses_only_what_was_in_flight(tmp_path: Path) -> None:
    for name in ("done", "workers"):
        (tmp_path / name).mkdir()
    script = tmp_path / "keeper.py"
    script.write_text(KEEPER)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    parent = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment, stderr=subprocess.DEVNULL)
    _until(lambda: len(list((tmp_path / "done").iterdir())) > 100)
    parent.kill()
    parent.wait(timeout=20)
    workers = [int(path.name.removeprefix("worker_")) for path in (tmp_path / "workers").iterdir()]
    _until(lambda: not any(_alive(pid) for pid in workers))
    done = list((tmp_path / "done").iterdir())
    with closing(AnalysisStore(tmp_path / "state")) as store:
        kept = store.known_hashes(FileStamp(path, 1, 1) for path in done)
    # Each worker may have two tasks, while the results of two before them are on their way into the store.
    assert 100 - 8 < len(kept) <= len(done) <= len(kept) + 8


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(condition: object, patience_s: float = 30) -> None:
    assert callable(condition)
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
