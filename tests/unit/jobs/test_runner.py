"""Jobs in the background: how they end, and what is stored of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from curation.domain.report import Failure, Progress, ScoringReport
from curation.errors import PhotosMissingError, RunInterruptedError, StorageError
from curation.jobs import job_run
from curation.jobs import runner as runner_module
from curation.jobs.job import Job, JobState, Stage
from curation.jobs.outcomes import JobOutcome, outcome_of
from curation.jobs.pace import Pace
from curation.jobs.runner import JobEndedError, JobRunner, ServiceEndingError
from curation.jobs.store import ActiveJobError, JobStore

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
OUTCOME = outcome_of(REPORT)
WAIT_S = 20.0

Request = Mapping[str, Any]
Listener = Callable[[Progress], None]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = JobStore(tmp_path / "jobs.sqlite3")
    yield store
    store.close()


def ended(runner: JobRunner, job: Job) -> Job:
    run = runner._runs.get(job.stage)
    if run is not None:
        assert run.ended.wait(WAIT_S)
    found = runner.get(job.id)
    assert found is not None
    assert not found.state.is_active
    return found


def finished(runner: JobRunner, job: Job) -> Job:
    found = ended(runner, job)
    assert runner.active == ()
    return found


def test_success_stores_the_report(store: JobStore) -> None:
    def run(request: Request, progress: Listener, cancel: threading.Event) -> JobOutcome:
        progress(Progress("photos", 1, 3))
        progress(Progress("photos", 3, 3, 1))
        return OUTCOME

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
    def run(request: Request, progress: Listener, cancel: threading.Event) -> JobOutcome:
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
        self.request: Request = {}

    def __call__(self, request: Request, progress: Listener, cancel: threading.Event) -> JobOutcome:
        self.progress = progress
        self.request = request
        self.began.set()
        while not self.release.wait(0.005):
            if self.heeds_cancel and cancel.is_set():
                raise RunInterruptedError("stopped")
        return OUTCOME


def test_one_job_at_a_time_of_any_stage(store: JobStore) -> None:
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage, Stage.SCORING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    assert [active.id for active in runner.active] == [job.id]
    for other in (Stage.CLUSTERING, Stage.SCORING):
        with pytest.raises(ActiveJobError):
            runner.start(other)
    stage.release.set()
    finished(runner, job)
    finished(runner, runner.start(Stage.SCORING))


def test_an_export_runs_beside_a_stage(store: JobStore) -> None:
    stage, export = Waiting(), Waiting()
    runner = JobRunner(store, {Stage.SCORING: stage, Stage.EXPORT: export})
    scoring, exporting = runner.start(Stage.SCORING), runner.start(Stage.EXPORT, {"mode": "zip"})
    assert export.began.wait(WAIT_S)
    assert export.request == {"mode": "zip"}
    assert {job.id for job in runner.active} == {scoring.id, exporting.id}
    assert runner.conflicting_job(Stage.EXPORT) == runner.live(exporting.id)
    with pytest.raises(ActiveJobError):
        runner.start(Stage.EXPORT)
    export.release.set()
    assert ended(runner, exporting).request == {"mode": "zip"}
    assert [job.id for job in runner.active] == [scoring.id]
    assert runner.conflicting_job(Stage.EXPORT) is None
    assert runner.conflicting_job(Stage.CLUSTERING) is not None
    stage.release.set()
    finished(runner, scoring)


def test_cancel_ends_a_job_as_cancelled(store: JobStore) -> None:
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    asked = runner.cancel(job.id)
    assert asked is not None
    assert asked.cancel_requested_at is not None
    found = finished(runner, job)
    assert found.state is JobState.CANCELLED
    assert found.error is not None
    assert found.error.code == "cancelled"
    assert found.finished_at is not None
    again = runner.cancel(job.id)
    assert again is not None
    assert again.state is JobState.CANCELLED
    stage.release.set()
    finished(runner, runner.start(Stage.CLUSTERING))


def test_a_job_that_ends_at_once_when_it_is_cancelled_was_cancelled(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    request_cancel = store.request_cancel

    def slow(job_id: str) -> Job | None:
        time.sleep(0.3)  # a job that was told already has ended by then
        return request_cancel(job_id)

    monkeypatch.setattr(store, "request_cancel", slow)
    asked = runner.cancel(job.id)
    assert asked is not None and asked.cancel_requested_at is not None
    assert finished(runner, job).state is JobState.CANCELLED


def test_cancel_of_nothing(store: JobStore) -> None:
    runner = JobRunner(store, {Stage.SCORING: lambda request, progress, cancel: OUTCOME})
    assert runner.cancel("no such id") is None
    job = finished(runner, runner.start(Stage.SCORING))
    with pytest.raises(JobEndedError) as refused:
        runner.cancel(job.id)
    assert refused.value.job == job


def test_cancel_reaches_the_service_process_that_works(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "CANCEL_POLL_S", 0.01)
    stage = Waiting()
    at_work = JobRunner(store, {Stage.CLUSTERING: stage})
    job = at_work.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    with closing(JobStore(tmp_path / "jobs.sqlite3")) as other_store:
        elsewhere = JobRunner(other_store, {})
        asked = elsewhere.cancel(job.id)
        assert asked is not None
        assert asked.state is JobState.RUNNING
        assert finished(at_work, job).state is JobState.CANCELLED


def test_cancel_of_a_job_whose_service_died(store: JobStore, tmp_path: Path) -> None:
    with closing(JobStore(tmp_path / "jobs.sqlite3")) as dead:
        job = dead.create(Stage.CLUSTERING)
    with pytest.raises(JobEndedError, match="interrupted"):
        JobRunner(store, {}).cancel(job.id)


def test_a_full_disk_does_not_keep_a_job_from_being_cancelled(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)

    def full(*args: object) -> None:
        raise StorageError("the disk is full: free some space")

    with monkeypatch.context() as patch:
        patch.setattr(store, "request_cancel", full)
        with pytest.raises(StorageError):
            runner.cancel(job.id)
    assert finished(runner, job).state is JobState.CANCELLED


def test_progress_is_live_and_has_a_pace(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    for module in (runner_module, job_run):
        monkeypatch.setattr(module, "monotonic", lambda: now_s)
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    assert stage.progress is not None
    stage.progress(Progress("photos", 10, 100))
    assert runner.pace(job.id) is None
    now_s = 110.0
    stage.progress(Progress("photos", 30, 100))
    assert runner.pace(job.id) == Pace(2.0, 35.0)
    now_s = 110.1
    stage.progress(Progress("photos", 31, 100))
    live = runner.live(job.id)
    assert live is not None
    assert live.progress == Progress("photos", 31, 100)
    stored = store.get(job.id)
    assert stored is not None
    assert stored.progress == Progress("photos", 30, 100)
    assert runner.get(job.id) == live
    stage.release.set()
    finished(runner, job)
    assert runner.pace(job.id) is None
    assert runner.live(job.id) is None


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


def test_progress_is_stored_at_intervals_and_at_each_phase(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    for module in (runner_module, job_run):
        monkeypatch.setattr(module, "monotonic", lambda: now_s)
    stored: list[Progress | None] = []
    save = store.save

    def save_and_note(job: Job) -> None:
        stored.append(job.progress)
        save(job)

    monkeypatch.setattr(store, "save", save_and_note)

    def run(request: Request, progress: Listener, cancel: threading.Event) -> JobOutcome:
        nonlocal now_s
        for done in range(1000):
            now_s = done * 0.001
            progress(Progress("photos", done, 1000))
        progress(Progress("groups", 0, 5))
        progress(Progress("groups", 1, 5))
        progress(Progress("groups", 5, 5))
        return OUTCOME

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
    runner = JobRunner(store, {Stage.SCORING: lambda request, progress, cancel: OUTCOME})
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
