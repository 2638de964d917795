"""The events that are open: started at the first request about them, and ended when others need the room."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from curation.api.context import ServiceContext
from curation.errors import CurationError, EventsOpenError
from curation.jobs.events.known_event import KnownEvent
from curation.jobs.events.registry import EventRegistry
from curation.jobs.events.summaries import EventState, EventSummary, Summaries
from curation.jobs.job import Stage
from curation.settings import Settings, settings_of_event
from curation.turns import Turns

__all__ = ["EVENTS_DIR", "EventView", "Events", "StartedEvent"]

logger = logging.getLogger(__name__)

_SEVERAL_S = 5.0
_LOOKING = frozenset({Stage.CLUSTERING, Stage.SCORING})
EVENTS_DIR = "events"
"""The folder in `io.state_dir` with a folder for each event beside that of the settings."""


class StartedEvent(Protocol):
    """An event whose parts have started, see `curation.api.starting_event`."""

    @property
    def context(self) -> ServiceContext:
        """What the routes work with."""

    def close(self) -> None:
        """End its parts."""


@dataclass(frozen=True, slots=True)
class EventView:
    """An event, and what is known of it now.

    Attributes:
        event_id: See `KnownEvent`.
        name: For people.
        root: How its addresses begin; empty for the event of the settings.
        input: Folder or address of the photos.
        output: The same of the results.
        state: What was done with it, or what is in the way.
        photos: How many photos were found, or lie in the folder; None where counting would take long.
        people: How many people were found.
        cover_url: The address of a picture of its best photo; None if there is none yet.
        opened_at: When somebody opened it last; empty if nobody did.
        is_default: Whether it is the event of the settings.
    """

    event_id: str
    name: str
    root: str
    input: str
    output: str
    state: EventState
    photos: int | None
    people: int
    cover_url: str | None
    opened_at: str
    is_default: bool


class _Open:
    """An event beside that of the settings: open, or about to be."""

    def __init__(self) -> None:
        self.started: StartedEvent | None = None
        self.users = 0
        self.used_at_s = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for it, and it does nothing."""
        if self.users:
            return False
        return self.started is None or not _is_at_work(self.started.context)


