"""Following and stopping jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.job_events import END_ID, follow, follow_all
from curation.api.http.paging import Limit, Offset
from curation.api.http.sharing.share import TOO_MANY_STREAMS, demand_stream
from curation.api.schemas.jobs import JobOut, JobPage
from curation.jobs.job import Stage
from curation.jobs.runner import JobEndedError

__all__ = ["router"]

router = APIRouter(prefix="/jobs", tags=["jobs"])

MAX_LOG_LINES = 100_000

JobId = Annotated[str, Path(max_length=64, description="From `POST /cluster`, `GET /jobs` and others.")]

EVENT_STREAM = "text/event-stream"

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events; the data of each is JSON.",
        "content": {
            EVENT_STREAM: {
                # The schema of each event, as OpenAPI 3.2 describes streams.
                "schema": {
                    "type": "object",
                    "properties": {
                        "event": {"type": "string", "enum": ["progress", "end", "idle"]},
                        "data": {
                            "type": "string",
                            "description": "JSON: of `progress` the id, stage, state, progress and cancel_requested, "
                            "of `end` a JobOut.",
                        },
                        "id": {"type": "string"},
                    },
                    "required": ["event", "data"],
                },
                "example": 'event: progress\ndata: {"id": "7f0c…", "stage": "clustering", "state": "running", '
                '"progress": {"phase": "analysing photos", "done": 120, "total": 300, "failed": 1, '
                '"rate_per_s": 4.2, "seconds_left": 43.0}, "cancel_requested": false}\n\n',
            }
        },
    }
}
_NOT_FOUND = {"job_not_found": (404, "there is no job 7f0c; GET /jobs lists all")}


@router.get("", summary="All jobs, newest first")
def list_jobs(context: Context, stage: Stage | None = None, limit: Limit = 100, offset: Offset = 0) -> JobPage:
    """Jobs are stored and outlive the service; a job that was running when the service ended is `interrupted`."""
    total, jobs = context.runner.list(stage=stage, limit=limit, offset=offset)
    return JobPage(
        total=total,
        limit=limit,
        offset=offset,
        jobs=tuple(JobOut.of(job, context.runner.pace(job.id)) for job in jobs),
    )


@router.get(
    "/events",
    summary="The progress of all running jobs",
    response_class=StreamingResponse,
    responses={**_EVENTS, **problem_responses(too_many_streams=TOO_MANY_STREAMS)},
)
def get_events(context: Context) -> StreamingResponse:
    """Server-sent events of all running jobs, including those that start in the meantime.

    `progress` and `end` are those of `GET /jobs/{id}/events`. When no job is running, `idle` is sent and the stream
    ends; a browser's EventSource then reconnects every three seconds, and so notices the next job.
    """
    return _stream(follow_all(context.runner, context.runner.list_active()))


@router.get("/{job_id}", summary="One job", responses=problem_responses(**_NOT_FOUND))
def get_job(context: Context, job_id: JobId) -> JobOut:
    """Its state, progress, counts, and the error if there was one."""
    job = context.runner.get(job_id)
    if job is None:
        raise not_found(job_id)
    return JobOut.of(job, context.runner.pace(job_id))


@router.delete(
    "/{job_id}",
    status_code=202,
    summary="Stop a job",
    responses={
        202: {"description": "The job, which stops within 2 s; its state is then `cancelled`."},
        **problem_responses(
            **_NOT_FOUND,
            job_ended=(409, "job 7f0c4be9d93c4c3c9b9f9ad0b5f1e2aa has ended already (succeeded)"),
            storage=(507, "the disk is full: free some space and run again"),
        ),
    },
)
def cancel_job(context: Context, job_id: JobId) -> JobOut:
    """What was analysed so far stays cached: the next run of the stage continues from there.

    Each table is written completely or not at all. A job that is about to finish may still succeed. Stopping a job
    twice is harmless.
    """
    try:
        job = context.runner.cancel(job_id)
    except JobEndedError as error:
        raise ApiProblem(409, "job_ended", str(error), extra={"job_id": job_id}) from error
    if job is None:
        raise not_found(job_id)
    return JobOut.of(job, context.runner.pace(job_id))


@router.get(
    "/{job_id}/events",
    summary="The progress of a job",
    response_class=StreamingResponse,
    responses={
        **_EVENTS,
        204: {"description": "The client already has the event `end` (Last-Event-ID): a browser stops reconnecting."},
        **problem_responses(**_NOT_FOUND, too_many_streams=TOO_MANY_STREAMS),
    },
)
def get_job_events(
    context: Context,
    job_id: JobId,
    last_event_id: Annotated[str | None, Header(description="A browser's EventSource sends it automatically.")] = None,
) -> Response:
    """Server-sent events until the job ends.

    `progress` is sent when something changed (phase, done, total, rate, seconds left), at most four times a second
    and at least every five seconds; the last event is `end`, whose data is the whole job in its final state.
    """
    job = context.runner.get(job_id)
    if job is None:
        raise not_found(job_id)
    if last_event_id == END_ID and not job.state.is_active:
        return Response(status_code=204)
    return _stream(follow(context.runner, job))


@router.get(
    "/{job_id}/log",
    summary="The log of a job",
    response_class=PlainTextResponse,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Lines of text, oldest first."},
        **problem_responses(**_NOT_FOUND),
    },
)
def get_job_log(
    context: Context,
    job_id: JobId,
    tail: Annotated[int, Query(ge=1, le=MAX_LOG_LINES, description="The maximum number of lines, the last ones.")] = (
        1000
    ),
) -> PlainTextResponse:
    """Each line has a time, a level and a message; photos that failed are named with the reason."""
    if context.runner.get(job_id) is None:
        raise not_found(job_id)
    return PlainTextResponse(context.job_logs.tail(job_id, tail), headers={"Cache-Control": "no-store"})


def _stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    demand_stream()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type=EVENT_STREAM, headers=headers)


def not_found(job_id: str) -> ApiProblem:
    """The problem of an unknown job id."""
    return ApiProblem(404, "job_not_found", f"there is no job {job_id}; GET /jobs lists all")
