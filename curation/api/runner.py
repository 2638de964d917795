"""Runs the stages in a background thread, and keeps their jobs up to date."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from time import monotonic

from curation.domain.report import ClusteringReport, Progress, ScoringReport
from curation.errors import CurationError, RunInterruptedError, StorageError
from curation.storage.jobs import ActiveJobError, Job, JobError, JobState, JobStore, Stage, utc_now

__all__ = ["JobRunner", "ServiceEndingError", "StageRun"]

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL_S = 0.25
"""Progress is stored at most this often: often enough for the eye, seldom enough for the disk."""
STOP_TIMEOUT_S = 8.0
"""How long a run may take to stop when the service ends; below the 10 s that process managers give."""
MAX_STORED_FAILURES = 100
"""Failed photos that a job names; all of them are in the stage's run record."""

Report = ClusteringReport | ScoringReport
StageRun = Callable[[Callable[[Progress], None], threading.Event], Report]


class ServiceEndingError(Exception):
    """The service ends and takes no more jobs. Never leaves the service."""


class JobRunner:
    """One job at a time: both stages hold the lock of the output folder."""

    def __init__(self, store: JobStore, stages: Mapping[Stage, StageRun]) -> None:
        """Take the table of jobs and what to call for each stage."""
        self._store = store
        self._stages = stages
        self._guard = threading.Lock()
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._active: Job | None = None
        self._unsaved: Job | None = None
        self._ending = False

    @property
    def active(self) -> Job | None:
        """The job that this process works on, as it was when it began; no disk is asked."""
        return self._active

    def start(self, stage: Stage) -> Job:
        """Start a stage in the background.

        Returns:
            The new job.

        Raises:
            ActiveJobError: If a job of any stage is active here, or one of this stage in another service.
            ServiceEndingError: If the service ends.
            StorageError: If the job cannot be stored.
        """
        with self._guard:
            if self._ending:
                raise ServiceEndingError
            if self._active is not None:
                raise ActiveJobError(self._active)
            self._save_unsaved()
            job = self._store.create(stage)
            self._active = job
            self._cancel = threading.Event()
            # A daemon, so that a run that does not stop cannot keep the service from ending.
            self._thread = threading.Thread(
                target=self._work, args=(job, self._cancel), name=f"curation-{stage}", daemon=True
            )
            self._thread.start()
            return job

    def get(self, job_id: str) -> Job | None:
        """The job of this id, or None.

        Raises:
            StorageError: If it cannot be read.
        """
        job = self._store.get(job_id)
        return None if job is None else self._latest(job)

    def list(self, *, stage: Stage | None, limit: int, offset: int) -> tuple[int, tuple[Job, ...]]:
        """The number of all jobs (of the stage), and a page of them, newest first.

        Raises:
            StorageError: If they cannot be read.
        """
        jobs = self._store.list(stage=stage, limit=limit, offset=offset)
        return self._store.count(stage=stage), tuple(self._latest(job) for job in jobs)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Take no more jobs, stop the active one and wait for it.

        Args:
            timeout_s: Give the wait up after so long; the job is then marked as interrupted anyway.
        """
        with self._guard:
            self._ending = True
            thread = self._thread
        self._cancel.set()
        if thread is not None:
            thread.join(timeout_s)
        with self._guard:
            job, self._active = self._active, None
            if job is not None:
                logger.warning("the job %s did not stop within %g s", job.id, timeout_s)
                self._finish(_interrupted(job))

    def _work(self, job: Job, cancel: threading.Event) -> None:
        job = replace(job, state=JobState.RUNNING, started_at=utc_now())
        self._save_if_active(job)
        saver = _ProgressSaver(job, self._save_if_active)
        logger.info("job %s: %s begins", job.id, job.stage)
        try:
            report = self._stages[job.stage](saver, cancel)
        except RunInterruptedError:
            job = _interrupted(saver.job)
        except CurationError as error:
            job = _failed(saver.job, JobError(error.code, str(error)))
            logger.error("job %s: %s failed: %s", job.id, job.stage, error)
        except Exception as error:
            # The last frame of the thread: whatever it is, the job must end and say so.
            job = _failed(
                saver.job,
                JobError("internal", f"unexpected {type(error).__name__}: {error}; the service's log has the details"),
            )
            logger.exception("job %s: %s failed unexpectedly", job.id, job.stage)
        else:
            job = replace(
                saver.job,
                state=JobState.SUCCEEDED,
                counts=_counts(report),
                failures=report.failures[:MAX_STORED_FAILURES],
                warnings=report.warnings if isinstance(report, ScoringReport) else (),
            )
            logger.info("job %s: %s succeeded", job.id, job.stage)
        with self._guard:
            if self._active is None:
                # `stop` gave the wait up and has ended the job.
                return
            self._finish(replace(job, finished_at=utc_now()))
            self._active = None

    def _save_if_active(self, job: Job) -> None:
        with self._guard:
            # A run that outlives `stop` must not call its job running again.
            if self._active is not None:
                self._try_save(job)

    def _finish(self, job: Job) -> None:
        if not self._try_save(job):
            # On a full disk the end of a job must not be lost, or the stage would seem to run for ever.
            self._unsaved = job

    def _save_unsaved(self) -> None:
        if self._unsaved is not None:
            self._store.save(self._unsaved)
            self._unsaved = None

    def _try_save(self, job: Job) -> bool:
        try:
            self._store.save(job)
        except StorageError as error:
            logger.warning("job %s: its state cannot be stored: %s", job.id, error)
            return False
        return True

    def _latest(self, job: Job) -> Job:
        unsaved = self._unsaved
        return unsaved if unsaved is not None and unsaved.id == job.id else job


class _ProgressSaver:
    """Stores progress, not too often, but every new phase and every end of a phase."""

    def __init__(self, job: Job, save: Callable[[Job], object]) -> None:
        self.job = job
        self._save = save
        self._saved_at_s = float("-inf")
        self._guard = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        with self._guard:
            before = self.job.progress
            self.job = replace(self.job, progress=progress)
            now_s = monotonic()
            is_step = before is None or before.phase != progress.phase or progress.done >= progress.total
            if is_step or now_s - self._saved_at_s >= PROGRESS_INTERVAL_S:
                self._saved_at_s = now_s
                self._save(self.job)


def _counts(report: Report) -> dict[str, int | float]:
    values = {item.name: getattr(report, item.name) for item in fields(report)}
    return {
        name: value for name, value in values.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _failed(job: Job, error: JobError) -> Job:
    return replace(job, state=JobState.FAILED, error=error)


def _interrupted(job: Job) -> Job:
    return replace(
        job,
        state=JobState.INTERRUPTED,
        finished_at=utc_now(),
        error=JobError(
            "interrupted",
            "the service ended during this job; what was analysed so far is kept: "
            f"start the {job.stage} stage again to go on",
        ),
    )
