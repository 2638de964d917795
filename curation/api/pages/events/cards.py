"""The events of this machine as the first page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from curation.api.context import service_of
from curation.api.http.events.open_events import EventView
from curation.api.http.events.places import events_of
from curation.api.http.urls import root_of
from curation.jobs.events.known_event import event_name_of
from curation.settings import own_event

__all__ = ["EventCard", "cards_of", "header_name"]

_WORDS = {
    "empty": "No photos yet",
    "new": "Not looked through yet",
    "found": "People found, photos not ranked yet",
    "ranked": "Looked through",
    "running": "Being looked through …",
    "away": "The folder is away: plug the disk in",
}


@dataclass(frozen=True, slots=True)
class EventCard:
    """One event of the first page.

    Attributes:
        event_id: Its id.
        name: That of its folder.
        address: Of its page.
        input: The folder of its photos, or their address.
        output: The same of its results.
        state: As in `GET /events`.
        words: The state in words.
        photos: How many photos it has; 0 also if that is not known.
        people: How many people were found.
        cover_url: A picture of it; empty if there is none.
        opened_at: When it was opened last; UTC, ISO 8601; empty if never.
        can_go: Whether it can be taken off the list.
    """

    event_id: str
    name: str
    address: str
    input: str
    output: str
    state: str
    words: str
    photos: int
    people: int
    cover_url: str
    opened_at: str
    can_go: bool


def cards_of(events: Sequence[EventView]) -> tuple[EventCard, ...]:
    """The cards of all events: what is at work first, then what was opened last.

    The event of the settings file is left out as long as it has no photos and is not at work.
    """
    shown = [event for event in events if not (event.is_default and event.state in ("empty", "away"))]
    ordered = sorted(shown, key=lambda event: event.name.casefold())
    ordered.sort(key=lambda event: event.opened_at, reverse=True)
    ordered.sort(key=lambda event: event.state != "running")
    return tuple(_card(event) for event in ordered)


def header_name(request: Request) -> str:
    """The name of the request's event for the header of its pages; empty if the machine has no other event."""
    # A start that is refused shows pages too.
    if getattr(request.app.state, "events", None) is None or not (root_of(request) or events_of(request).are_several()):
        return ""
    return event_name_of(own_event(service_of(request).settings))


def _card(event: EventView) -> EventCard:
    return EventCard(
        event_id=event.event_id,
        name=event.name,
        address=f"{event.root}/review/event",
        input=event.input,
        output=event.output,
        state=event.state,
        words=_WORDS.get(event.state, event.state),
        photos=event.photos or 0,
        people=event.people,
        cover_url=event.cover_url or "",
        opened_at=event.opened_at,
        can_go=not event.is_default,
    )
