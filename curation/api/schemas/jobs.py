"""Jobs as JSON, and the health response, which lists the running ones."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Out, Page, Sent, Text
from curation.domain.report import Progress
from curation.jobs.job import Job, JobState, Stage
from curation.jobs.pace import Pace

__all__ = [
    "HealthOut",
    "JobErrorOut",
    "JobOut",
    "JobPage",
    "JobProgressEvent",
    "ProgressOut",
    "RunningJob",
    "StageRequest",
]


class StageRequest(Sent):
    """The optional body of a stage: it has no fields yet, all settings are those of config.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProgressOut(Out):
    """The progress of a job."""

    phase: Annotated[Text, Field(examples=["photos"])]
    """The current step."""
    done: Annotated[int, Field(ge=0, examples=[120])]
    """Finished units of this phase, failed ones included."""
    total: Annotated[int, Field(ge=0, examples=[300])]
    """All units of this phase."""
    failed: Annotated[int, Field(ge=0, examples=[1])]
    """Photos that failed so far."""
    rate_per_s: Annotated[float | None, Field(ge=0, examples=[4.2])] = None
    """Units per second in the last half minute; null as long as it is not known."""
    seconds_left: Annotated[float | None, Field(ge=0, examples=[43.0])] = None
    """The time until this phase is done, at this rate."""

    @classmethod
    def of(cls, progress: Progress, pace: Pace | None) -> ProgressOut:
        """Convert the progress, with its pace if that is known."""
        return cls(
            phase=progress.phase,
            done=progress.done,
            total=progress.total,
            failed=progress.failed,
            rate_per_s=None if pace is None else round(pace.rate_per_s, 3),
            seconds_left=None if pace is None else round(pace.seconds_left, 1),
        )


class FailureOut(Out):
    """A photo that could not be processed, and why."""

    image_path: Annotated[Text, Field(examples=["day 2/IMG_0132.jpg"])]
    reason: Annotated[Text, Field(examples=["the file is cut off after 31 of 98 kB"])]


class JobErrorOut(Out):
    """Why a job did not succeed."""

    code: Annotated[str, Field(examples=["photos_missing"])]
    """Stable; the same codes as in error bodies."""
    message: Annotated[Text, Field(examples=["there is no photo in event_images; put some there"])]
    """A sentence that says what is wrong and what to do."""


class JobOut(Out):
    """One run of a stage. Times are UTC."""

    id: Annotated[str, Field(examples=["7f0c4be9d93c4c3c9b9f9ad0b5f1e2aa"])]
    stage: Stage
    state: JobState
    """`queued` and `running` may change; `succeeded`, `failed`, `interrupted` (the service ended) and `cancelled`
    (a user stopped it) are final."""
    created_at: Annotated[str, Field(examples=["2026-06-20T21:14:03.512+00:00"])]
    started_at: str | None
    finished_at: str | None
    progress: ProgressOut | None
    counts: Annotated[dict[str, int | float], Field(examples=[{"total": 300, "analysed": 299, "failed": 1}])]
    """Numbers of the finished run, such as photos, faces, clusters and seconds; `failed` photos do not fail a job."""
    failures: tuple[FailureOut, ...]
    """The first 100 photos that failed."""
    warnings: tuple[Text, ...]
    """Warnings about the result."""
    error: JobErrorOut | None
    """Set if the state is `failed`, `interrupted` or `cancelled`."""
    request: Annotated[dict[str, Any], Field(examples=[{}])]
    """The parameters of the job."""
    result: Annotated[dict[str, Any], Field(examples=[{"outputs": ["face_data.csv"]}])]
    """The result, such as the names of the files in the output folder; empty before the job has succeeded."""
    cancel_requested_at: str | None
    """When a user stopped it."""

    @classmethod
    def of(cls, job: Job, pace: Pace | None = None) -> JobOut:
        """Convert a job; fields that only the service uses are dropped."""
        return cls(
            id=job.id,
            stage=job.stage,
            state=job.state,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            progress=None if job.progress is None else ProgressOut.of(job.progress, pace),
            counts=dict(job.counts),
            failures=tuple(FailureOut(image_path=f.image_path, reason=f.reason) for f in job.failures),
            warnings=job.warnings,
            error=None if job.error is None else JobErrorOut(code=job.error.code, message=job.error.message),
            request=dict(job.request),
            result=dict(job.result),
            cancel_requested_at=job.cancel_requested_at,
        )


class JobPage(Page):
    """Jobs, newest first."""

    jobs: tuple[JobOut, ...]


class JobProgressEvent(Out):
    """The progress of a job: the data of the event `progress`."""

    id: str
    stage: Stage
    state: JobState
    progress: ProgressOut | None
    """Null before the job has started."""
    cancel_requested: bool
    """Whether a user has stopped it."""

    @classmethod
    def of(cls, job: Job, pace: Pace | None) -> JobProgressEvent:
        """Convert the job's current state."""
        return cls(
            id=job.id,
            stage=job.stage,
            state=job.state,
            progress=None if job.progress is None else ProgressOut.of(job.progress, pace),
            cancel_requested=job.cancel_requested_at is not None,
        )


class RunningJob(Out):
    """A running job of this service."""

    id: str
    stage: Stage


class HealthOut(Out):
    """The health of the service, reported without disk access."""

    status: Literal["ok"] = "ok"
    version: Annotated[str, Field(examples=["0.1.0"])]
    engine: Annotated[str, Field(examples=["auto"])]
    """The face engine as configured in the settings."""
    running_jobs: tuple[RunningJob, ...]
