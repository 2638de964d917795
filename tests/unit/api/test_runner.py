"""Jobs in the background: how they end, and what is stored of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curation.api import runner as runner_module
from curation.api.runner import JobRunner, Report, ServiceEndingError
from curation.domain.report import Failure, Progress, ScoringReport
from curation.errors import PhotosMissingError, RunInterruptedError, StorageError
from curation.storage.jobs import ActiveJobError, Job, JobState, JobStore, Stage

REPORT = ScoringReport(
    total=3,
    scored=2,
    failed=1,
    failures=(Failure("a.jpg", "cut off"),),
    reused=0,
    vetoed=0,
    faces=4,
    judged_faces=4,
    frontal_faces=3,
    frontal_judged_faces=3,
    labelled=False,
    labelled_clusters=0,
    new_photos=(),
    warnings=("nobody is labelled",),
    best=(("b.jpg", 0.9),),
    outputs=("photo_scores.csv",),
    seconds=1.5,
)
WAIT_S = 20.0

Listener = Callable[[Progress], None]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = JobStore(tmp_path / "jobs.sqlite3")
    yield store
    store.close()


def finished(runner: JobRunner, job: Job) -> Job:
    thread = runner._thread
    assert thread is not None
    thread.join(WAIT_S)
    found = runner.get(job.id)
    assert found is not None
    assert not found.state.is_active
    assert runner.active is None
    return found


def test_success_keeps_the_report(store: JobStore) -> None:
    def run(progress: Listener, cancel: threading.Event) -> Report:
        progress(Progress("photos", 1, 3))
        progress(Progress("photos", 3, 3, 1))
        return REPORT

    runner = JobRunner(store, {Stage.SCORING: run})
    job = finished(runner, runner.start(Stage.SCORING))
    assert job.state is JobState.SUCCEEDED
    assert job.counts["total"] == 3
    assert job.counts["seconds"] == 1.5
    assert "labelled" not in job.counts
    assert job.failures == REPORT.failures
    assert job.warnings == REPORT.warnings
    assert job.progress == Progress("photos", 3, 3, 1)
    assert job.error is None
    assert job.started_at is not None
    assert job.finished_at is not None


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (PhotosMissingError("there is no photo"), JobState.FAILED, "photos_missing"),
        (ZeroDivisionError("oops"), JobState.FAILED, "internal"),
        (RunInterruptedError("stopped"), JobState.INTERRUPTED, "interrupted"),
    ],
)
def test_errors_end_the_job(store: JobStore, error: Exception, state: JobState, code: str) -> None:
    def run(progress: Listener, cancel: threading.Event) -> Report:
        raise error

    runner = JobRunner(store, {Stage.SCORING: run})
    job = finished(runner, runner.start(Stage.SCORING))
    assert job.state is state
    assert job.error is not None
    assert job.error.code == code
    assert job.finished_at is not None


class Waiting:
    """A stage that works until it is released or cancelled."""

    def __init__(self, *, heeds_cancel: bool = True) -> None:
        self.began = threading.Event()
        self.release = threading.Event()
        self.heeds_cancel = heeds_cancel
        self.progress: Listener | None = None

    def __call__(self, progress: Listener, cancel: threading.Event) -> Report:
        self.progress = progress
        self.began.set()
        while not self.release.wait(0.005):
            if self.heeds_cancel and cancel.is_set():
                raise RunInterruptedError("stopped")
        return REPORT


def test_one_job_at_a_time_of_any_stage(store: JobStore) -> None:
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage, Stage.SCORING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    assert runner.active == job
    for other in Stage:
        with pytest.raises(ActiveJobError):
            runner.start(other)
    stage.release.set()
    finished(runner, job)
    finished(runner, runner.start(Stage.SCORING))


def test_stop_interrupts_and_refuses_more(store: JobStore) -> None:
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    runner.stop()
    assert finished(runner, job).state is JobState.INTERRUPTED
    with pytest.raises(ServiceEndingError):
        runner.start(Stage.CLUSTERING)


def test_a_run_that_does_not_stop_is_interrupted_all_the_same(store: JobStore) -> None:
    stage = Waiting(heeds_cancel=False)
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    runner.stop(timeout_s=0.01)
    assert stage.progress is not None
    stage.progress(Progress("photos", 1, 2))
    stage.release.set()
    assert finished(runner, job).state is JobState.INTERRUPTED


def test_stop_without_a_job(store: JobStore) -> None:
    JobRunner(store, {}).stop()


def test_progress_is_stored_seldom_but_each_phase_is(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(runner_module, "monotonic", lambda: now_s)
    stored: list[Progress | None] = []
    save = store.save

    def save_and_note(job: Job) -> None:
        stored.append(job.progress)
        save(job)

    monkeypatch.setattr(store, "save", save_and_note)

    def run(progress: Listener, cancel: threading.Event) -> Report:
        nonlocal now_s
        for done in range(1000):
            now_s = done * 0.001
            progress(Progress("photos", done, 1000))
        progress(Progress("groups", 0, 5))
        progress(Progress("groups", 1, 5))
        progress(Progress("groups", 5, 5))
        return REPORT

    runner = JobRunner(store, {Stage.CLUSTERING: run})
    finished(runner, runner.start(Stage.CLUSTERING))
    photos = [p.done for p in stored if p is not None and p.phase == "photos"]
    assert photos == [0, 250, 500, 750]
    assert [p.done for p in stored if p is not None and p.phase == "groups"] == [0, 5, 5]


def test_a_disk_that_is_full_at_the_end_does_not_block_the_stage(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, is_full = store.save, True

    def save_if_space(job: Job) -> None:
        if is_full:
            raise StorageError("the disk is full: free some space")
        save(job)

    monkeypatch.setattr(store, "save", save_if_space)
    runner = JobRunner(store, {Stage.SCORING: lambda progress, cancel: REPORT})
    job = runner.start(Stage.SCORING)
    assert finished(runner, job).state is JobState.SUCCEEDED
    listed = runner.list(stage=None, limit=10, offset=0)
    assert listed[0] == 1
    assert listed[1][0].state is JobState.SUCCEEDED
    with pytest.raises(StorageError):
        runner.start(Stage.SCORING)
    is_full = False
    finished(runner, runner.start(Stage.SCORING))
    kept = store.get(job.id)
    assert kept is not None
    assert kept.state is JobState.SUCCEEDED
