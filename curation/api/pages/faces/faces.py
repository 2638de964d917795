"""The page *Faces*: pictures go to the attribute services, and it shows what they see; its script does the most."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context
from curation.api.pages.rendering import page_router, render
from curation.domain.attributes.values import Attribute
from curation.photos.files.formats import PHOTO_EXTENSIONS
from curation.services.viewer.face_services import reader_names
from curation.settings import ServicesSettings

__all__ = ["router"]

router = page_router()

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


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
