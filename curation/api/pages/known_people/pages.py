"""The page Known people: who is known, names that are proposed, and whom of the event can become known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context, ServiceContext
from curation.api.http.urls import root_of
from curation.api.pages.rendering import TOTAL_HEADER, page_router, render
from curation.api.schemas.known_people.people import PERSON_ID_PATTERN, face_url
from curation.api.schemas.known_people.proposals import ProposalOut
from curation.domain.labelling.labels import MAX_NAME_CHARS
from curation.errors import GalleryError, NotClusteredError
from curation.event.known_people.enrolment import NamedPerson
from curation.event.known_people.open_gallery import OFF
from curation.gallery.store import Exemplar, KnownPerson

__all__ = ["router"]

router = page_router()

PEOPLE_AT_ONCE = 60
_FACES = 6
_FEWEST = 3
_SHOWN_PROPOSALS = 100

PersonId = Annotated[str, Path(pattern=PERSON_ID_PATTERN)]
NameQuery = Annotated[str, Query(alias="q", max_length=MAX_NAME_CHARS)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=1000)]


@dataclass(frozen=True, slots=True)
class _Face:
    """A face of the gallery: its id, the address of its picture, and where it is from."""

    id: str
    url: str
    event: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A person in the list.

    Attributes:
        person: The person.
        faces: The best faces.
        more: How many faces are not shown.
        events: Where the faces are from, in words.
        only_asked: Whether there are too few faces to be sure.
    """

    person: KnownPerson
    faces: Sequence[_Face]
    more: int
    events: str
    only_asked: bool


@router.get("/review/known-people")
def known_people_page(request: Request, context: Context, query: NameQuery = "") -> HTMLResponse:
    """The page, or what to do if the gallery is off."""
    if not context.known.is_on:
        return render(request, "known/off.html", place="known", told=OFF)
    try:
        _ = context.known.store
    except GalleryError as error:
        return render(request, "known/away.html", place="known", told=str(error), status=503)
    return render(
        request,
        "known/index.html",
        place="known",
        **_parts(request, context),
        **_list(request, context, query, 0, PEOPLE_AT_ONCE),
    )


@router.get("/fragments/known-people/parts")
def parts_fragment(request: Request, context: Context) -> HTMLResponse:
    """What is above the list: proposals, and whom of the event can become known."""
    return render(request, "known/_parts.html", **_parts(request, context))


@router.get("/fragments/known-people/list")
def list_fragment(
    request: Request, context: Context, query: NameQuery = "", offset: Offset = 0, limit: Limit = PEOPLE_AT_ONCE
) -> HTMLResponse:
    """A part of the list; a header says how many people it has."""
    values = _list(request, context, query, offset, limit)
    response = render(request, "known/_list.html", **values)
    response.headers[TOTAL_HEADER] = str(values["found"])
    return response


@router.get("/fragments/known-people/{person_id}")
def person_fragment(request: Request, context: Context, person_id: PersonId) -> HTMLResponse:
    """One person of the list with all faces."""
    row = _row(request, context, context.known.store.person(person_id), None)
    return render(request, "known/_row.html", row=row, is_open=True)


def _parts(request: Request, context: ServiceContext) -> dict[str, Any]:
    try:
        proposals = context.known.open_proposals()
        named: Sequence[NamedPerson] = context.known.enrolment.people()
    except NotClusteredError:
        proposals, named = [], ()
    event = context.catalog.event() if proposals or named else None
    shown = (
        []
        if event is None
        else [
            ProposalOut.shown(one, event, context.known, root=root_of(request)) for one in proposals[:_SHOWN_PROPOSALS]
        ]
    )
    return {
        "proposals": shown,
        "more_proposals": len(proposals) - len(shown),
        "sure": sum(one.answer == "name" for one in shown),
        "named": [one for one in named if one.is_new],
        "known_already": sum(not one.is_new for one in named),
        "event": context.known.enrolment.event,
        "best_face": {one.name: event.best_face(one.clusters[0]) for one in named if one.is_new and event is not None},
    }


def _list(request: Request, context: ServiceContext, query: str, offset: int, limit: int) -> dict[str, Any]:
    people = context.known.store.people()
    wanted = query.strip().casefold()
    found = [person for person in people if wanted in person.name.casefold()]
    return {
        "rows": [_row(request, context, person, _FACES) for person in found[offset : offset + limit]],
        "total": len(people),
        "found": len(found),
        "query": query,
        "is_start": offset == 0,
    }


def _row(request: Request, context: ServiceContext, person: KnownPerson, limit: int | None) -> _Row:
    faces: Sequence[Exemplar] = context.known.faces(person.person_id)
    shown = faces if limit is None else faces[:limit]
    return _Row(
        person,
        [
            _Face(face.exemplar_id, face_url(root_of(request), person.person_id, face.exemplar_id), face.event)
            for face in shown
        ],
        len(faces) - len(shown),
        ", ".join(person.events),
        len(faces) < _FEWEST,
    )
