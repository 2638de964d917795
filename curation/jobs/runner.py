"""Runs the stages in background threads, and keeps their jobs up to date."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from time import monotonic
from typing import Any

from curation.errors import StorageError
from curation.jobs.job_run import JobRun, StageRun, stopped, work
from curation.jobs.pace import Pace
from curation.jobs.store import ActiveJobError, Job, JobState, JobStore, Stage, utc_now

__all__ = ["JobEndedError", "JobRunner", "ServiceEndingError"]

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 8.0
"""How long a run may take to stop when the service ends; below the 10 s that process managers give."""
CANCEL_POLL_S = 0.5
"""How soon it is seen that another service process was asked to stop a job of this one."""

_EXCLUSIVE = frozenset({Stage.CLUSTERING, Stage.SCORING})
"""They write the same outputs, and so hold the same lock."""


class ServiceEndingError(Exception):
    """The service ends and takes no more jobs. Never leaves the service."""


class JobEndedError(Exception):
    """The job cannot be stopped any more. Never leaves the service."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"job {job.id} has ended already ({job.state})")
        self.job = job


class JobRunner:
    """One job of a stage at a time; clustering and scoring also exclude each other."""

    def __init__(
        self,
        store: JobStore,
        stages: Mapping[Stage, StageRun],
        *,
        log_of: Callable[[str], AbstractContextManager[object]] = lambda job_id: nullcontext(),
    ) -> None:
        """Take the table of jobs, and what to call for each stage.

        Args:
            store: The table.
            stages: By stage.
            log_of: Gives for a job's id what keeps the messages of the present thread as the job's log.
        """
        self._store = store
        self._stages = stages
        self._log_of = log_of
        self._guard = threading.Lock()
        self._runs: dict[Stage, JobRun] = {}
        self._unsaved: dict[str, Job] = {}
        self._ending = False

    @property
    def is_ending(self) -> bool:
        """Whether the service ends; see `request_stop`."""
        return self._ending

    @property
    def active(self) -> tuple[Job, ...]:
        """The jobs that this process works on, as they are now; no disk is asked."""
        return tuple(run.seen for run in self._present())

    def in_the_way(self, stage: Stage) -> Job | None:
        """The job of this process that a new one of the stage would have to wait for; no disk is asked."""
        for run in self._present():
            other = run.job.stage
            if other is stage or {stage, other} <= _EXCLUSIVE:
                return run.seen
        return None

    def start(self, stage: Stage, request: Mapping[str, Any] | None = None) -> Job:
        """Start a stage in the background.

        Args:
            stage: Which one.
            request: What it is asked for; plain JSON values, kept with the job.

        Returns:
            The new job.

        Raises:
            ActiveJobError: If a job that excludes it is active here, or one of this stage in another service.
            ServiceEndingError: If the service ends.
            StorageError: If the job cannot be stored.
        """
        with self._guard:
            if self._ending:
                raise ServiceEndingError
            in_the_way = self.in_the_way(stage)
            if in_the_way is not None:
                raise ActiveJobError(in_the_way)
            self._save_unsaved()
            job = self._store.create(stage, request)
            run = JobRun(job)
            self._runs[stage] = run
            # Daemons, so that a run that does not stop cannot keep the service from ending.
            run.thread = threading.Thread(target=self._work, args=(run,), name=f"curation-{stage}", daemon=True)
            run.thread.start()
            threading.Thread(target=self._watch, args=(run,), name=f"curation-{stage}-watch", daemon=True).start()
            return job

    def get(self, job_id: str) -> Job | None:
        """The job of this id as it is now, or None.

        Raises:
            StorageError: If it cannot be read.
        """
        job = self._store.get(job_id)
        return None if job is None else self._latest(job)

    def live(self, job_id: str) -> Job | None:
        """The job of this id as it is now if this process works on it; no disk is asked."""
        return next((run.seen for run in self._present() if run.job.id == job_id), None)

    def pace(self, job_id: str) -> Pace | None:
        """How fast a job of this process goes; None if that cannot be told."""
        run = next((run for run in self._present() if run.job.id == job_id), None)
        return None if run is None else run.meter.pace(monotonic())

    def list(self, *, stage: Stage | None, limit: int, offset: int) -> tuple[int, tuple[Job, ...]]:
        """The number of all jobs (of the stage), and a page of them, newest first.

        Raises:
            StorageError: If they cannot be read.
        """
        jobs = self._store.list(stage=stage, limit=limit, offset=offset)
        return self._store.count(stage=stage), tuple(self._latest(job) for job in jobs)

    def counts(self) -> Mapping[tuple[Stage, JobState], int]:
        """How many jobs there are of each stage in each state.

        Raises:
            StorageError: If they cannot be read.
        """
        return self._store.counts()

    def list_active(self) -> tuple[Job, ...]:
        """All jobs that wait or work, also those of other service processes, newest first.

        Raises:
            StorageError: If they cannot be read.
        """
        return tuple(self._latest(job) for job in self._store.list(active=True))

    def cancel(self, job_id: str) -> Job | None:
        """Ask a job to stop, whichever service process works on it; it does so within 2 s.

        Returns:
            The job, which may still be at work; None if there is none of this id.

        Raises:
            JobEndedError: If it has ended already.
            StorageError: If it cannot be read or the wish not be stored.
        """
        self._store.interrupt_orphans()
        for run in self._present():
            if run.job.id == job_id:
                run.cancel_for_user()
        job = self._store.request_cancel(job_id)
        if job is None:
            return None
        latest = self._latest(job)
        if not latest.state.is_active and latest.cancel_requested_at is None:
            raise JobEndedError(latest)
        return latest

    def request_stop(self) -> None:
        """Take no more jobs, and ask the active ones to stop; does not wait."""
        self._ending = True
        for run in self._present():
            run.cancel.set()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Take no more jobs, stop the active ones and wait for them.

        Args:
            timeout_s: Give the wait up after so long; the jobs are then marked as interrupted anyway.
        """
        with self._guard:
            self._ending = True
            runs = self._present()
        for run in runs:
            run.cancel.set()
        deadline_s = monotonic() + timeout_s
        for run in runs:
            run.ended.wait(max(0.0, deadline_s - monotonic()))
        with self._guard:
            for run in runs:
                if not run.ended.is_set():
                    logger.warning("the job %s did not stop within %g s", run.job.id, timeout_s)
                    self._finish(run, stopped(run.job, by_user=run.cancel_requested_at is not None))

    def _present(self) -> tuple[JobRun, ...]:
        # A copy: threads end runs while others look.
        return tuple(self._runs.copy().values())

    def _work(self, run: JobRun) -> None:
        with self._log_of(run.job.id):
            job = work(run, self._stages[run.job.stage], self._save_if_active)
        with self._guard:
            # `stop` may have given the wait up and have ended the job.
            if not run.ended.is_set():
                self._finish(run, replace(job, finished_at=utc_now()))

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
            # A run that outlives `stop` must not call its job running again.
            if not run.ended.is_set():
                run.job = job
                self._try_save(job)

    def _finish(self, run: JobRun, job: Job) -> None:
        # Stored first: whoever does not find the job at work any more finds its end in the table.
        if not self._try_save(job):
            # On a full disk the end of a job must not be lost, or the stage would seem to run for ever.
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
