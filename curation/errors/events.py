"""The events of one service: which there are, where others lie, and how many are open."""

from __future__ import annotations

from curation.errors.inputs import InputError
from curation.errors.machine import BusyError
from curation.errors.not_found import NotFoundError

__all__ = [
    "EventNotFoundError",
    "EventTakenError",
    "EventsFileError",
    "EventsOpenError",
    "FolderNotFoundError",
    "FolderRefusedError",
]


class EventNotFoundError(NotFoundError):
    """This machine knows no event with this id."""

    code = "event_not_found"


class EventTakenError(InputError):
    """The results of an event would fall on those of another one, or the event of the settings would be removed."""

    code = "event_taken"


class EventsFileError(InputError):
    """events.json is not valid; it is not written."""

    code = "events_invalid"


class EventsOpenError(BusyError):
    """As many events are at work as may be open at once."""

    code = "too_many_events"


class FolderNotFoundError(NotFoundError):
    """There is no such folder, or it cannot be read."""

    code = "folder_not_found"


class FolderRefusedError(InputError):
    """The folder lies outside of those that the service may show."""

    code = "folder_refused"
