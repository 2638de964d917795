"""The pages about many photos at once: rules, the choice and export.

Their scripts fill them from the public JSON routes.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from curation.api.context import Context, ServiceContext
from curation.api.http.urls import root_of
from curation.api.pages.rendering import page_router, render
from curation.api.pages.video.clip_strip import clip_strip, only_in_clips
from curation.domain.judging.picks import Pick

__all__ = ["router"]

router = page_router()

_TOP_SHARE = 0.3  # of a small event: its best photos are fewer than all
_MOST_TOP = 100
_MOST_NAMES = 2000


@router.get("/review/rules")
def rules_page(request: Request, context: Context) -> HTMLResponse:
    """Weights, thresholds and rules as controls, with a preview of what they change."""
    photos = context.catalog.ranked.table()
    if photos is None:
        return _not_ranked(request, context, "rules")
    return render(request, "choosing/rules.html", place="rules", top=_usual_number(len(photos)))


@router.get("/review/coverage")
def coverage_page(request: Request) -> RedirectResponse:
    """The address that the page had before."""
    query = request.url.query
    return RedirectResponse(f"{root_of(request)}/review/choose{'?' if query else ''}{query}", status_code=308)


@router.get("/review/choose")
def choose_page(request: Request, context: Context) -> HTMLResponse:
    """Who is in how many good photos, and a choice of photos that covers everybody and the day."""
    photos = context.catalog.ranked.photos()
    if photos is None:
        return _not_ranked(request, context, "choose")
    return render(
        request,
        "choosing/choose.html",
        place="choose",
        number=_usual_number(len(photos)),
        clips=clip_strip(context),
        only_in_clips=only_in_clips(context),
    )


@router.get("/review/export")
def export_page(request: Request, context: Context) -> HTMLResponse:
    """What is exported, and how."""
    context.ranking.settle()
    photos = context.catalog.ranked.photos()
    if photos is None:
        return _not_ranked(request, context, "export")
    counts = Counter(photo.pick for photo in photos)
    unreadable = sum(bool(photo.error) for photo in photos)
    usable = sum(not photo.error and photo.pick is not Pick.REJECTED for photo in photos)
    io = context.settings.io
    return render(
        request,
        "choosing/export.html",
        place="export",
        picked=counts[Pick.PICKED],
        usable=usable,
        number=min(_usual_number(len(photos)), max(1, usable)),
        unreadable=unreadable,
        folder=io.exports,
        taken=_names_in(io.exports),
        beside=context.settings.input_address or io.input_dir,
        beside_possible=not context.settings.input_address,
        guests_on=context.settings.service.guest_selfies,
        local_only=context.settings.service.token is None,
    )


def _names_in(folder: Path) -> list[str]:
    """The names of the exports that are there, so that the page can say that one exists; none without the folder."""
    try:
        names = sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    except OSError:
        return []
    return [name.encode("utf-8", "replace").decode() for name in names[:_MOST_NAMES]]


def _usual_number(photos: int) -> int:
    return max(1, min(_MOST_TOP, round(photos * _TOP_SHARE)))


def _not_ranked(request: Request, context: ServiceContext, place: str) -> HTMLResponse:
    clustered = context.catalog.face_data_path.is_file()
    return render(request, "photos/none.html", place=place, clustered=clustered)
