"""The page Event: the state of the event, the running job, and the next step."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context
from curation.api.pages.event_state import NextStep, event_state, folder_state
from curation.api.pages.rendering import page_router, render
from curation.photos.files.formats import PHOTO_EXTENSIONS

__all__ = ["router"]

router = page_router()


@router.get("/review/event")
def event_page(request: Request, context: Context) -> HTMLResponse:
    """The overview."""
    return render(
        request,
        "event/index.html",
        place="event",
        event=event_state(context),
        steps=NextStep,
        extensions=",".join(sorted(f".{extension}" for extension in PHOTO_EXTENSIONS)),
    )


@router.get("/fragments/event")
def event_fragment(request: Request, context: Context) -> HTMLResponse:
    """The steps and the last jobs; fetched again when a job ends."""
    return render(request, "event/_overview.html", event=event_state(context), steps=NextStep)


@router.get("/fragments/event/folder")
def folder_fragment(request: Request, context: Context) -> HTMLResponse:
    """The photos in the folder; fetched separately, because the folder may be large and its disk slow."""
    folder = folder_state(context)
    return render(request, "event/_folder.html", there=folder.photos, new=folder.new, clustered=folder.clustered)
