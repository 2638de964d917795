"""Listing, opening and closing events."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from curation.api.http.conditional import matches_any
from curation.api.http.errors import problem_responses
from curation.api.http.events.places import check_opening, events_of
from curation.api.http.requests.pictures_made import ClientGoneError, made, nobody_waits
from curation.api.schemas.events.events import EventListOut, EventOpening, EventOut
from curation.jobs.events.known_event import EVENT_ID_PATTERN

__all__ = ["router"]

router = APIRouter(prefix="/events", tags=["events"])

EventId = Annotated[str, Path(max_length=100, pattern=EVENT_ID_PATTERN, description="From `GET /events`.")]
_NOT_FOUND = {"event_not_found": (404, "there is no event anna-1f0c27aa here; GET /events lists all")}
_FILE = {
    "events_invalid": (409, '/home/anna/curation/.curation/events.json is not valid: events[2] has no "output"'),
    "storage": (507, "the disk is full: free some space and run again"),
}


@router.get("", summary="All events of this machine")
def list_events(request: Request) -> EventListOut:
    """That of config.yaml, those that were opened, the last one first, then others that `make run` looked through.

    Everything else of this description is about the event of config.yaml, and with `/events/{event_id}` in front of
    its address about another one: `GET /events/{event_id}/photos`, `POST /events/{event_id}/look-through`.
    """
    return EventListOut(events=tuple(EventOut.of(event) for event in events_of(request).known()))


@router.post(
    "",
    status_code=201,
    summary="Open a folder",
    responses={
        200: {"model": EventOut, "description": "The event was known."},
        **problem_responses(
            folder_refused=(
                403,
                "/etc lies outside of the folders that the service may show",
            ),
            folder_not_found=(404, "there is no folder /home/anna/photos/wedding; is its disk plugged in?"),
            event_taken=(409, "/home/anna/results has the results of other photos; name another folder"),
            **_FILE,
        ),
    },
)
def open_event(request: Request, response: Response, body: EventOpening) -> EventOut:
    """Puts the event of a folder on the list, and answers at once; nothing is looked through yet.

    The folder must lie in one of `service.folder_roots`, unless it is on the list already.
    """
    events = events_of(request)
    check_opening(request, body.folder, body.output)
    event, is_new = events.opened(body.folder, body.output)
    if not is_new:
        response.status_code = 200
    response.headers["Location"] = f"/events/{event.event_id}"
    return EventOut.of(event)


@router.get("/{event_id}", summary="One event", responses=problem_responses(**_NOT_FOUND))
def get_event(request: Request, event_id: EventId) -> EventOut:
    """What is known of an event; it need not be open for that."""
    return EventOut.of(events_of(request).find(event_id))


@router.delete(
    "/{event_id}",
    status_code=204,
    summary="Take an event off the list",
    responses=problem_responses(
        **_NOT_FOUND,
        event_taken=(409, "this is the event of config.yaml, which is always on the list; change io.input_dir there"),
        too_many_events=(503, "a job of this event is running: wait until it has ended, or stop it first"),
        **_FILE,
    ),
)
def remove_event(request: Request, event_id: EventId) -> Response:
    """Deletes no photo, no label and no result: opened again, the event is as it was."""
    events_of(request).remove(event_id)
    return Response(status_code=204)


@router.get(
    "/{event_id}/cover",
    summary="A picture for an event",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "A small picture of its best photo."},
        **problem_responses(**_NOT_FOUND, photo_not_found=(404, "this event has no photo to show yet")),
    },
)
async def get_event_cover(
    request: Request,
    event_id: EventId,
    v: Annotated[str, Query(max_length=100, description="From `cover_url`: changes with the picture.")] = "",
) -> Response:
    """The best photo of a ranking, or one with a face while there is none; the event need not be open."""
    try:
        content = await made(partial(events_of(request).cover, event_id), request)
    except ClientGoneError:
        return nobody_waits()
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match")
    if known is not None and matches_any(known, headers["ETag"], weak=True):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="image/jpeg")
