"""Starting clustering and scoring."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.starting import ACCEPTED, NOT_STARTED, start_job
from curation.api.schemas.jobs import JobOut, StageRequest
from curation.errors import NOT_CLUSTERED
from curation.jobs.store import Stage

__all__ = ["router"]

router = APIRouter(tags=["stages"])

_BODY = {"bad_request": (400, "the body is not JSON text; send no body, or the JSON that /docs describes")}
Nothing = Annotated[StageRequest | None, Body(description="Not needed.")]


@router.post(
    "/cluster",
    status_code=202,
    summary="Find the people in the photos",
    responses={**ACCEPTED, **problem_responses(**_BODY, **NOT_STARTED)},
)
def start_clustering(request: Request, response: Response, context: Context, body: Nothing = None) -> JobOut:
    """Finds all faces in the folder of photos and groups them by person, in the background.

    `GET /jobs/{id}` reports the progress. Then look at `GET /people`, and label the people with `PATCH /people/{id}`.
    """
    return start_job(Stage.CLUSTERING, {}, request, response, context)


@router.post(
    "/score",
    status_code=202,
    summary="Rank the photos",
    responses={
        **ACCEPTED,
        **problem_responses(**_BODY, **NOT_STARTED, not_clustered=(409, NOT_CLUSTERED)),
    },
)
def start_scoring(request: Request, response: Response, context: Context, body: Nothing = None) -> JobOut:
    """Measures, scores and ranks all photos, in the background.

    Needs the clustering; without labels everybody in several photos counts as important.
    `GET /jobs/{id}` reports the progress, then `GET /photos` lists the ranking.
    """
    # If a run is active, it may be the one that writes the table.
    if context.runner.in_the_way(Stage.SCORING) is None and not context.orchestrator.face_data_exists():
        raise ApiProblem(409, "not_clustered", NOT_CLUSTERED)
    return start_job(Stage.SCORING, {}, request, response, context)
