"""The events of this machine as JSON."""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Out, Sent, Text
from curation.jobs.events.summaries import EventState

__all__ = ["EventListOut", "EventOpening", "EventOut"]

_LONGEST_PLACE = 4000


class ShownEvent(Protocol):
    """An event, and what is known of it now; see `curation.api.http.events.open_events`."""

    @property
    def event_id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def root(self) -> str:
        """How its addresses begin."""

    @property
    def input(self) -> str:
        """Where its photos lie."""

    @property
    def output(self) -> str:
        """Where its results lie."""

    @property
    def state(self) -> EventState:
        """What was done with it."""

    @property
    def photos(self) -> int | None:
        """How many it has."""

    @property
    def people(self) -> int:
        """How many were found."""

    @property
    def cover_url(self) -> str | None:
        """Of its best photo."""

    @property
    def opened_at(self) -> str:
        """When it was opened last."""

    @property
    def is_default(self) -> bool:
        """Whether it is that of the settings."""


class EventOut(Out):
    """An event of this machine."""

    event_id: Annotated[str, Field(examples=["annas-wedding-1f0c27aa"])]
    """Stays the same as long as its folders do."""
    name: Annotated[Text, Field(examples=["Anna's wedding"])]
    root: Annotated[str, Field(examples=["/events/annas-wedding-1f0c27aa"])]
    """How the addresses of its operations and pages begin: `{root}/photos` are its photos. Empty for the event of
    config.yaml."""
    input: Annotated[Text, Field(examples=["/media/photos/Anna's wedding"])]
    """The folder of its photos, or their address."""
    output: Annotated[Text, Field(examples=["/home/anna/curation/curated/Anna's wedding"])]
    """The folder of its results, or their address."""
    state: EventState
    """`empty`: its folder has no photo. `new`: nobody looked through it. `found`: its people are found. `ranked`: its
    photos are ranked. `running`: a stage is at work. `away`: its folder is not there, for instance on a disk that is
    not plugged in; what is known of it can be looked at."""
    photos: Annotated[int | None, Field(ge=0, examples=[519])]
    """How many photos were found, or lie in the folder; null if nobody looked through it, and counting takes long."""
    people: Annotated[int, Field(ge=0, examples=[298])]
    """How many people were found."""
    cover_url: Annotated[str | None, Field(examples=["/events/annas-wedding-1f0c27aa/cover?v=18d2f"])]
    """A picture of its best photo; null if there is none yet."""
    opened_at: Annotated[str, Field(examples=["2026-06-20T21:14:03.512+00:00"])]
    """When somebody opened it last, UTC; empty if nobody did."""
    is_default: bool
    """Whether it is the event of config.yaml."""

    @classmethod
    def of(cls, event: ShownEvent) -> EventOut:
        """Convert an event."""
        return cls(
            event_id=event.event_id,
            name=event.name,
            root=event.root,
            input=event.input,
            output=event.output,
            state=event.state,
            photos=event.photos,
            people=event.people,
            cover_url=event.cover_url,
            opened_at=event.opened_at,
            is_default=event.is_default,
        )


class EventListOut(Out):
    """All events of this machine: that of config.yaml, those that were opened last, others by name."""

    events: tuple[EventOut, ...]


class EventOpening(Sent):
    """Which folder to open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Annotated[str, Field(min_length=1, max_length=_LONGEST_PLACE, examples=["/home/anna/photos/wedding"])]
    """The folder of the photos, or an address such as s3://bucket/folder."""
    output: Annotated[str | None, Field(min_length=1, max_length=_LONGEST_PLACE, examples=[None])] = None
    """Where the results go; by default `curated/NAME` in the project's folder, as with `make run`."""
