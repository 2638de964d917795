"""Stopping a job whose worker processes are deep in their work."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.jobs.job import JobState, Stage
from curation.jobs.runner import JobRunner
from curation.jobs.stage_runs import stage_runs
from curation.jobs.store import JobStore
from curation.storage.locks import hold_output
from curation.workers.pool import TaskPool
from curation.workers.processes import ProcessPool
from curation.workflow import WorkflowOrchestrator, WorkflowParts
from tests.fake_workflow import FakeEvent, fake_event
from tests.integration.slow_workers import SLEEP_S, set_up

START_S = 60.0
STOP_S = 20.0
"""Far more than it takes, so that a busy machine fails no test; far less than the workers sleep."""


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path) as event:
        for number in range(6):
            event.add(f"{number}.png", 1, seed=number)
        yield event


def runner_over(event: FakeEvent, store: JobStore, *, start_s: float) -> JobRunner:
    """Two real worker processes over the event, which take `start_s` to start and sleep over every photo."""

    settings = event.settings()

    def make_pool(spec: EngineSpec | None, predictor: WeightsFile | None, readers: Sequence[ReaderSpec]) -> TaskPool:
        return ProcessPool(2, initializer=set_up, initargs=(event.spec, event.folder, settings.io.state_dir, start_s))

    weights = WeightsFile("landmarks.dat", event.folder / "landmarks.dat", "b" * 64)
    parts = WorkflowParts(lambda pinned, progress: event.spec, lambda: weights, make_pool, "the service")
    return JobRunner(store, stage_runs(WorkflowOrchestrator(settings, parts)))


def workers(folder: Path, kind: str) -> set[int]:
    return {int(path.name.partition("_")[2]) for path in folder.glob(f"{kind}_*")}


def is_at_work(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(("kind", "start_s"), [("worker", 0.0), ("starting", float(SLEEP_S))])
def test_a_job_ends_soon_though_its_workers_do_not_listen(event: FakeEvent, kind: str, start_s: float) -> None:
    with closing(JobStore(event.folder / "jobs.sqlite3")) as store:
        runner = runner_over(event, store, start_s=start_s)
        job = runner.start(Stage.CLUSTERING)
        deadline_s = time.monotonic() + START_S
        while len(workers(event.folder, kind)) < 2:
            assert runner.live(job.id) is not None, runner.get(job.id)
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        run = runner._runs[Stage.CLUSTERING]
        asked = runner.cancel(job.id)
        assert asked is not None
        assert run.ended.wait(STOP_S)
        found = runner.get(job.id)
        assert found is not None
        assert found.state is JobState.CANCELLED
        # Neither a process nor the lock outlives it.
        assert not [pid for pid in workers(event.folder, kind) if is_at_work(pid)]
        with hold_output(event.output):
            pass
