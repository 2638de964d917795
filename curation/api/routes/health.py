"""The health check."""

from __future__ import annotations

from fastapi import APIRouter

from curation import __version__
from curation.api.context import Context
from curation.api.schemas.jobs import HealthOut, RunningJob

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get("/health", summary="The health of the service")
async def get_health(context: Context) -> HealthOut:
    """Answers at once, whatever is running: it needs neither a disk nor another thread."""
    return HealthOut(
        version=__version__,
        engine=context.settings.engine.name,
        running_jobs=tuple(RunningJob(id=job.id, stage=job.stage) for job in context.runner.active),
    )
