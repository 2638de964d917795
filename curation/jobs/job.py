"""A job: one run of a stage that the service started, with its state, progress, result and error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from curation.domain.report import Failure, Progress

__all__ = ["AFTER", "RESUMED", "THEN", "Job", "JobError", "JobState", "Stage", "utc_now"]

THEN = "then"
"""In the request of a job: the stage that begins by itself when it has succeeded."""
AFTER = "after"
"""In the request of a job that began by itself: the id of the one before it."""
RESUMED = "resumed"
"""In the request of a job that goes on with an interrupted one: true."""


class Stage(StrEnum):
    """What a job runs."""

    CLUSTERING = "clustering"
    SCORING = "scoring"
    EXPORT = "export"
    SIDECARS = "sidecars"
    VIDEO = "video"
    WEIGHTS = "weights"


class JobState(StrEnum):
    """The state of a job. The last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"

    @property
    def is_active(self) -> bool:
        """Whether the job is queued or running."""
        return self in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job did not succeed: a stable code, and a message that says what to do."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a stage that the service started.

    Attributes:
        id: 32 hexadecimal digits.
        stage: What it runs.
        state: Its state.
        created_at: When it was requested; like all times here UTC, ISO 8601, milliseconds.
        started_at: When it started to run.
        finished_at: When it reached its final state.
        progress: The last known progress.
        counts: Numbers of the stage's report, for instance `total`, `failed`, `seconds`.
        failures: The first photos that failed; `counts["failed"]` is the number of all.
        warnings: What the user should know about the result, in sentences.
        error: Set if and only if the state is `failed`, `interrupted` or `cancelled`.
        owner: The service process that runs it.
        request: The options of the run; plain JSON values.
        result: The result of the run, such as its output files; plain JSON values.
        cancel_requested_at: When a user asked to stop it, in any service process.
    """

    id: str
    stage: Stage
    state: JobState
    created_at: str
    owner: str
    started_at: str | None = None
    finished_at: str | None = None
    progress: Progress | None = None
    counts: Mapping[str, int | float] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()
    error: JobError | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    cancel_requested_at: str | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the next service goes on with it by itself where the end of this one interrupts it.

        Films do, and a stage of looking through the photos does once.
        """
        is_of_both = self.request.get(THEN) == Stage.SCORING.value or AFTER in self.request
        return self.stage is Stage.VIDEO or (is_of_both and not self.request.get(RESUMED))


def utc_now() -> str:
    """The current time in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