class Events:
    """All events of a service. Thread-safe."""

    def __init__(self, settings: Settings, own: StartedEvent, start: Callable[[Settings], StartedEvent]) -> None:
        """Take the event of the settings, which is open as long as the service runs.

        Args:
            settings: Of the service.
            own: The event of the settings.
            start: Starts another one.
        """
        self._settings = settings
        self._own = own
        self._start = start
        self._registry = EventRegistry(settings)
        self._summaries = Summaries(settings)
        self._guard = threading.Lock()
        self._open: dict[str, _Open] = {}
        # An event starts only when it has ended: its lock is held while its parts start or end.
        self._turns = Turns()
        self._ending = False
        self._several = (float("-inf"), False)

    @property
    def settings(self) -> Settings:
        """Of the service."""
        return self._settings

    def known(self) -> tuple[EventView, ...]:
        """All events of this machine: that of the settings, those opened last, others by name.

        Raises:
            StorageError: If the list cannot be read.
        """
        return tuple(self._view(event) for event in self._registry.known())

    def are_several(self) -> bool:
        """Whether there is another event beside that of the settings; every page asks, so it is as of seconds ago."""
        asked_s, several = self._several
        if monotonic() - asked_s > _SEVERAL_S:
            try:
                several = len(self._registry.known()) > 1
            except CurationError as error:
                logger.debug("other events are not known: %s", error)
            self._several = (monotonic(), several)
        return several

    def find(self, event_id: str) -> EventView:
        """One event.

        Raises:
            EventNotFoundError: If there is none with this id.
            StorageError: If the list cannot be read.
        """
        return self._view(self._registry.find(event_id))

    def open(self, folder: str, output: str | None = None) -> EventView:
        """Put an event on the list, or find it there; its parts start with the first request about it.

        Args:
            folder: Folder or address of the photos.
            output: The same of the results; None for the usual place.

        Raises:
            EventTakenError: If the results of other photos lie in `output`.
            EventsFileError: If the list is not valid.
            StorageError: If it cannot be read or written.
        """
        return self.opened(folder, output)[0]

    def opened(self, folder: str, output: str | None = None) -> tuple[EventView, bool]:
        """The same, and whether the event is new on the list."""
        event, is_new = self._registry.open(folder, output)
        return self._view(event), is_new

    def cover(self, event_id: str) -> bytes:
        """A small picture of the photo that stands for an event, as a JPEG.

        Raises:
            EventNotFoundError: If there is no such event.
            PhotoNotFoundError: If it has no such photo.
            PhotoError: If that cannot be decoded.
            StorageError: If the list cannot be read.
        """
        return self._summaries.cover(self._registry.find(event_id))

    def remove(self, event_id: str) -> None:
        """Take an event off the list; nothing of it is deleted. Raises what `EventRegistry.remove` raises.

        Raises:
            EventsOpenError: If it is at work.
        """
        with self._guard:
            entry = self._open.get(event_id)
            if entry is not None and entry.started is not None and _is_at_work(entry.started.context):
                raise EventsOpenError("a job of this event is running: wait until it has ended, or stop it first")
        self._registry.remove(event_id)
        # Otherwise it would go on following its folder, with nobody to see it.
        with self._guard:
            entry = self._open.pop(event_id) if event_id in self._open and self._open[event_id].is_idle else None
        if entry is not None:
            self._end(event_id, entry)

    def context_of(self, event_id: str) -> ServiceContext:
        """The parts of an event, which are started if they are not. They may end when the caller does not `use` them.

        Raises:
            EventNotFoundError: If there is none with this id.
            EventsOpenError: If as many others are at work as may be open at once.
            CurationError: If its folders cannot be used.
        """
        with self.use(event_id) as context:
            return context

    @contextmanager
    def use(self, event_id: str) -> Iterator[ServiceContext]:
        """The parts of an event, which do not end as long as the block lasts. Raises what `context_of` raises."""
        context = self.acquire(event_id)
        try:
            yield context
        finally:
            self.release(event_id)

    def acquire(self, event_id: str) -> ServiceContext:
        """The parts of an event, which do not end before `release`. Raises what `context_of` raises."""
        context = self.acquire_open(event_id)
        if context is not None:
            return context
        event = self._registry.find(event_id)
        if event.is_default:
            return self._own.context
        with self._guard:
            if self._ending:
                raise EventsOpenError("the service is shutting down; start it again")
            entry = self._open.get(event_id)
            ended = None
            if entry is None:
                ended = self._made_room()
                entry = self._open[event_id] = _Open()
            entry.users += 1
        try:
            if ended is not None:
                self._end(*ended)
            with self._turns.of(event_id):
                if entry.started is None:
                    entry.started = self._start(self._settings_of(event))
                return entry.started.context
        except BaseException:
            self.release(event_id)
            raise

    def acquire_open(self, event_id: str) -> ServiceContext | None:
        """The same if its parts have started, without waiting; None if they have not. Never reads the disk."""
        with self._guard:
            entry = self._open.get(event_id)
            if entry is None or entry.started is None:
                return None
            entry.users += 1
            return entry.started.context

    def release(self, event_id: str) -> None:
        """The end of what began with `acquire`; harmless for the event of the settings."""
        with self._guard:
            entry = self._open.get(event_id)
            if entry is not None:
                entry.users -= 1
                entry.used_at_s = monotonic()
                if entry.started is None and not entry.users:
                    del self._open[event_id]

    def contexts(self) -> tuple[ServiceContext, ...]:
        """The parts of all open events, that of the settings first."""
        with self._guard:
            others = [entry.started for entry in self._open.values() if entry.started is not None]
        return (self._own.context, *(started.context for started in others))

    def request_stop(self) -> None:
        """Accept no more jobs in any event, and ask the active ones to stop; does not wait."""
        self._ending = True
        for context in self.contexts():
            context.runner.request_stop()

    def close(self) -> None:
        """End all events, that of the settings last."""
        self.request_stop()
        with self._guard:
            entries = tuple(self._open.items())
            self._open.clear()
        for event_id, entry in entries:
            self._end(event_id, entry)
        self._own.close()

    def _made_room(self) -> tuple[str, _Open] | None:
        """Take the event out of the open ones that nobody used for longest, if there are too many."""
        if len(self._open) < self._settings.service.open_events:
            return None
        idle = [(entry.used_at_s, event_id) for event_id, entry in self._open.items() if entry.is_idle]
        if not idle:
            raise EventsOpenError(
                f"{len(self._open)} other events are at work, and no more may be open at once: wait until a job has "
                "ended, close a page, or raise service.open_events in config.yaml"
            )
        event_id = min(idle)[1]
        return event_id, self._open.pop(event_id)

    def _end(self, event_id: str, entry: _Open) -> None:
        with self._turns.of(event_id):
            if entry.started is not None:
                logger.info("event %s is closed", event_id)
                entry.started.close()
                entry.started = None

    def _settings_of(self, event: KnownEvent) -> Settings:
        folder = self._settings.io.state_dir / EVENTS_DIR / event.event_id
        return settings_of_event(self._settings, event.places.input, event.places.output, str(folder))

    def _view(self, event: KnownEvent) -> EventView:
        summary = self._summaries.of(event)
        return EventView(
            event_id=event.event_id,
            name=event.name,
            root=event.root,
            input=event.places.input,
            output=event.places.output,
            state=EventState.RUNNING if self._is_running(event) else summary.state,
            photos=summary.photos,
            people=summary.people,
            cover_url=_cover_url(event, summary),
            opened_at=event.opened_at,
            is_default=event.is_default,
        )

    def _is_running(self, event: KnownEvent) -> bool:
        with self._guard:
            entry = self._open.get(event.event_id)
            started = self._own if event.is_default else None if entry is None else entry.started
        # Exports, films and downloads leave the event as it is.
        return started is not None and any(job.stage in _LOOKING for job in started.context.runner.active)


def _is_at_work(context: ServiceContext) -> bool:
    if context.runner.active:
        return True
    try:
        counts = context.assets.work.counts() if context.assets.is_on else {}
    except CurationError as error:
        logger.debug("whether assets are worked on is not known: %s", error)
        return False
    return any(count for state, count in counts.items() if not state.is_final)


def _cover_url(event: KnownEvent, summary: EventSummary) -> str | None:
    return f"/events/{event.event_id}/cover?v={summary.cover_version}" if summary.cover_path is not None else None
