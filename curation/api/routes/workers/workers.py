"""Who works on what."""

from __future__ import annotations

from fastapi import APIRouter

from curation.api.context import Context
from curation.api.schemas.jobs import RunningJob
from curation.api.schemas.workers.workers import WorkersOut

__all__ = ["router"]

router = APIRouter(tags=["workers"])


@router.get("/workers", summary="Who works on what")
def get_workers(context: Context) -> WorkersOut:
    """The workers of other machines, with what they work on, and the processes of this service.

    A broker that is away is no error of this request: `broker.reachable` is false then.
    """
    jobs = tuple(RunningJob(id=job.id, stage=job.stage) for job in context.runner.active)
    return WorkersOut.of(context.who_works.now(), jobs)
