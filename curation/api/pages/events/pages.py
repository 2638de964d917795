"""The first page: all events of this machine, and the way to another folder."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context, ServiceContext
from curation.api.http.events.places import events_of
from curation.api.pages.events.cards import cards_of
from curation.api.pages.rendering import page_router, render
from curation.settings import sample_places

__all__ = ["router"]

router = page_router()


@router.get("/")
def events_page(request: Request, context: Context) -> HTMLResponse:
    """All events."""
    return render(request, "events/index.html", place="events", **_values(request, context))


@router.get("/fragments/events")
def events_fragment(request: Request, context: Context) -> HTMLResponse:
    """The cards alone."""
    return render(request, "events/_cards.html", **_values(request, context))


def _values(request: Request, context: ServiceContext) -> dict[str, Any]:
    known = events_of(request).known()
    sample = sample_places(context.settings).input
    return {"cards": cards_of(known), "has_sample": any(event.input == sample for event in known)}
