"""What became of the jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from curation.api.context import Context
from curation.api.errors import ApiProblem, problem_responses
from curation.api.paging import Limit, Offset
from curation.api.schemas import JobOut, JobPage
from curation.storage.jobs import Stage

__all__ = ["router"]

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("", summary="All jobs, newest first")
def list_jobs(context: Context, stage: Stage | None = None, limit: Limit = 100, offset: Offset = 0) -> JobPage:
    """Jobs are kept when the service ends; one that the end cut off is `interrupted`."""
    total, jobs = context.runner.list(stage=stage, limit=limit, offset=offset)
    return JobPage(total=total, limit=limit, offset=offset, jobs=tuple(JobOut.of(job) for job in jobs))


@router.get(
    "/{job_id}",
    summary="One job",
    responses=problem_responses(job_not_found=(404, "there is no job 7f0c; GET /jobs lists all")),
)
def get_job(context: Context, job_id: Annotated[str, Path(max_length=64)]) -> JobOut:
    """Its state, progress, counts, and the error if there was one."""
    job = context.runner.get(job_id)
    if job is None:
        raise ApiProblem(404, "job_not_found", f"there is no job {job_id}; GET /jobs lists all")
    return JobOut.of(job)
