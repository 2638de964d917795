"""The pages about single pictures: what the attribute services see in them, the services' log, and their charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context
from curation.api.pages.rendering import page_router, render
from curation.domain.attributes.values import Attribute
from curation.errors import CurationError
from curation.photos.files.formats import PHOTO_EXTENSIONS
from curation.services.role import Role
from curation.services.viewer.face_services import reader_names
from curation.settings import ServicesSettings

if TYPE_CHECKING:
    from curation.services.trail.line import TrailLine

__all__ = ["router"]

router = page_router()

_MOST_IMAGE_CHARS = 128
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


@dataclass(frozen=True, slots=True)
class _LogView:
    """The log of a picture as the page shows it.

    Attributes:
        lines: Errors first, then the others, each in the order of time.
        errors: How many of them are errors.
        seconds: From the first step to the last one; None if there are none.
        roles: Those that have a line, before any filter.
    """

    lines: Sequence[TrailLine]
    errors: int
    seconds: float | None
    roles: Sequence[str]


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


def _log_view(lines: Sequence[TrailLine], role: Role | None) -> _LogView:
    shown = [line for line in lines if role is None or line.role == role]
    shown.sort(key=lambda line: (not line.is_error, line.moment, line.source, line.number))
    moments = [line.moment for line in shown]
    return _LogView(
        lines=shown,
        errors=sum(line.is_error for line in shown),
        seconds=(max(moments) - min(moments)).total_seconds() if moments else None,
        roles=sorted({line.role for line in lines}),
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
