"""A browser that opens the address of a JSON operation is sent to the page that shows the same; scripts get JSON."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from curation.api.http.urls import root_of

__all__ = ["PAGE_OF_OPERATION", "GoToPage", "redirect_to_page", "show_page_to_browsers"]

PAGE_OF_OPERATION: Mapping[str, str] = {
    "/assets": "/review/assets",
    "/assets/{asset_id}": "/review/assets/{asset_id}",
    "/clusters": "/review/people",
    "/clusters/{cluster_id}": "/review/people/{cluster_id}",
    "/corrections": "/review/people",
    "/coverage": "/review/choose",
    "/events": "/",
    "/events/{event_id}": "/events/{event_id}/review/event",
    "/files": "/review/files",
    "/jobs": "/review/event",
    "/jobs/{job_id}": "/review/event",
    "/known-people": "/review/known-people",
    "/labels": "/review/people",
    "/people": "/review/people",
    "/people/{cluster_id}": "/review/people/{cluster_id}",
    "/photos": "/review/photos",
    "/photos/{photo_id}": "/review/photos/{photo_id}",
    "/picks": "/review/photos?pick=picked",
    "/rules": "/review/rules",
    "/scenes": "/review/photos",
    "/unfound": "/review/unfound",
    "/videos": "/review/videos",
    "/videos/{video_id}": "/review/videos/{video_id}",
    "/workers": "/review/workers",
}
"""The page of each operation that has one, below the event's address."""


class GoToPage(Exception):
    """The browser is sent to this address instead."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


async def show_page_to_browsers(request: Request) -> None:
    """A dependency of the whole application.

    Raises:
        GoToPage: If a browser asks for HTML at the address of an operation that has a page.
    """
    route = request.scope.get("route")
    if request.method != "GET" or not isinstance(route, APIRoute) or not _wants_html(request):
        return
    page = PAGE_OF_OPERATION.get(route.path) if route.include_in_schema else None
    if page is None:
        return
    raise GoToPage(root_of(request) + page.format_map({key: quote(str(v)) for key, v in request.path_params.items()}))


def redirect_to_page(request: Request, error: Exception) -> Response:
    """The response for `GoToPage`."""
    assert isinstance(error, GoToPage)
    return RedirectResponse(error.address, status_code=303, headers={"Vary": "Accept", "Cache-Control": "no-store"})


def _wants_html(request: Request) -> bool:
    """Whether the client would rather have HTML: browsers say so when an address is opened, and scripts never do."""
    accepted = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    if "text/html" not in accepted:
        return False
    return "application/json" not in accepted or accepted.index("text/html") < accepted.index("application/json")
