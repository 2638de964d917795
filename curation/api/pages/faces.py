"""The pages about single pictures: what the attribute services see in them, the services' log, and their charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from curation.api.context import Context
from curation.api.http.errors import ApiProblem
from curation.api.pages.rendering import page_router, render
from curation.domain.attributes.values import Attribute
from curation.errors import CurationError
from curation.photos.files.formats import PHOTO_EXTENSIONS
from curation.services.role import Role
from curation.services.trail.charts import CHART_NAMES
from curation.services.viewer.charts import chart_picture, charts_of
from curation.services.viewer.face_services import reader_names
from curation.settings import ServicesSettings

if TYPE_CHECKING:
    from curation.services.trail.line import TrailLine

__all__ = ["router"]

router = page_router()

_MOST_IMAGE_CHARS = 128
_MOST_REQUESTS = 20
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


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


@router.get("/review/faces")
def faces_page(request: Request, context: Context) -> HTMLResponse:
    """Pictures are dropped here, and their faces shown."""
    services = context.settings.services
    return render(
        request,
        "faces/index.html",
        place="faces",
        here="/review/faces",
        readers=sorted({*reader_names(Attribute.AGE), *reader_names(Attribute.SEX)}),
        usual=_usual_reader(services),
        dense=services.readers.landmarks != "off",
        max_image_mb=services.max_image_mb,
        faces_dir=services.store.faces_dir,
        kept=_kept(services.redis.result_ttl_s),
        extensions=",".join(sorted(f".{extension}" for extension in PHOTO_EXTENSIONS)),
    )


@router.get("/fragments/faces/status")
def status_fragment(request: Request, context: Context) -> HTMLResponse:
    """Which roles of the services answer; asked again while the page is looked at."""
    return render(request, "faces/_status.html", services=context.attributes.services.state())


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


@router.get("/review/faces/charts")
def charts_page(request: Request, context: Context) -> HTMLResponse:
    """The charts of the role plotter, with their numbers."""
    view, problem = None, ""
    try:
        view = charts_of(context.settings.services.log_dir)
    except CurationError as error:
        problem = str(error)
    return render(request, "faces/charts.html", place="faces", here="/review/faces/charts", view=view, problem=problem)


@router.get("/review/faces/charts/{name}.png", response_class=Response)
def chart(context: Context, name: str) -> Response:
    """A chart as a picture."""
    content = chart_picture(context.settings.services.log_dir, name) if name in CHART_NAMES else None
    if content is None:
        raise ApiProblem(404, "not_found", "there is no such chart; the role plotter draws them")
    # Its address has the time of the file in it.
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


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


def _usual_reader(services: ServicesSettings) -> str:
    """The readers that are used if nobody chooses others: one name if age and sex have the same."""
    age, sex = services.readers.age, services.readers.sex
    return age if age == sex else f"{age} and {sex}"


def _kept(seconds: int) -> str:
    """How long Redis keeps a result, in words."""
    for unit_s, name in ((_DAY_S, "day"), (_HOUR_S, "hour"), (60, "minute")):
        if seconds >= unit_s:
            count = round(seconds / unit_s)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
