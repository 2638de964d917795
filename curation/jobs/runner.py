"""Runs jobs in background threads, and stores their state."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from time import monotonic
from typing import Any

from curation.errors import StorageError
from curation.jobs.job import Job, JobState, Stage, utc_now
from curation.jobs.job_run import JobRun, StageRun, execute, stopped
from curation.jobs.pace import Pace
from curation.jobs.store import ActiveJobError, JobStore

__all__ = ["JobEndedError", "JobRunner", "ServiceEndingError"]

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 8.0
"""How long a run may take to stop when the service stops; less than the 10 s that process managers allow."""
CANCEL_POLL_S = 0.5
"""How often to check whether another service process was asked to cancel a job of this one."""

_EXCLUSIVE = (frozenset({Stage.CLUSTERING, Stage.SCORING}), frozenset({Stage.EXPORT, Stage.SIDECARS}))
"""Stages that exclude each other: they write the same outputs, or hold the same lock."""


class ServiceEndingError(Exception):
    """The service is stopping and accepts no more jobs. Handled within the service."""


class JobEndedError(Exception):
    """The job has ended, so it cannot be cancelled. Handled within the service."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"job {job.id} has ended already ({job.state})")
        self.job = job


class JobRunner:
    """Runs one job of a stage at a time; clustering and scoring also exclude each other, as do exports and sidecars."""

    def __init__(
        self,
        store: JobStore,
        stages: Mapping[Stage, StageRun],
        *,
        log_context: Callable[[str], AbstractContextManager[object]] = lambda job_id: nullcontext(),
        after_job: Callable[[JobRunner, Job], None] = lambda runner, job: None,
    ) -> None:
        """Remember the table of jobs and the stages; nothing is started yet.

        Args:
            store: The table of jobs.
            stages: The function to call for each stage.
            log_context: Gets the id of a job; returns a context manager that records the messages of the current thread
                as the job's log.
            after_job: Called with each job of this process that has ended, in its final state; may start another one.
        """
        self._store = store
        self._stages = stages
        self._log_context = log_context
        self._after_job = after_job
        self._guard = threading.Lock()
        self._runs: dict[Stage, JobRun] = {}
        self._unsaved: dict[str, Job] = {}
        self._ending = False

    @property
    def is_ending(self) -> bool:
        """Whether the service is stopping; see `request_stop`."""
        return self._ending

    @property
    def active(self) -> tuple[Job, ...]:
        """The jobs that run in this process, in their current state; without disk access."""
        return tuple(run.snapshot for run in self._current_runs())

    def conflicting_job(self, stage: Stage) -> Job | None:
        """The job of this process that excludes a new job of the stage, or None; without disk access."""
        for run in self._current_runs():
            other = run.job.stage
            if other is stage or any({stage, other} <= exclusive for exclusive in _EXCLUSIVE):
                return run.snapshot
        return None

    def start(self, stage: Stage, request: Mapping[str, Any] | None = None) -> Job:
        """Start a stage in the background.

        Args:
            stage: The stage.
            request: The options of the run; plain JSON values, stored with the job.

        Returns:
            The new job.

        Raises:
            ActiveJobError: If a job that excludes it is active here, or one of this stage in another service process.
            ServiceEndingError: If the service is stopping.
            StorageError: If the job cannot be stored.
        """
        with self._guard:
            if self._ending:
                raise ServiceEndingError
            conflicting = self.conflicting_job(stage)
            if conflicting is not None:
                raise ActiveJobError(conflicting)
            self._save_unsaved()
            job = self._store.create(stage, request)
            run = JobRun(job)
            self._runs[stage] = run
            # Daemon threads, so that a run that does not stop cannot prevent the service from stopping.
            run.thread = threading.Thread(target=self._work, args=(run,), name=f"curation-{stage}", daemon=True)
            run.thread.start()
            threading.Thread(target=self._watch, args=(run,), name=f"curation-{stage}-watch", daemon=True).start()
            return job

    def get(self, job_id: str) -> Job | None:
        """The job with this id in its current state, or None.

        Raises:
            StorageError: If it cannot be read.
        """
        job = self._store.get(job_id)
        return None if job is None else self._latest(job)

    def live(self, job_id: str) -> Job | None:
        """The job with this id in its current state if it runs in this process, else None; without disk access."""
        return next((run.snapshot for run in self._current_runs() if run.job.id == job_id), None)

    def pace(self, job_id: str) -> Pace | None:
        """Rate and time left of a job of this process; None if unknown."""
        run = next((run for run in self._current_runs() if run.job.id == job_id), None)
        return None if run is None else run.meter.pace(monotonic())

    def list(self, *, stage: Stage | None, limit: int, offset: int) -> tuple[int, tuple[Job, ...]]:
        """The number of all jobs (of the stage), and a page of the list, newest first.

        Raises:
            StorageError: If they cannot be read.
        """
        jobs = self._store.list(stage=stage, limit=limit, offset=offset)
        return self._store.count(stage=stage), tuple(self._latest(job) for job in jobs)

    def counts(self) -> Mapping[tuple[Stage, JobState], int]:
        """The number of jobs by stage and state.

        Raises:
            StorageError: If they cannot be read.
        """
        return self._store.counts()

    def list_active(self) -> tuple[Job, ...]:
        """All queued and running jobs, also those of other service processes, newest first.

        Raises:
            StorageError: If they cannot be read.
        """
        return tuple(self._latest(job) for job in self._store.list(active=True))

    def end_orphans(self) -> None:
        """Mark active jobs of service processes that died as interrupted.

        Raises:
            StorageError: If the table cannot be read or written.
        """
        self._store.interrupt_orphans()

    def cancel(self, job_id: str) -> Job | None:
        """Ask a job to stop, whichever service process runs it; it stops within 2 s.

        Returns:
            The job, which may still be running; None if there is no job with this id.

        Raises:
            JobEndedError: If it has already ended.
            StorageError: If the job cannot be read or the request cannot be stored.
        """
        self._store.interrupt_orphans()
        try:
            # First, since a run that ends at once would look as if it had ended before it was asked to.
            job = self._store.request_cancel(job_id)
        finally:
            for run in self._current_runs():
                if run.job.id == job_id:
                    run.cancel_for_user()
        if job is None:
            return None
        latest = self._latest(job)
        if not latest.state.is_active and latest.cancel_requested_at is None:
            raise JobEndedError(latest)
        return latest

    def request_stop(self) -> None:
        """Accept no more jobs, and ask the active ones to stop; does not wait."""
        self._ending = True
        for run in self._current_runs():
            run.cancel.set()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Accept no more jobs, stop the active ones and wait for them.

        Args:
            timeout_s: Maximum time to wait; jobs that still run are then marked as interrupted.
        """
        with self._guard:
            self._ending = True
            runs = self._current_runs()
        for run in runs:
            run.cancel.set()
        deadline_s = monotonic() + timeout_s
        for run in runs:
            run.ended.wait(max(0.0, deadline_s - monotonic()))
        with self._guard:
            for run in runs:
                if not run.ended.is_set():
                    logger.warning("job %s did not stop within %g s", run.job.id, timeout_s)
                    self._finish(run, stopped(run.job, by_user=run.cancel_requested_at is not None))

    def _current_runs(self) -> tuple[JobRun, ...]:
        # A copy: other threads may end runs during an iteration.
        return tuple(self._runs.copy().values())

    def _work(self, run: JobRun) -> None:
        with self._log_context(run.job.id):
            job = execute(run, self._stages[run.job.stage], self._save_if_active)
        with self._guard:
            # `stop` may have timed out and ended the job already.
            if run.ended.is_set():
                return
            job = replace(job, finished_at=utc_now())
            self._finish(run, job)
        self._after_job(self, job)

    def _watch(self, run: JobRun) -> None:
        while not run.ended.wait(CANCEL_POLL_S):
            try:
                job = self._store.get(run.job.id)
            except StorageError as error:
                logger.debug("job %s: its state cannot be read: %s", run.job.id, error)
                continue
            if job is not None and job.cancel_requested_at is not None:
                run.cancel_for_user()
                return

    def _save_if_active(self, run: JobRun, job: Job) -> None:
        with self._guard:
            # A run that outlives `stop` must not set its job to running again.
            if not run.ended.is_set():
                run.job = job
                self._try_save(job)

    def _finish(self, run: JobRun, job: Job) -> None:
        # Stored first: once the job is no longer among the runs, its final state must be in the table.
        if not self._try_save(job):
            # On a full disk the final state must not be lost, or the stage would seem to run forever.
            self._unsaved[job.id] = job
        del self._runs[job.stage]
        run.ended.set()

    def _save_unsaved(self) -> None:
        for job in tuple(self._unsaved.values()):
            self._store.save(job)
            del self._unsaved[job.id]

    def _try_save(self, job: Job) -> bool:
        try:
            self._store.save(job)
        except StorageError as error:
            logger.warning("job %s: its state cannot be stored: %s", job.id, error)
            return False
        return True

    def _latest(self, job: Job) -> Job:
        latest = self._unsaved.get(job.id) or self.live(job.id)
        return job if latest is None else replace(latest, cancel_requested_at=job.cancel_requested_at)
