"""The people of the gallery: who is known, by which faces, under which name; and forgetting them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.http.urls import root_of
from curation.api.routes.known_people.problems import GALLERY_PROBLEMS, KNOWN_NOT_FOUND
from curation.api.routes.people_responses import EDIT_PROBLEMS, READ_PROBLEMS
from curation.api.schemas.known_people.people import (
    PERSON_ID_PATTERN,
    AddedOut,
    AddIn,
    ForgottenOut,
    KnownPeoplePage,
    KnownPersonOut,
    KnownPersonWithFaces,
    MergeIn,
    NamedPeopleOut,
    NamedPersonOut,
    RenameIn,
)
from curation.errors import NotAttachableError

__all__ = ["router"]

router = APIRouter(prefix="/known-people", tags=["known people"])

PersonIdPath = Annotated[str, Path(pattern=PERSON_ID_PATTERN, description="From `GET /known-people`.")]
FaceIdPath = Annotated[str, Path(pattern=PERSON_ID_PATTERN, description="From `GET /known-people/{person_id}`.")]
_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "A JPEG."}
}
_TAKEN = {"known_person_taken": (409, "the gallery knows another Anna: merge the two, or choose another name")}
_NO_FACE = {"face_not_found": (404, "this person has no such face")}
_EDIT = {name: EDIT_PROBLEMS[name] for name in ("busy", "storage")}


@router.get("", summary="Who is known", responses=problem_responses(**GALLERY_PROBLEMS))
def list_known_people(context: Context, limit: Limit = 100, offset: Offset = 0) -> KnownPeoplePage:
    """All people of the gallery, by name."""
    people = context.known.store.people()
    return KnownPeoplePage(
        total=len(people),
        limit=limit,
        offset=offset,
        people=tuple(map(KnownPersonOut.of, people[offset : offset + limit])),
    )


@router.get(
    "/of-event",
    summary="Who of the event can become known",
    responses=problem_responses(**READ_PROBLEMS, **GALLERY_PROBLEMS),
)
def list_named_people(context: Context) -> NamedPeopleOut:
    """The people of the event who have a name, and whether the gallery knows them."""
    context.known.store  # noqa: B018 - says so if the gallery is off
    enrolment = context.known.enrolment
    return NamedPeopleOut(event=enrolment.event, people=tuple(map(NamedPersonOut.of, enrolment.people())))


@router.post(
    "",
    summary="Put people of the event into the gallery",
    responses=problem_responses(
        **READ_PROBLEMS,
        **GALLERY_PROBLEMS,
        **_EDIT,
        person_not_found=(404, "nobody of this event is called 'Zoe'; known: Anna, Ben"),
    ),
)
def add_known_people(context: Context, body: AddIn) -> AddedOut:
    """Their best and most varied faces, with category and event. Nobody is ever added without this request."""
    return AddedOut.of(context.known.enrolment.add(body.names))


@router.get(
    "/{person_id}", summary="One known person", responses=problem_responses(**GALLERY_PROBLEMS, **KNOWN_NOT_FOUND)
)
def get_known_person(request: Request, context: Context, person_id: PersonIdPath) -> KnownPersonWithFaces:
    """With all faces, the best first."""
    known = context.known
    person, faces = known.store.person(person_id), known.faces(person_id)
    return KnownPersonWithFaces.of_faces(person, faces, root=root_of(request))


@router.patch(
    "/{person_id}",
    summary="Rename a known person",
    responses=problem_responses(**GALLERY_PROBLEMS, **KNOWN_NOT_FOUND, **_TAKEN),
)
def rename_known_person(context: Context, person_id: PersonIdPath, body: RenameIn) -> KnownPersonOut:
    """The labels of events stay as they are."""
    return KnownPersonOut.of(context.known.store.rename(person_id, body.name))


@router.post(
    "/{person_id}/merge",
    summary="Make one person of two",
    responses=problem_responses(
        **GALLERY_PROBLEMS, **KNOWN_NOT_FOUND, not_attachable=(422, "they are one person already")
    ),
)
def merge_known_people(context: Context, person_id: PersonIdPath, body: MergeIn) -> KnownPersonOut:
    """The faces go to the other person, whose name stays. It cannot be undone."""
    if body.into == person_id:
        raise NotAttachableError("they are one person already: name another one")
    return KnownPersonOut.of(context.known.merge(person_id, body.into))


@router.delete(
    "/{person_id}/faces/{face_id}",
    summary="Take a wrong face away",
    responses=problem_responses(**GALLERY_PROBLEMS, **KNOWN_NOT_FOUND, **_NO_FACE),
)
def remove_known_face(context: Context, person_id: PersonIdPath, face_id: FaceIdPath) -> KnownPersonOut:
    """For good: it cannot be undone."""
    return KnownPersonOut.of(context.known.remove_face(person_id, face_id))


@router.get(
    "/{person_id}/faces/{face_id}/picture",
    summary="A face of a known person",
    response_class=Response,
    responses={**_JPEG, **problem_responses(**GALLERY_PROBLEMS, **KNOWN_NOT_FOUND, **_NO_FACE)},
)
def get_known_face(context: Context, person_id: PersonIdPath, face_id: FaceIdPath) -> Response:
    """As it was added. No cache keeps it, so that nothing is left of people who are forgotten."""
    face = context.known.face(person_id, face_id)
    return Response(face.chip_jpeg, headers={"Cache-Control": "no-store"}, media_type="image/jpeg")


@router.delete(
    "/{person_id}",
    summary="Forget a known person",
    responses=problem_responses(**GALLERY_PROBLEMS, **KNOWN_NOT_FOUND, **_EDIT),
)
def forget_known_person(context: Context, person_id: PersonIdPath) -> ForgottenOut:
    """For good: name, vectors and pictures leave the gallery, and proposals and answers leave this event.

    The answer lists every other place that is known where traces may be left, and what removes them.
    """
    return ForgottenOut.of(context.known.forget(person_id))
