"""The page with the services' log of a picture: its requests apart, errors first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context
from curation.api.pages.rendering import page_router, render
from curation.errors import CurationError
from curation.services.role import Role

if TYPE_CHECKING:
    from curation.services.trail.line import TrailLine

__all__ = ["router"]

router = page_router()

_MOST_IMAGE_CHARS = 128
_MOST_REQUESTS = 20


@dataclass(frozen=True, slots=True)
class _Request:
    """The steps of one request.

    Attributes:
        name: Of the request.
        sha256: Of the picture.
        start: Time of the first step, ISO 8601.
        seconds: From the first step to the last one.
        errors: How many steps failed.
        lines: Errors first, then the others, each in the order of time.
    """

    name: str
    sha256: str
    start: str
    seconds: float
    errors: int
    lines: Sequence[TrailLine]


@dataclass(frozen=True, slots=True)
class _LogView:
    """The log of a picture as the page shows it.

    Attributes:
        requests: Those with errors first, then the newest.
        count: How many there are; `requests` may be fewer.
        steps: How many steps they have.
        errors: How many of them failed.
        roles: Those that have a line, before any filter.
        is_mixed: Whether they are of several pictures, because the hash was short.
    """

    requests: Sequence[_Request]
    count: int
    steps: int
    errors: int
    roles: Sequence[str]
    is_mixed: bool

    @property
    def more(self) -> int:
        """How many requests are not shown."""
        return self.count - len(self.requests)


@router.get("/review/faces/log")
def log_page(
    request: Request,
    context: Context,
    image: Annotated[str, Query(max_length=_MOST_IMAGE_CHARS)] = "",
    chosen: Annotated[Role | Literal[""], Query(alias="role")] = "",
) -> HTMLResponse:
    """The way of a picture through all roles."""
    role = chosen or None
    wanted = image.strip().lower()
    view, problem = None, ""
    if wanted:
        try:
            view = _log_view(context.attributes.services.steps(wanted), role)
        except CurationError as error:
            problem = str(error)
    return render(
        request,
        "faces/log.html",
        place="faces",
        here="/review/faces/log",
        image=wanted,
        role=role,
        roles=list(Role),
        view=view,
        problem=problem,
    )


def _log_view(lines: Sequence[TrailLine], role: Role | None) -> _LogView:
    shown = [line for line in lines if role is None or line.role == role]
    of_request: dict[tuple[str, str], list[TrailLine]] = {}
    for line in shown:
        of_request.setdefault((line.sha256, line.request_id), []).append(line)
    requests = [_request(own) for own in of_request.values()]
    requests.sort(key=lambda one: one.start, reverse=True)
    requests.sort(key=lambda one: one.errors == 0)
    return _LogView(
        requests=requests[:_MOST_REQUESTS],
        count=len(requests),
        steps=len(shown),
        errors=sum(line.is_error for line in shown),
        roles=sorted({line.role for line in lines}),
        is_mixed=len({line.sha256 for line in shown}) > 1,
    )


def _request(lines: Sequence[TrailLine]) -> _Request:
    moments = [line.moment for line in lines]
    return _Request(
        name=lines[0].request_id,
        sha256=lines[0].sha256,
        start=min(line.time for line in lines),
        seconds=(max(moments) - min(moments)).total_seconds(),
        errors=sum(line.is_error for line in lines),
        lines=sorted(lines, key=lambda line: (not line.is_error, line.time, line.source, line.number)),
    )
