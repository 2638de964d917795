"""The engine of an event's next run, and fetching the files of the better one."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.starting import ACCEPTED, NOT_STARTED, start_job
from curation.api.schemas.jobs import JobOut
from curation.api.schemas.opening.engine import EngineOut
from curation.engines.standing import EngineStanding, engine_standing
from curation.jobs.job import Stage
from curation.storage.face_data_file import FACE_DATA, first_engine

__all__ = ["router", "standing_of"]

router = APIRouter(tags=["stages"])

_NOTHING_MISSING = (409, "all files of the better engine are here already")
_DOWNLOADS_OFF = (409, "downloads are switched off: set engine.download to true in config.yaml, or put the files there")


def standing_of(context: ServiceContext) -> EngineStanding:
    """The engine of the event's next run.

    Raises:
        StorageError: If a file cannot be read.
    """
    table = context.settings.io.output_dir / FACE_DATA
    return engine_standing(context.settings, first_engine(table) if table.is_file() else None)


@router.get("/engine", summary="The engine of the next clustering")
def get_engine(context: Context) -> EngineOut:
    """Which engine finds and compares the faces of the next run, why, and what the better one lacks here."""
    return EngineOut.of(standing_of(context))


@router.post(
    "/engine/weights",
    status_code=202,
    summary="Fetch the files of the better engine",
    responses={
        **ACCEPTED,
        **problem_responses(**NOT_STARTED, weights_present=_NOTHING_MISSING, downloads_off=_DOWNLOADS_OFF),
    },
)
def fetch_weights(request: Request, response: Response, context: Context) -> JobOut:
    """Downloads the missing model files in the background; the service never downloads any without this request.

    The job's progress counts bytes. A download that was stopped or broke off continues where it stopped. A file that is
    not what its publisher promises is thrown away.
    """
    standing = standing_of(context)
    if not standing.missing:
        raise ApiProblem(_NOTHING_MISSING[0], "weights_present", _NOTHING_MISSING[1])
    if not standing.can_fetch:
        detail = _DOWNLOADS_OFF[1]
        if context.settings.engine.download:
            names = ", ".join(file.name for file in standing.missing if not file.can_fetch)
            detail = f"no address of {names} is known: put the file into {context.settings.io.models_dir}"
        raise ApiProblem(_DOWNLOADS_OFF[0], "downloads_off", detail)
    return start_job(Stage.WEIGHTS, {}, request, response, context)
