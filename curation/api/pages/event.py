"""The page Event: what was done, the running job, the next step, and the photos before they are ranked."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from curation.api.context import Context, ServiceContext
from curation.api.pages.event_state import STAGE_WORDS, NextStep, event_state, folder_state
from curation.api.pages.navigation import NAVIGATION
from curation.api.pages.rendering import page_router, render
from curation.engines.standing import engine_standing
from curation.jobs.job import Stage
from curation.photos.files.formats import PHOTO_EXTENSIONS
from curation.storage.face_data_file import FACE_DATA, first_engine

__all__ = ["router"]

router = page_router()

_GALLERY_PAGE = 60
_MAX_PHOTOS = 10_000_000


@router.get("/review/event")
def event_page(request: Request, context: Context) -> HTMLResponse:
    """The overview."""
    return render(
        request,
        "event/index.html",
        place="event",
        extensions=",".join(sorted(f".{extension}" for extension in PHOTO_EXTENSIONS)),
        **_values(context),
    )


@router.get("/fragments/event")
def event_fragment(request: Request, context: Context) -> HTMLResponse:
    """The steps and the last jobs; fetched again when a job ends."""
    return render(request, "event/_overview.html", **_values(context))


@router.get("/fragments/event/folder")
def folder_fragment(request: Request, context: Context) -> HTMLResponse:
    """The photos in the folder; fetched separately, because the folder may be large and its disk slow."""
    return render(request, "event/_folder.html", folder=folder_state(context))


@router.get("/fragments/event/engine")
def engine_fragment(request: Request, context: Context) -> HTMLResponse:
    """Which engine is used; fetched separately, because new model files are read once to know them."""
    table = context.settings.io.output_dir / FACE_DATA
    pinned = first_engine(table) if table.is_file() else None
    engine = engine_standing(context.settings, pinned)
    return render(
        request,
        "event/_engine.html",
        engine=engine,
        pinned=pinned,
        about_mb=sum(file.about_mb for file in engine.missing),
        begun=round(sum(file.here_bytes for file in engine.missing) / 1e6),
        downloads_off=not context.settings.engine.download,
        models_dir=context.settings.io.models_dir,
        fetching=context.runner.conflicting_job(Stage.WEIGHTS) is not None,
    )


@router.get("/fragments/event/gallery")
def gallery_fragment(
    request: Request, context: Context, offset: Annotated[int, Query(ge=0, le=_MAX_PHOTOS)] = 0
) -> HTMLResponse:
    """The photos of the folder by time, as long as there is no ranking of them."""
    scored = context.catalog.photo_scores_path.is_file()
    shots = () if scored else context.pictures.folder.all()
    page = shots[offset : offset + _GALLERY_PAGE]
    return render(request, "event/_gallery.html", shots=page, offset=offset, shown=offset + len(page), total=len(shots))


@router.get("/fragments/event/photo/{photo_id}")
async def folder_picture(
    request: Request, context: Context, photo_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
) -> Response:
    """A small picture of a photo of the folder, before anything is known of it."""
    return await context.pictures.of_folder(request, photo_id)


def _values(context: ServiceContext) -> dict[str, Any]:
    choose = next(place.path for place in NAVIGATION if place.key in ("choose", "coverage"))
    return {"event": event_state(context), "steps": NextStep, "stages": STAGE_WORDS, "choose_path": choose}
