"""Looking through the photos: both stages with one request."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.http.starting import ACCEPTED, NOT_STARTED, answer_started
from curation.api.schemas.jobs import JobOut, StageRequest

__all__ = ["router"]

router = APIRouter(tags=["stages"])

_BODY = {"bad_request": (400, "the body is not JSON text; send no body, or the JSON that /docs describes")}


@router.post(
    "/look-through",
    status_code=202,
    summary="Find the people, then rank the photos",
    responses={**ACCEPTED, **problem_responses(**_BODY, **NOT_STARTED)},
)
def look_through(
    request: Request,
    response: Response,
    context: Context,
    body: Annotated[StageRequest | None, Body(description="Not needed.")] = None,
) -> JobOut:
    """Both stages in the background: the answer is the job of the clustering.

    When that has succeeded, the scoring begins by itself as a job of its own, which `GET /jobs` and `GET /jobs/events`
    show.

    If the service ends in between, it goes on when it is started again, and the event is opened. A job that was stopped
    (`DELETE /jobs/{id}`) stays stopped.
    """
    return answer_started(lambda: context.look_through.start(context.runner), request, response)
