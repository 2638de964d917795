"""The events of the application that answers a request, and which folders a request may name."""

from __future__ import annotations

from fastapi import Request

from curation.api.http.access import is_loopback
from curation.api.http.events.open_events import Events
from curation.errors import FolderRefusedError
from curation.jobs.events.folders import FolderBrowser
from curation.settings import event_places, place_key

__all__ = ["check_opening", "events_of", "folder_browser"]


def events_of(request: Request) -> Events:
    """All events of the service."""
    events: Events = request.app.state.events
    return events


def folder_browser(request: Request) -> FolderBrowser:
    """What shows the folders of this machine."""
    settings = events_of(request).settings
    return FolderBrowser(settings, is_local=is_loopback(settings.service.host))


def check_opening(request: Request, folder: str, output: str | None) -> None:
    """Make sure that a request may open an event: its places must be known, or lie where events may lie.

    Args:
        request: The client's request.
        folder: Folder or address of the photos.
        output: The same of the results; None for the usual place.

    Raises:
        FolderRefusedError: If it may not.
        FolderNotFoundError: If it is a folder of this machine that does not exist.
    """
    events, browser = events_of(request), folder_browser(request)
    known = [event for event in events.known() if _is_place(event.input, folder)]
    if known and (output is None or any(_is_place(event.output, output) for event in known)):
        return
    browser.may_open(folder)
    if output is not None and not _is_place(event_places(events.settings, folder).output, output):
        try:
            browser.may_write(output)
        except FolderRefusedError as error:
            raise FolderRefusedError(f"the results may not go there: {error}") from error


def _is_place(one: str, other: str) -> bool:
    return "\0" not in other and place_key(one) == place_key(other)
