"""A job that runs in this process: its state, its progress, and how it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from curation.domain.report import Progress
from curation.errors import CurationError, RunInterruptedError
from curation.jobs.job import Job, JobError, JobState, Stage, utc_now
from curation.jobs.outcomes import JobOutcome
from curation.jobs.pace import PaceMeter

__all__ = ["JobRun", "StageRun", "execute", "stopped"]

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL_S = 0.25
"""Minimum time between two writes of progress: short enough for the viewer, long enough for the disk."""
MAX_STORED_FAILURES = 100
"""Failed photos that are stored with a job; the stage's run record lists all of them."""

StageRun = Callable[[Mapping[str, Any], Callable[[Progress], None], threading.Event], JobOutcome]
"""Runs a stage. Arguments: the request, a callback for progress, and a cancel event; within a second after that is set
the stage must stop by raising RunInterruptedError."""


class JobRun:
    """A job that runs in this process."""

    def __init__(self, job: Job) -> None:
        """Prepare to run a job that is stored and has not started."""
        self.job = job  # the current state; only the run's own thread changes it
        self.cancel = threading.Event()
        self.cancel_requested_at: str | None = None
        self.ended = threading.Event()
        self.meter = PaceMeter()
        self.thread: threading.Thread | None = None

    @property
    def snapshot(self) -> Job:
        """The current state of the job, including the time of a request to cancel it."""
        return replace(self.job, cancel_requested_at=self.cancel_requested_at)

    def cancel_for_user(self) -> None:
        """Ask the job to stop, on a user's request."""
        self.cancel_requested_at = self.cancel_requested_at or utc_now()
        self.cancel.set()


SaveJob = Callable[[JobRun, Job], None]
"""Stores a job unless its run has ended in the meantime."""


def execute(run: JobRun, stage: StageRun, save: SaveJob) -> Job:
    """Run a job in the current thread.

    Args:
        run: The job.
        stage: The stage that the job runs.
        save: Stores the job while it runs.

    Returns:
        The job in its final state; not stored yet.
    """
    job = replace(run.job, state=JobState.RUNNING, started_at=utc_now())
    save(run, job)
    record_progress = ProgressRecorder(run, save)
    logger.info("job %s: %s started", job.id, job.stage)
    try:
        outcome = stage(job.request, record_progress, run.cancel)
    except RunInterruptedError:
        logger.info("job %s: %s was stopped", job.id, job.stage)
        return stopped(run.job, by_user=run.cancel_requested_at is not None)
    except CurationError as error:
        logger.error("job %s: %s failed: %s", job.id, job.stage, error)
        return _failed(run.job, JobError(error.code, str(error)))
    except Exception as error:
        # The last frame of the thread: whatever the error, the job must end and report it.
        logger.exception("job %s: %s failed unexpectedly", job.id, job.stage)
        message = f"unexpected {type(error).__name__}: {error}; the service's log has the details"
        return _failed(run.job, JobError("internal", message))
    failures = outcome.failures[:MAX_STORED_FAILURES]
    for failure in failures:
        logger.warning("%s: %s", failure.image_path, failure.reason)
    for warning in outcome.warnings:
        logger.warning("%s", warning)
    logger.info("job %s: %s succeeded", job.id, job.stage)
    return replace(
        run.job,
        state=JobState.SUCCEEDED,
        counts=dict(outcome.counts),
        failures=failures,
        warnings=outcome.warnings,
        result=dict(outcome.result),
    )


class ProgressRecorder:
    """Updates the job's progress; stores it at limited intervals, and at each start and end of a phase."""

    def __init__(self, run: JobRun, save: SaveJob) -> None:
        self._run = run
        self._save = save
        self._saved_at_s = float("-inf")

    def __call__(self, progress: Progress) -> None:
        now_s = monotonic()
        job = self._run.job
        before = job.progress
        self._run.meter.add(progress, now_s)
        is_new = before is None or before.phase != progress.phase
        if is_new:
            logger.info("%s: %d", progress.phase, progress.total)
        job = replace(job, progress=progress)
        if is_new or progress.done >= progress.total or now_s - self._saved_at_s >= PROGRESS_INTERVAL_S:
            self._saved_at_s = now_s
            self._save(self._run, job)
        elif not self._run.ended.is_set():
            self._run.job = job


def _failed(job: Job, error: JobError) -> Job:
    return replace(job, state=JobState.FAILED, error=error)


def stopped(job: Job, *, by_user: bool) -> Job:
    """The final state of a job that was stopped: by a user, or because the service stopped."""
    next_step = f"what was done so far is kept: start the {job.stage} stage again to continue"
    if job.stage is Stage.EXPORT:
        next_step = "nothing of the export is left: export again"
    elif job.stage is Stage.VIDEO:
        next_step = "what was looked at is kept; "
        next_step += "try the film again to continue" if by_user else "it goes on when the service is started again"
    elif job.goes_on and not by_user:
        next_step = "what was done so far is kept; it goes on when the service is started again"
    elif job.stage is Stage.WEIGHTS:
        next_step = "what has arrived is kept: fetch again to continue"
    if by_user:
        state, error = JobState.CANCELLED, JobError("cancelled", f"this job was stopped; {next_step}")
    else:
        state, error = (
            JobState.INTERRUPTED,
            JobError("interrupted", f"the service stopped during this job; {next_step}"),
        )
    return replace(job, state=state, finished_at=utc_now(), error=error)
