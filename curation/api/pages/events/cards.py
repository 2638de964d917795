"""The events of this machine as the first page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fastapi import Request

__all__ = ["EventCard", "KnownEvent", "cards_of", "header_name"]

_WORDS = {
    "empty": "No photos yet",
    "new": "Not looked through yet",
    "found": "People found, photos not ranked yet",
    "ranked": "Looked through",
    "running": "Being looked through …",
    "away": "The folder is away: plug the disk in",
}


@runtime_checkable
class KnownEvent(Protocol):
    """What the service tells of an event; the same as a row of `GET /events`."""

    @property
    def event_id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """That of its folder."""

    @property
    def root(self) -> str:
        """How its addresses begin."""

    @property
    def input(self) -> str:
        """The folder of its photos, or their address."""

    @property
    def output(self) -> str:
        """The same of its results."""

    @property
    def state(self) -> str:
        """`empty`, `new`, `found`, `ranked`, `running` or `away`."""

    @property
    def photos(self) -> int:
        """How many photos it has."""

    @property
    def people(self) -> int:
        """How many people were found."""

    @property
    def cover_url(self) -> str | None:
        """The address of a picture of it."""

    @property
    def opened_at(self) -> str | None:
        """When it was opened last; UTC, ISO 8601."""

    @property
    def is_default(self) -> bool:
        """Whether it is the event of the settings file."""


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
        photos: How many photos it has.
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


def cards_of(events: Sequence[KnownEvent]) -> tuple[EventCard, ...]:
    """The cards of all events: what is at work first, then what was opened last.

    The event of the settings file is left out as long as it has no photos and is not at work.
    """
    shown = [event for event in events if not (event.is_default and event.state in ("empty", "away"))]
    ordered = sorted(shown, key=lambda event: event.name.casefold())
    ordered.sort(key=lambda event: event.opened_at or "", reverse=True)
    ordered.sort(key=lambda event: event.state != "running")
    return tuple(_card(event) for event in ordered)


def header_name(request: Request) -> str:
    """The name of the request's event for the header of its pages; empty if the machine has no other event."""
    events = getattr(request.app.state, "events", None)
    return "" if events is None else str(events.name_beside_others(request))


def _card(event: KnownEvent) -> EventCard:
    return EventCard(
        event_id=event.event_id,
        name=event.name,
        address=f"{event.root}/review/event",
        input=event.input,
        output=event.output,
        state=event.state,
        words=_WORDS.get(event.state, event.state),
        photos=event.photos,
        people=event.people,
        cover_url=event.cover_url or "",
        opened_at=event.opened_at or "",
        can_go=not event.is_default,
    )
