"""The page on which a guest finds their own photos with a selfie."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context
from curation.api.http.guests.access import NO_STORE, demand_guests
from curation.api.pages.rendering import page_router, render

__all__ = ["router"]

router = page_router()


@router.get("/review/find-me")
def find_me_page(request: Request, context: Context) -> HTMLResponse:
    """The page says nothing of the event; what it shows comes from `POST /find-me`, with the key of a link."""
    demand_guests(context)
    response = render(request, "guests/find_me.html")
    response.headers.update(NO_STORE)
    return response
