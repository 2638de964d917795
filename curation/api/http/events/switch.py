"""Which event a request is about: `/events/{event_id}/...` in front of any address, else that of the settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from curation.api.context import EVENT_CONTEXT
from curation.api.http.errors import problem_of, problem_response
from curation.api.http.urls import path_within
from curation.errors import CurationError
from curation.jobs.events.known_event import EVENT_ID_PATTERN

if TYPE_CHECKING:
    from curation.api.http.events.open_events import Events

__all__ = ["EventSwitch"]

_OF_EVENT = re.compile(rf"(/events/({EVENT_ID_PATTERN}))/.*")
_OF_LIST = re.compile(r"/events/[^/]*/cover")
"""What is told of an event that need not be open."""


class EventSwitch:
    """Gives a request the parts of the event that its address begins with, and keeps them open until it is answered.

    The beginning becomes the root of the request's address: routes do not see it, and `root_of` puts it in front of
    every address of the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`. It must be inside of what checks who may send requests."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the event, start its parts if they are not, and pass the request on."""
        path = path_within(scope) if scope["type"] == "http" else ""
        found = None if _OF_LIST.fullmatch(path) else _OF_EVENT.fullmatch(path)
        if found is None:
            await self._app(scope, receive, send)
            return
        root, event_id = found[1], found[2]
        events: Events = scope["app"].state.events
        try:
            context = events.acquire_open(event_id) or await to_thread.run_sync(events.acquire, event_id)
        except CurationError as error:
            await problem_response(Request(scope), problem_of(error))(scope, receive, send)
            return
        try:
            scope["root_path"] = f"{scope.get('root_path', '').rstrip('/')}{root}"
            scope[EVENT_CONTEXT] = context
            await self._app(scope, receive, send)
        finally:
            events.release(event_id)
