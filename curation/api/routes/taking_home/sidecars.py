"""Sidecars beside the originals: listed, written, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.starting import ACCEPTED, NOT_STARTED, start_job
from curation.api.schemas.jobs import JobOut
from curation.api.schemas.taking_home.sidecars import SidecarEntryOut, SidecarsIn, SidecarsOut
from curation.domain.choosing.sidecars import SidecarAction, SidecarRequest, WhichPhotos
from curation.domain.faces.ids import photo_id
from curation.domain.judging.picks import Pick
from curation.errors import NOT_CLUSTERED, NOT_SCORED, InputError
from curation.jobs.job import Job, Stage
from curation.pipelines.export.beside.writing import BACKUPS_DIR, new_name
from curation.storage.sidecars.journal import WrittenRun, read_journal
from curation.storage.sidecars.lists import read_list
from curation.workflow import demand_folder

__all__ = ["router"]

router = APIRouter(prefix="/sidecars", tags=["exports"])

JobId = Annotated[str, Path(max_length=64, description="The id of the job that `POST /sidecars` returned.")]

_NOTHING = (
    "no photo is picked yet: pick photos first (PATCH /picks), or ask for all photos, the best ones or some by id"
)
_STORED_ELSEWHERE = "the photos lie in object storage (s3://bucket/party), where nothing is written beside them"
_NOT_FOUND = {"sidecars_not_found": (404, "there is no such run 7f0c; GET /jobs?stage=sidecars lists all")}
_NOTHING_WRITTEN = "this run wrote nothing, so there is nothing to take back"
_TAKEN_BACK = "this run was taken back already"
_BEGIN = "this job is running; wait until it has ended: GET /jobs/7f0c"


@router.post(
    "",
    status_code=202,
    summary="Write sidecars beside the originals",
    responses={
        **ACCEPTED,
        **problem_responses(
            **NOT_STARTED,
            not_clustered=(409, NOT_CLUSTERED),
            not_scored=(409, NOT_SCORED),
            nothing_to_export=(409, _NOTHING),
            no_folder=(409, _STORED_ELSEWHERE),
            photo_not_found=(404, "there is no photo 1f0c4be9d93c4c3c; GET /photos lists them"),
        ),
    },
)
def write_sidecars(body: SidecarsIn, request: Request, response: Response, context: Context) -> JobOut:
    """Writes stars, picks, names and face regions into XMP sidecars beside the original photos, in the background.

    **By default it only lists what would be written** (`dry_run`). The originals themselves are never changed. What
    other programs wrote into a sidecar stays; each one that is changed is backed up, and a run can be taken back as a
    whole. `GET /sidecars/{job_id}` has the list.
    """
    _demand_folder(context)
    if not context.orchestrator.face_data_exists():
        raise ApiProblem(409, "not_clustered", NOT_CLUSTERED)
    if body.best is not None:
        context.catalog.photos()  # says so if there is no ranking
    elif body.photos is None and body.which is WhichPhotos.PICKED and not _is_any_picked(context):
        raise ApiProblem(409, "nothing_to_export", _NOTHING)
    paths = None if body.photos is None else _paths(body.photos, context)
    asked = body.to_request(paths, new_name(datetime.now()))
    return start_job(Stage.SIDECARS, asked.to_json(), request, response, context)


@router.get(
    "/{job_id}", summary="One run, and its list", name="get_sidecars", responses=problem_responses(**_NOT_FOUND)
)
def get_sidecars(
    job_id: JobId,
    context: Context,
    action: Annotated[SidecarAction | None, Query(description="Only these sidecars.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> SidecarsOut:
    """What was written, or would be written, sidecar by sidecar."""
    job = _job(job_id, context)
    asked = SidecarRequest.from_json(job.request)
    settings = context.settings
    found = read_list(settings.event_dir, asked.name, offset=offset, limit=limit, action=action)
    total, entries = found if found is not None else (0, [])
    written = _written(asked, context)
    counts = {name: _count(job, name) for name in _COUNTS}
    return SidecarsOut(
        total=total,
        limit=limit,
        offset=offset,
        job_id=job.id,
        state=job.state,
        program=asked.program,
        dry_run=asked.dry_run and not asked.undo,
        undoes=str(job.request["undoes"]) if job.request.get("undoes") else None,
        backup=None if written is None else str(written.folder),
        undone_at=None if written is None else written.undone_at,
        can_undo=written is not None and bool(written.changes) and not written.undone_at and not job.state.is_active,
        entries=tuple(SidecarEntryOut.of(entry, photo_id(entry.image_path)) for entry in entries),
        **counts,
    )


@router.post(
    "/{job_id}/undo",
    status_code=202,
    summary="Take sidecars back",
    responses={
        **ACCEPTED,
        **problem_responses(
            **NOT_STARTED,
            **_NOT_FOUND,
            no_folder=(409, _STORED_ELSEWHERE),
            not_finished=(409, _BEGIN),
            nothing_to_undo=(409, _NOTHING_WRITTEN),
        ),
    },
)
def undo_sidecars(job_id: JobId, request: Request, response: Response, context: Context) -> JobOut:
    """Takes back what a run wrote, in the background: new sidecars go, merged ones are as they were, byte for byte.

    A sidecar that somebody changed since is not touched, and is named in the list. Also for runs that were stopped or
    killed.
    """
    _demand_folder(context)
    job = _job(job_id, context)
    if job.state.is_active:
        raise ApiProblem(409, "not_finished", f"this job is {job.state}; wait until it has ended: GET /jobs/{job.id}")
    asked = SidecarRequest.from_json(job.request)
    written = _written(asked, context)
    if written is None or not written.changes:
        raise ApiProblem(409, "nothing_to_undo", _NOTHING_WRITTEN)
    if written.undone_at:
        raise ApiProblem(409, "nothing_to_undo", _TAKEN_BACK)
    undo = SidecarRequest(asked.program, dry_run=False, name=new_name(datetime.now()), undo=asked.name)
    return start_job(Stage.SIDECARS, {**undo.to_json(), "undoes": job.id}, request, response, context)


_COUNTS = ("new", "merged", "unchanged", "refused", "removed", "restored", "silent")


def _demand_folder(context: ServiceContext) -> None:
    try:
        demand_folder(context.settings)
    except InputError as error:
        raise ApiProblem(409, "no_folder", str(error)) from error


def _is_any_picked(context: ServiceContext) -> bool:
    return any(one.pick is Pick.PICKED for one in context.catalog.ranked.picks().by_path.values())


def _paths(photo_ids: Sequence[str], context: ServiceContext) -> tuple[str, ...]:
    paths = []
    for each in photo_ids:
        photo = context.catalog.photo(each)
        if photo is None:
            raise ApiProblem(404, "photo_not_found", f"there is no photo {each}; GET /photos lists them")
        paths.append(photo.image_path)
    return tuple(paths)


def _job(job_id: str, context: ServiceContext) -> Job:
    job = context.runner.get(job_id)
    if job is None or job.stage is not Stage.SIDECARS:
        raise ApiProblem(404, "sidecars_not_found", f"there is no run {job_id!a}; GET /jobs?stage=sidecars lists all")
    return job


def _written(asked: SidecarRequest, context: ServiceContext) -> WrittenRun | None:
    """What a run wrote; None for dry runs, and for runs that took another one back."""
    if asked.undo or asked.dry_run:
        return None
    return read_journal(context.settings.io.output_dir / BACKUPS_DIR / asked.name)


def _count(job: Job, name: str) -> int | None:
    value = job.counts.get(name)
    return None if value is None else int(value)
