"""What became of the jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from curation.api.context import Context
from curation.api.errors import ApiProblem, problem_responses
from curation.api.paging import Limit, Offset
from curation.api.runner import JobEndedError
from curation.api.schemas import JobOut, JobPage
from curation.storage.jobs import Stage

__all__ = ["router"]

router = APIRouter(prefix="/jobs", tags=["jobs"])

MAX_LOG_LINES = 100_000

JobId = Annotated[str, Path(max_length=64, description="As `POST /cluster` and `GET /jobs` give it.")]

_NOT_FOUND = {"job_not_found": (404, "there is no job 7f0c; GET /jobs lists all")}


@router.get("", summary="All jobs, newest first")
def list_jobs(context: Context, stage: Stage | None = None, limit: Limit = 100, offset: Offset = 0) -> JobPage:
    """Jobs are kept when the service ends; one that the end cut off is `interrupted`."""
    total, jobs = context.runner.list(stage=stage, limit=limit, offset=offset)
    return JobPage(
        total=total,
        limit=limit,
        offset=offset,
        jobs=tuple(JobOut.of(job, context.runner.pace(job.id)) for job in jobs),
    )


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
        202: {"description": "The job, which stops within 2 s and is then `cancelled`."},
        **problem_responses(
            **_NOT_FOUND,
            job_ended=(409, "job 7f0c4be9d93c4c3c9b9f9ad0b5f1e2aa has ended already (succeeded)"),
            storage=(507, "the disk is full: free some space and run again"),
        ),
    },
)
def cancel_job(context: Context, job_id: JobId) -> JobOut:
    """What was analysed so far is kept: the next run of the stage goes on from there.

    The files of the last finished run stay as they are. A job that is just done may still succeed. Asking twice does
    no harm.
    """
    try:
        job = context.runner.cancel(job_id)
    except JobEndedError as error:
        raise ApiProblem(409, "job_ended", str(error), extra={"job_id": job_id}) from error
    if job is None:
        raise not_found(job_id)
    return JobOut.of(job, context.runner.pace(job_id))


@router.get(
    "/{job_id}/log",
    summary="What a job said while it worked",
    response_class=PlainTextResponse,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Lines of text, oldest first."},
        **problem_responses(**_NOT_FOUND),
    },
)
def get_job_log(
    context: Context,
    job_id: JobId,
    tail: Annotated[int, Query(ge=1, le=MAX_LOG_LINES, description="The last lines, at most so many.")] = 1000,
) -> PlainTextResponse:
    """Each line has a time, a level and a message; photos that failed are named with the reason."""
    if context.runner.get(job_id) is None:
        raise not_found(job_id)
    return PlainTextResponse(context.job_logs.tail(job_id, tail), headers={"Cache-Control": "no-store"})


def not_found(job_id: str) -> ApiProblem:
    """The problem that there is no such job."""
    return ApiProblem(404, "job_not_found", f"there is no job {job_id}; GET /jobs lists all")
