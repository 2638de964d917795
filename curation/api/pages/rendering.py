"""Rendering of pages and fragments: the templates, the headers of HTML responses, and errors as pages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined

from curation import __version__
from curation.api.context import service_of
from curation.api.http.errors import ApiProblem, problem_of
from curation.api.http.urls import root_of
from curation.api.pages.events.cards import header_name
from curation.api.pages.navigation import NAVIGATION
from curation.api.pages.static_files import asset_url
from curation.api.pages.words.problems import words_of
from curation.errors import (
    CorrectionsError,
    CurationError,
    FaceDataError,
    LabelsError,
    PeopleSeenError,
    PicksError,
    RefusalsError,
)
from curation.event.folder.presence import Presence, presence_of
from curation.event.people.ways_back import RefusedFile, WaysBack
from curation.storage.said.last_good import WAY_BACK_BEGINS

__all__ = ["TOTAL_HEADER", "PageRoute", "clock", "page_router", "render"]

TOTAL_HEADER = "X-Total-Count"
"""The header in which the fragment of a part of a list says how many entries there are in all."""

logger = logging.getLogger(__name__)

# Nothing from other sites, no inline script or style: file names and names of people can never become code.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HTML_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def render(request: Request, template: str, /, *, place: str = "", status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page or a fragment as a response.

    Args:
        request: The client's request.
        template: The path of the template below `web/templates`.
        place: The key of the page's entry in the navigation.
        status: The HTTP status.
        **values: The variables of the template; one that it uses and that is missing is an error. Every template also
            has `root`, with which the addresses of the page's event begin.
    """
    html = (
        _environment()
        .get_template(template)
        .render(
            request=request,
            root=root_of(request),
            place=place,
            navigation=NAVIGATION,
            event_name=header_name(request) if place not in ("", "events") else "",
            version=__version__,
            **values,
        )
    )
    # File names that are not valid UTF-8 contain lone surrogates.
    content = html.encode("utf-8", "backslashreplace")
    return HTMLResponse(content, status_code=status, headers=_headers(request))


def _headers(request: Request) -> dict[str, str]:
    """The headers of pages; pictures may also come from object storage, where the settings say so."""
    service = service_of(request) if hasattr(request.app.state, "service") else None
    origin = "" if service is None else service.pictures.origin
    if not origin:
        return HTML_HEADERS
    policy = _CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {origin}")
    return {**HTML_HEADERS, "Content-Security-Policy": policy}


_CODES_OF_WORDS = frozenset(
    kind.code for kind in (CorrectionsError, FaceDataError, LabelsError, PeopleSeenError, PicksError, RefusalsError)
)
"""Of problems that a damaged file of words may be the reason of."""


class PageRoute(APIRoute):
    """A route whose errors are shown as a page, or as a fragment for a request of htmx."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors converted to HTML."""
        handle = super().get_route_handler()

        async def handle_with_page(request: Request) -> Response:
            try:
                return await handle(request)
            except ApiProblem as problem:
                return _problem(request, problem.status, problem.code, problem.detail)
            except CurationError as error:
                answer = problem_of(error)
                if answer.status >= 500:
                    logger.error("%s %s: %s", request.method, request.url.path, error)
                return _problem(request, answer.status, answer.code, answer.detail)
            except RequestValidationError:
                detail = "the address contains a value that is not valid; go to the start page and try from there"
                return _problem(request, 422, "request_invalid", detail)

        return handle_with_page


def page_router(prefix: str = "") -> APIRouter:
    """A router for pages and fragments: not part of the OpenAPI description, errors as HTML."""
    return APIRouter(prefix=prefix, include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)


def _problem(request: Request, status: int, code: str, detail: str) -> Response:
    fragment = request.headers.get("hx-request") == "true"
    ways_back = _ways_back(request) if code in _CODES_OF_WORDS else ()
    if ways_back:
        detail = detail.partition(WAY_BACK_BEGINS)[0]  # a button says the same
    template = "_problem.html" if fragment else "problem.html"
    return render(
        request,
        template,
        status=status,
        code=code,
        detail=words_of(code, detail),
        problem_status=int(status),
        ways_back=ways_back,
    )


def _ways_back(request: Request) -> tuple[RefusedFile, ...]:
    """The files of words that cannot be read, and have a version that could be."""
    context = service_of(request)
    try:
        return tuple(one for one in WaysBack(context.settings, context.catalog).refused() if one.good is not None)
    except CurationError as error:
        logger.warning("the way back is not known: %s", error)
        return ()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("curation.api", "web/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset_url
    environment.globals["folder_away"] = _folder_away
    environment.globals["has_place"] = lambda key: any(place.key == key for place in NAVIGATION)
    environment.filters["number"] = _number
    environment.filters["counted"] = _counted
    environment.filters["lasting"] = _lasting
    environment.filters["clock"] = clock
    return environment


def _folder_away(request: Request) -> str:
    """Where the photos of the request's event should lie, if there is no such folder; empty if there is."""
    settings = service_of(request).settings
    return settings.input_place if presence_of(settings) is Presence.AWAY else ""


def _number(value: float) -> str:
    """A number with thousands separators: 20,000."""
    return f"{value:,}"


def _counted(count: int, one: str, many: str | None = None) -> str:
    """A number and its noun: `1 photo`, `20,000 photos`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clock(seconds: float) -> str:
    """A time in a film: `0:07`, `12:31`, `1:02:09`."""
    whole = int(seconds)
    minutes, rest = f"{whole // 60 % 60}", f"{whole % 60:02d}"
    return f"{minutes}:{rest}" if whole < 3600 else f"{whole // 3600}:{minutes:>02}:{rest}"


def _lasting(seconds: float) -> str:
    """A duration: `12 s`, `3 min`, `1 h 20 min`."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
