"""The sample event, for whoever has no photos at hand."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response

from curation.api.http.errors import problem_responses
from curation.api.http.events.places import events_of
from curation.api.schemas.events.events import EventOut
from curation.photos.sample_event import build_sample_event
from curation.settings import sample_places

__all__ = ["router"]

router = APIRouter(prefix="/events", tags=["events"])


@router.post(
    "/sample",
    status_code=201,
    summary="Open the sample event",
    responses={
        200: {"model": EventOut, "description": "The event was known."},
        **problem_responses(
            photos_missing=(
                404,
                "the package scikit-image, whose pictures the sample event is made of, is not installed",
            ),
            storage=(507, "the disk is full: free some space and run again"),
        ),
    },
)
def open_sample_event(request: Request, response: Response) -> EventOut:
    """Puts a small event on the list, made of pictures that the program's packages carry; downloads nothing."""
    events = events_of(request)
    places = sample_places(events.settings)
    build_sample_event(Path(places.input))
    event, is_new = events.opened(places.input, places.output)
    if not is_new:
        response.status_code = 200
    response.headers["Location"] = f"/events/{event.event_id}"
    return EventOut.of(event)
