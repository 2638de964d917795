"""The tables as files."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from curation.api.context import Context
from curation.api.http.conditional import file_response
from curation.api.http.errors import ApiProblem, problem_responses
from curation.errors import NOT_CLUSTERED, NOT_SCORED
from curation.storage.health.file_health import FILE_HEALTH

__all__ = ["router"]

router = APIRouter(prefix="/downloads", tags=["downloads"])

_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The file."},
    304: {"description": "The client already has this version of the file (If-None-Match)."},
}
MEDIA_TYPE = "text/csv; charset=utf-8"


@router.get(
    "/face_data.csv",
    summary="All faces",
    response_class=Response,
    responses={**_CSV, **problem_responses(not_clustered=(409, NOT_CLUSTERED))},
)
def download_face_data(request: Request, context: Context) -> Response:
    """One row per face: where it is, how good it is, and its cluster."""
    path = context.catalog.face_data_path
    response = file_response(request, path, media_type=MEDIA_TYPE, download_as=path.name)
    if response is None:
        raise ApiProblem(409, "not_clustered", NOT_CLUSTERED)
    return response


@router.get(
    "/file_health.csv",
    summary="Files to copy again",
    response_class=Response,
    responses={**_CSV, **problem_responses(not_clustered=(409, NOT_CLUSTERED))},
)
def download_file_health(request: Request, context: Context) -> Response:
    """One row per file that is broken or not on this disk; only a header if all files are whole."""
    path = context.settings.io.output_dir / FILE_HEALTH
    response = file_response(request, path, media_type=MEDIA_TYPE, download_as=path.name)
    if response is None:
        raise ApiProblem(409, "not_clustered", NOT_CLUSTERED)
    return response


@router.get(
    "/photo_scores.csv",
    summary="All photos, best first",
    response_class=Response,
    responses={**_CSV, **problem_responses(not_scored=(409, NOT_SCORED))},
)
def download_photo_scores(request: Request, context: Context) -> Response:
    """One row per photo: its rank, its score, the reasons, and the user's pick and rating."""
    context.ranking.catch_up()
    path = context.catalog.photo_scores_path
    response = file_response(request, path, media_type=MEDIA_TYPE, download_as=path.name)
    if response is None:
        raise ApiProblem(409, "not_scored", NOT_SCORED)
    return response
