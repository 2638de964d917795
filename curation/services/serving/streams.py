"""The pictures of one stream: how far it is read ahead, and when it is ended because nothing comes any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any

from curation.services.protocol import image_processing_pb2 as pb
from curation.services.serving.unreadable import Unreadable

__all__ = ["IdleStreamError", "answers_of"]

_READ_AHEAD = 2  # pictures of a stream that have no slot yet

Work = Callable[[pb.ImageRequest | Unreadable, Callable[[], None]], Coroutine[Any, Any, pb.CombinedResponse]]
"""Answers a picture; calls what it is given as soon as it has a slot."""


class IdleStreamError(Exception):
    """Nothing was sent for so long that the stream is ended; never leaves this room."""


async def answers_of(
    requests: AsyncIterator[pb.ImageRequest | Unreadable],
    one: Work,
    *,
    ahead: int,
    idle_s: float,
    stopping: asyncio.Event,
) -> AsyncGenerator[pb.CombinedResponse, None]:
    """The answers to the pictures of a stream, in the order of completion.

    Args:
        requests: The pictures.
        one: Works on a picture.
        ahead: How many pictures are worked on at a time.
        idle_s: How long to wait for a picture while none is worked on, in seconds.
        stopping: When it is set, nothing more is read.

    Raises:
        IdleStreamError: If no picture comes.
    """

    async def next_request() -> pb.ImageRequest | Unreadable | None:
        return await anext(requests, None)

    without_slot = 0
    has_changed = asyncio.Event()

    def begun() -> None:
        nonlocal without_slot
        without_slot -= 1
        has_changed.set()

    stop = asyncio.create_task(stopping.wait())
    change = asyncio.create_task(has_changed.wait())
    reading: asyncio.Task[pb.ImageRequest | Unreadable | None] | None = None
    working: set[asyncio.Task[pb.CombinedResponse]] = set()
    has_more = True
    try:
        while has_more or working:
            if has_more and reading is None and len(working) < ahead and without_slot < _READ_AHEAD:
                reading = asyncio.create_task(next_request())
            awaited: set[asyncio.Task[Any]] = {*working}
            if has_more:
                awaited |= {stop, change, *([reading] if reading is not None else [])}
            timeout_s = None if working else idle_s
            done, _ = await asyncio.wait(awaited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise IdleStreamError
            if change in done:
                has_changed.clear()
                change = asyncio.create_task(has_changed.wait())
            if reading is not None and reading in done:
                request = reading.result()
                reading = None
                if request is None:
                    has_more = False
                else:
                    without_slot += 1
                    working.add(asyncio.create_task(one(request, begun)))
            if stop in done:
                has_more = False
            for task in done & working:
                working.remove(task)
                yield task.result()
    finally:
        left: list[asyncio.Task[Any]] = [stop, change, *working, *([reading] if reading is not None else [])]
        for each in left:
            each.cancel()
