"""Starts a job for a request, and defines the problems of a job that cannot start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request, Response

from curation.api.context import ServiceContext
from curation.api.http.errors import ApiProblem
from curation.api.schemas.jobs import JobOut
from curation.errors import BusyError
from curation.jobs.job import Job, Stage
from curation.jobs.runner import ServiceEndingError
from curation.jobs.starting import start
from curation.jobs.store import ActiveJobError

__all__ = ["ACCEPTED", "NOT_STARTED", "answer_started", "start_job"]

NOT_STARTED = {
    "already_running": (
        409,
        "clustering already runs as job 7f0c4be9d93c4c3c9b9f9ad0b5f1e2aa; wait until it has ended: GET /jobs/…",
    ),
    "service_ending": (503, "the service is shutting down; start it again"),
    "storage": (507, "the disk is full: free some space and run again"),
}
"""The problems of a job that cannot start, for `problem_responses`."""

ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The job; it runs in the background.",
        "headers": {"Location": {"description": "The address of the job.", "schema": {"type": "string"}}},
    }
}
"""The response with a job, for a route's `responses`."""


def start_job(
    stage: Stage, body: Mapping[str, Any], request: Request, response: Response, context: ServiceContext
) -> JobOut:
    """Start a stage in the background.

    Args:
        stage: Which one.
        body: The parameters of the stage; plain JSON values.
        request: The client's request.
        response: Gets a Location header; the route answers 202.
        context: The parts of the service.

    Returns:
        The new job.

    Raises:
        ApiProblem: If this stage or one that excludes it is running anywhere; if the service is shutting down.
        StorageError: If the job cannot be stored.
    """
    return answer_started(lambda: start(context.runner, stage, body, context.settings.io.output_dir), request, response)


def answer_started(begin: Callable[[], Job], request: Request, response: Response) -> JobOut:
    """The answer to a request that starts a job.

    Args:
        begin: Starts it; raises what `curation.jobs.starting.start` raises.
        request: The client's request.
        response: Gets a Location header; the route answers 202.

    Returns:
        The new job.

    Raises:
        ApiProblem: If this stage or one that excludes it is running anywhere; if the service is shutting down.
        StorageError: If the job cannot be stored.
    """
    try:
        job = begin()
    except BusyError as error:
        raise ApiProblem(409, "already_running", str(error)) from error
    except ActiveJobError as error:
        raise _already_running(error.job) from error
    except ServiceEndingError as error:
        raise ApiProblem(503, "service_ending", "the service is shutting down; start it again") from error
    response.headers["Location"] = request.url_for("get_job", job_id=job.id).path
    return JobOut.of(job)


def _already_running(job: Job) -> ApiProblem:
    return ApiProblem(
        409,
        "already_running",
        f"{job.stage} already runs as job {job.id} of this service, since {job.started_at or job.created_at}; "
        f"wait until it has ended (GET /jobs/{job.id}), or stop it (DELETE /jobs/{job.id})",
        extra={"job_id": job.id},
    )
