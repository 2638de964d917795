"""Changes of the user where outputs lie in object storage: made to what others said, and pushed before the answer."""

from __future__ import annotations

from anyio import to_thread
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.api.context import service_of
from curation.api.http.errors import ApiProblem, problem_response
from curation.api.http.urls import path_within
from curation.errors import ObjectChangedError
from curation.storage.working_copy.keeping import KeptCopy

__all__ = ["MirroredEdits"]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OTHERS = ("/attributes", "/api/upload", "/sign-in", "/posters", "/events", "/folders")  # write nothing of an event
_UPLOAD = "/photos"


class MirroredEdits:
    """Pulls words of the user before a request that may change them, and pushes them before it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; its answer waits for the push."""
        kept: KeptCopy | None = None
        if scope["type"] == "http" and scope["method"] not in _READING:
            kept = service_of(Request(scope)).mirror
            path = path_within(scope)
            if path.startswith(_OTHERS) or path == _UPLOAD:
                kept = None
        if kept is None:
            await self._app(scope, receive, send)
            return
        await to_thread.run_sync(kept.before_edit)
        answer: list[Message] = []

        async def held(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, held)
        conflicts = await to_thread.run_sync(kept.after_edit)
        if conflicts:
            problem = ApiProblem(409, ObjectChangedError.code, " ".join(conflicts))
            await problem_response(Request(scope), problem)(scope, receive, send)
            return
        for message in answer:
            await send(message)
