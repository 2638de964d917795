"""Exporting photos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.conditional import file_response
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.starting import ACCEPTED, NOT_STARTED, start_job
from curation.api.schemas.exports import ExportIn, ExportOut
from curation.api.schemas.jobs import JobOut
from curation.domain.choosing.export import ExportMode
from curation.domain.judging.picks import Pick
from curation.errors import NOT_CLUSTERED, NOT_SCORED
from curation.jobs.store import Job, JobState, Stage

__all__ = ["router"]

router = APIRouter(prefix="/exports", tags=["exports"])

JobId = Annotated[str, Path(max_length=64, description="The id of the job that `POST /exports` returned.")]

_NOTHING = "no photo is picked yet: pick photos first (PATCH /picks), or export the best ones or photos by id"
_NOT_CLUSTERED = {"not_clustered": (409, NOT_CLUSTERED)}
_NOT_FOUND = {"export_not_found": (404, "there is no export 7f0c; GET /jobs?stage=export lists all")}
_FOLDER = "this export is a folder, /home/anna/party/export/2026-06-20 21.14.03; only the mode zip can be downloaded"
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The ZIP file.",
    },
    304: {"description": "The client already has the file (If-None-Match)."},
}


@router.post(
    "",
    status_code=202,
    summary="Export photos",
    responses={
        **ACCEPTED,
        **problem_responses(
            **NOT_STARTED,
            **_NOT_CLUSTERED,
            nothing_to_export=(409, _NOTHING),
            not_scored=(409, NOT_SCORED),
            photo_not_found=(404, "there is no photo 1f0c4be9d93c4c3c; GET /photos lists them"),
        ),
    },
)
def start_export(body: ExportIn, request: Request, response: Response, context: Context) -> JobOut:
    """Copies, hard-links or zips the picked photos, the best ones or any others, in the background.

    They are written into a new sub-folder of `io.export_dir`, or a ZIP file there, with ratings, names and face regions
    as XMP inside JPEG copies and in sidecars, a table, and a contact sheet. The originals are never changed, and no
    earlier export is overwritten. `GET /jobs/{id}` reports the progress, then `GET /exports/{id}` where the export is.
    """
    if not context.orchestrator.face_data_exists():
        raise ApiProblem(409, "not_clustered", NOT_CLUSTERED)
    if body.photos is None:
        if body.best is not None:
            context.catalog.photos()  # says so if there is no ranking
        elif not any(one.pick is Pick.PICKED for one in context.catalog.ranked.picks().by_path.values()):
            raise ApiProblem(409, "nothing_to_export", _NOTHING)
    paths = None if body.photos is None else _paths(body.photos, context)
    return start_job(Stage.EXPORT, body.to_request(paths).to_json(), request, response, context)


def _paths(photo_ids: Sequence[str], context: ServiceContext) -> tuple[str, ...]:
    paths = []
    for photo_id in photo_ids:
        photo = context.catalog.photo(photo_id)
        if photo is None:
            raise ApiProblem(404, "photo_not_found", f"there is no photo {photo_id}; GET /photos lists them")
        paths.append(photo.image_path)
    return tuple(paths)


@router.get("/{job_id}", summary="One export", name="get_export", responses=problem_responses(**_NOT_FOUND))
def get_export(job_id: JobId, request: Request, context: Context) -> ExportOut:
    """The folder or ZIP file of an export, once its job has succeeded."""
    job = _job(job_id, context)
    mode = ExportMode(job.request["mode"])
    done = job.state is JobState.SUCCEEDED
    download = request.url_for("download_export", job_id=job.id).path if done and mode is ExportMode.ZIP else None
    return ExportOut(
        job_id=job.id,
        state=job.state,
        mode=mode,
        name=job.result.get("name"),
        path=job.result.get("path"),
        photos=_count(job, "exported"),
        failed=_count(job, "failed"),
        size_bytes=_count(job, "size_bytes"),
        warnings=job.warnings,
        download_url=download,
    )


@router.get(
    "/{job_id}/download",
    summary="Download an export",
    name="download_export",
    response_class=Response,
    responses={
        **_ZIP,
        **problem_responses(
            **_NOT_FOUND,
            export_gone=(404, "the ZIP file of this export is gone; export again"),
            not_finished=(409, "this export is running; wait until its job has succeeded: GET /jobs/7f0c"),
            no_download=(409, _FOLDER),
        ),
    },
)
def download_export(job_id: JobId, request: Request, context: Context) -> Response:
    """The ZIP file of an export with the mode `zip`."""
    job = _job(job_id, context)
    if job.state is not JobState.SUCCEEDED:
        raise ApiProblem(
            409, "not_finished", f"this export is {job.state}; wait until its job has succeeded: GET /jobs/{job.id}"
        )
    name, path = str(job.result["name"]), str(job.result["path"])
    if job.request["mode"] != ExportMode.ZIP:
        raise ApiProblem(409, "no_download", f"this export is a folder, {path}; only the mode zip can be downloaded")
    # By its name: nothing outside the current export folder is served, wherever the folder was at the time.
    file = context.settings.io.exports / name
    response = None
    if file.parent == context.settings.io.exports:
        response = file_response(request, file, media_type="application/zip", download_as=name)
    if response is None:
        raise ApiProblem(404, "export_gone", "the ZIP file of this export is gone; export again")
    return response


def _job(job_id: str, context: ServiceContext) -> Job:
    job = context.runner.get(job_id)
    if job is None or job.stage is not Stage.EXPORT:
        raise ApiProblem(404, "export_not_found", f"there is no export {job_id!a}; GET /jobs?stage=export lists all")
    return job


def _count(job: Job, name: str) -> int | None:
    value = job.counts.get(name)
    return None if value is None else int(value)
