"""What is told of jobs while they work."""

from __future__ import annotations

from curation.api.schemas.base import Out, ProgressOut
from curation.jobs.pace import Pace
from curation.jobs.store import Job, JobState, Stage

__all__ = ["JobProgressEvent"]


class JobProgressEvent(Out):
    """How far a job is: the data of the event `progress`."""

    id: str
    stage: Stage
    state: JobState
    progress: ProgressOut | None
    """Null before the job has begun."""
    cancel_requested: bool
    """Whether somebody asked it to stop."""

    @classmethod
    def of(cls, job: Job, pace: Pace | None) -> JobProgressEvent:
        """The job's present state."""
        return cls(
            id=job.id,
            stage=job.stage,
            state=job.state,
            progress=None if job.progress is None else ProgressOut.of(job.progress, pace),
            cancel_requested=job.cancel_requested_at is not None,
        )
