"""Starting the two stages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from curation.api.catalog import NOT_CLUSTERED
from curation.api.context import Context, ServiceContext
from curation.api.errors import ApiProblem, problem_responses
from curation.api.runner import ServiceEndingError
from curation.api.schemas import JobOut, StageRequest
from curation.errors import BusyError
from curation.storage.jobs import ActiveJobError, Stage
from curation.storage.locks import hold_output

__all__ = ["router"]

router = APIRouter(tags=["stages"])

_BUSY = {
    "already_running": (
        409,
        "clustering already runs as job 7f0c4be9d93c4c3c9b9f9ad0b5f1e2aa; wait until it has ended: GET /jobs/…",
    )
}
_BODY = {"bad_request": (400, "the body is not JSON text; this request needs none")}
_ENDING = {"service_ending": (503, "the service ends; start it again")}
_STORAGE = {"storage": (507, "the disk is full: free some space and run again")}
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The job; it runs in the background.",
        "headers": {"Location": {"description": "Where to ask how the job is.", "schema": {"type": "string"}}},
    }
}
Nothing = Annotated[StageRequest | None, Body(description="Not needed.")]


@router.post(
    "/cluster",
    status_code=202,
    summary="Find the people in the photos",
    responses={**_ACCEPTED, **problem_responses(**_BODY, **_BUSY, **_ENDING, **_STORAGE)},
)
def start_clustering(request: Request, response: Response, context: Context, body: Nothing = None) -> JobOut:
    """Finds all faces in the folder of photos and groups them by person, in the background.

    Ask `GET /jobs/{id}` how it is. Then look at `GET /clusters`, and say who is who with `PUT /labels`.
    """
    return _start(Stage.CLUSTERING, request, response, context)


@router.post(
    "/score",
    status_code=202,
    summary="Rank the photos",
    responses={
        **_ACCEPTED,
        **problem_responses(**_BODY, **_BUSY, not_clustered=(409, NOT_CLUSTERED), **_ENDING, **_STORAGE),
    },
)
def start_scoring(request: Request, response: Response, context: Context, body: Nothing = None) -> JobOut:
    """Measures and judges all photos and ranks them, in the background.

    Needs the clustering; without labels every person with several photos counts as important.
    Ask `GET /jobs/{id}` how it is, then look at `GET /photos`.
    """
    return _start(Stage.SCORING, request, response, context)


def _start(stage: Stage, request: Request, response: Response, context: ServiceContext) -> JobOut:
    active = context.runner.active
    if active is not None:
        raise _already_running(active.id, active.stage)
    if stage is Stage.SCORING and not context.orchestrator.face_data_exists():
        raise ApiProblem(409, "not_clustered", NOT_CLUSTERED)
    try:
        # The job takes the lock itself; looking now tells the caller at once.
        with hold_output(context.settings.io.output_dir):
            pass
        job = context.runner.start(stage)
    except BusyError as error:
        raise ApiProblem(409, "already_running", str(error)) from error
    except ActiveJobError as error:
        raise _already_running(error.job.id, error.job.stage) from error
    except ServiceEndingError as error:
        raise ApiProblem(503, "service_ending", "the service ends; start it again") from error
    response.headers["Location"] = request.url_for("get_job", job_id=job.id).path
    return JobOut.of(job)


def _already_running(job_id: str, stage: Stage) -> ApiProblem:
    return ApiProblem(
        409,
        "already_running",
        f"{stage} already runs as job {job_id}; wait until it has ended: GET /jobs/{job_id}",
        extra={"job_id": job_id},
    )
