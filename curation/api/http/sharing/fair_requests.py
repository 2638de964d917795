"""Lets the requests of all clients in by turns, so that one that sends many keeps nobody else waiting.

Most routes work in threads, of which there are a few dozen: without turns, as many slow requests of one client would
have them all.
"""

from __future__ import annotations

import asyncio
from collections import deque

from anyio import to_thread
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.api.http.errors import ApiProblem, problem_response
from curation.api.http.sharing.clients import client_of
from curation.api.http.sharing.places import Places, TooManyWaitingError
from curation.api.http.sharing.share import RETRY_AFTER_S, TOO_MANY, Share, Streams, sharing
from curation.settings import ServiceSettings

__all__ = ["FairRequests"]

_ALWAYS = frozenset({"/health"})
_CLIENTS_AT_ONCE = 4
"""So many can have all the places that one may have."""
_OTHER_THREADS = 8
"""For answers under way and whatever else needs a thread for a moment."""
_BODY_HEADERS = frozenset({b"content-length", b"transfer-encoding", b"expect"})


class FairRequests:
    """Gives each request a place of work, from its turn until its answer begins.

    Pictures and uploads give theirs back earlier: they have threads of their own, or need none.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Share `app`. It must be inside of what checks who may send requests."""
        self._app = app
        self._shared: tuple[Places, Streams] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the turn of the request, and pass it on."""
        if scope["type"] != "http" or scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
            return
        work, streams = self._shared or self._share(scope["app"].state.service.settings.service)
        client = client_of(scope)
        letters = _Letters(receive)
        try:
            if not work.take_at_once(client) and not await _turn(work, client, letters, scope):
                return
        except TooManyWaitingError:
            problem = ApiProblem(TOO_MANY[0], "too_many_requests", TOO_MANY[1], headers={"Retry-After": _RETRY_AFTER})
            await problem_response(Request(scope), problem)(scope, receive, send)
            return
        share = Share(client, work, streams)

        async def noting(message: Message) -> None:
            share.end_work()
            await send(message)

        with sharing(share):
            await self._app(scope, letters.receive, noting)

    def _share(self, service: ServiceSettings) -> tuple[Places, Streams]:
        places = _CLIENTS_AT_ONCE * service.client_requests
        threads = to_thread.current_default_thread_limiter()
        threads.total_tokens = max(threads.total_tokens, places + _OTHER_THREADS)
        work = Places(places, service.client_requests, service.client_waiting)
        self._shared = work, Streams(service.client_streams)
        return self._shared


_RETRY_AFTER = str(RETRY_AFTER_S)


async def _turn(work: Places, client: str, letters: _Letters, scope: Scope) -> bool:
    """Wait for a place; False if the client has gone meanwhile, so that nobody needs an answer."""
    if any(name in _BODY_HEADERS for name, _ in scope["headers"]):
        # To look whether the client is still there would take its body in, which may be refused.
        await work.take(client)
        return True
    turn, gone = asyncio.ensure_future(work.take(client)), asyncio.ensure_future(letters.until_gone())
    is_ours = False
    try:
        await asyncio.wait((turn, gone), return_when=asyncio.FIRST_COMPLETED)
        if turn.done():
            turn.result()
            is_ours = True
        return is_ours
    finally:
        if not is_ours and turn.done() and not turn.cancelled() and turn.exception() is None:
            work.give_back(client)
        for task in (turn, gone):
            task.cancel()
        await asyncio.gather(turn, gone, return_exceptions=True)


class _Letters:
    """What comes from a client; what was looked at early is kept."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: deque[Message] = deque()

    async def receive(self) -> Message:
        return self._kept.popleft() if self._kept else await self._receive()

    async def until_gone(self) -> None:
        """Wait until the client closes the connection. Only for requests without a body."""
        while not self._kept or self._kept[-1]["type"] != "http.disconnect":
            self._kept.append(await self._receive())
