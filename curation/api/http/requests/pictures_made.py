"""Making pictures for requests: in threads of their own, and only for clients that still wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import Request
from fastapi.responses import Response

from curation.api.http.sharing.places import Places, TooManyWaitingError
from curation.api.http.sharing.share import share_here
from curation.decoders import GivenUp, decoders_here, giving_up
from curation.errors import DecodersBusyError
from curation.workers.decoders.limits import most_decoders

__all__ = ["CLIENT_IS_GONE", "ClientGoneError", "made", "nobody_waits"]

CLIENT_IS_GONE = 499  # nobody receives it
_WAITING_THREADS = 64  # they wait for a decoder process, and are no threads of other routes
_OF_ONE_CLIENT = 8  # twice as many as there are decoders
_MOST_WAITING = 500  # of one client
_LOOK_S = 0.5

R = TypeVar("R")

_limiter: RunVar[CapacityLimiter] = RunVar("threads that wait for pictures")
_shared: RunVar[Places] = RunVar("places of clients that wait for pictures")


class ClientGoneError(Exception):
    """The client has closed the connection. Handled where a response is made."""


async def made(make: Callable[[], R], request: Request | None = None) -> R:
    """What `make` returns, which may decode a picture; it is called in a thread.

    Args:
        make: Makes the picture.
        request: It is given up when its client goes; None for one that is finished all the same, as an upload is. Its
            body must have been read, if it has one.

    Raises:
        ClientGoneError: If the client has gone.
        DecodersBusyError: If too many others wait; and whatever `make` raises.
    """
    share = share_here()
    if share is not None:
        share.end_work()  # who waits for a picture needs none of the threads of others
    try:
        async with _places().place(share.client if share is not None else ""), _threads():
            # Scrolling through thousands of photos leaves requests behind whose client has disconnected.
            if request is not None and await request.is_disconnected():
                raise ClientGoneError
            return await _watched(make, request)
    except TooManyWaitingError as error:
        raise DecodersBusyError("too many pictures are being made just now: try again in a moment") from error


def nobody_waits() -> Response:
    """The response that nobody receives."""
    return Response(status_code=CLIENT_IS_GONE)


async def _watched(make: Callable[[], R], request: Request | None) -> R:
    gone = GivenUp()
    watcher = None if request is None else asyncio.create_task(_watch(request, gone))
    try:
        # Threads know their context: what decodes there is told when it is not wanted any more.
        with giving_up(gone):
            return await to_thread.run_sync(make, limiter=CapacityLimiter(1))
    except DecodersBusyError as error:
        if gone.is_set:
            raise ClientGoneError from error
        raise
    finally:
        if watcher is not None:
            watcher.cancel()


async def _watch(request: Request, gone: GivenUp) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(_LOOK_S)
    gone.set()


def _places() -> Places:
    """The threads, as clients share them."""
    try:
        return _shared.get()
    except LookupError:
        places = Places(_WAITING_THREADS, _OF_ONE_CLIENT, _MOST_WAITING)
        _shared.set(places)
        return places


def _threads() -> CapacityLimiter:
    """How many threads wait for pictures at once; where they decode themselves, only a few."""
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(most_decoders() if decoders_here() is None else _WAITING_THREADS)
        _limiter.set(limiter)
        return limiter
