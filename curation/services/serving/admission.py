"""How many requests are worked on at the same time, how many may wait, and when the others should come again."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

from curation.decoders import GivenUp, giving_up
from curation.errors import TooBusyError
from curation.services.serving.clients import Gate

__all__ = ["Slot", "Slots"]

P = ParamSpec("P")
T = TypeVar("T")

_FIRST_RUNTIME_S = 1.0
_WEIGHT_OF_LAST = 0.2
_LONGEST_RETRY_S = 60
_FOR_OTHERS = 2


class Slot:
    """The right to work on one request, with a thread for its work."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._last: Future[object] | None = None

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in the thread.

        If the caller is cancelled meanwhile, what the function has decoded for it is given up, and the slot is free as
        soon as the function has ended.
        """
        gone = GivenUp()

        def wanted() -> T:
            with giving_up(gone):
                return function(*args, **kwargs)

        future = self._pool.submit(wanted)
        self._last = future  # type: ignore[assignment]  # of whatever type
        result = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(result)
        except asyncio.CancelledError:
            result.add_done_callback(_nobody_asks)
            gone.set()
            raise

    def when_idle(self, call: Callable[[], None]) -> None:
        """Call something when the thread has nothing to do, which may be now; the slot is not used any more."""
        # An error that is left in the future would hold the request, by its traceback, until garbage is collected.
        last, self._last = self._last, None
        if last is None:
            call()
        else:
            last.add_done_callback(lambda _: call())


class Slots:
    """Slots of one kind of work; to be used in one event loop.

    A request first takes a place, in which it is read, and then a slot, in which it is worked on: there are some more
    places than slots, so that slow senders do not keep the slots idle. Who gets no place waits, clients in turn and
    each in the order of coming, up to a number, and is not read before; more are refused, so that the queue never grows
    beyond what is answered in time. Whoever gives up waiting is not worked on at all.
    """

    def __init__(self, name: str, count: int, *, waiting: int, aside: int = 0) -> None:
        """Make the slots.

        Args:
            name: Of the work, for messages and threads.
            count: How many requests are worked on at the same time.
            waiting: How many may wait for a place.
            aside: How many more have a slot, because some that have one may only wait, see `computing`.
        """
        self._name = name
        self._count = count
        slots, places = count + aside, 2 * count + 2 + aside  # of one client, so that others find some more
        self._slots = Gate(slots + _FOR_OTHERS, slots) if aside else Gate(slots, slots)
        self._places = Gate(places + _FOR_OTHERS, places)
        self._limit = waiting
        self._pool = ThreadPoolExecutor(slots + (_FOR_OTHERS if aside else 0), thread_name_prefix=name)
        self._runtime_s = _FIRST_RUNTIME_S

    @property
    def waiting(self) -> int:
        """How many requests wait for a place."""
        return self._places.waiting

    @asynccontextmanager
    async def place(self, client: str = "") -> AsyncIterator[None]:
        """Wait for a place and hold it.

        Args:
            client: Who asks; clients take turns. If too many wait, whoever has most waiting is refused the latest.

        Raises:
            TooBusyError: If too many wait already.
        """
        if self._places.would_wait(client) and self._places.waiting >= self._limit:
            error = self._too_busy()
            if not self._places.displace(client, error):
                raise error
        await self._places.enter(client)
        try:
            yield
        finally:
            self._places.leave(client)

    @asynccontextmanager
    async def taken(self, client: str = "") -> AsyncIterator[Slot]:
        """Wait for a slot and hold it; it is free again when its thread has nothing to do any more."""
        await self._slots.enter(client)
        slot = Slot(self._pool)
        began = time.monotonic()
        loop = asyncio.get_running_loop()

        def give_back() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it who waits
                loop.call_soon_threadsafe(self._slots.leave, client)

        try:
            yield slot
        finally:
            self._runtime_s += _WEIGHT_OF_LAST * (time.monotonic() - began - self._runtime_s)
            slot.when_idle(give_back)

    def close(self) -> None:
        """Let the threads end when they have nothing to do any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _too_busy(self) -> TooBusyError:
        wait_s = self._retry_after_s()
        return TooBusyError(
            f"{self._name} has {self._places.waiting} requests waiting, as many as services.queue allows: try "
            f"again in {wait_s} s, or send batches as a stream (ProcessImages)",
            wait_s,
        )

    def _retry_after_s(self) -> int:
        estimate = self._runtime_s * (self._places.waiting + 1) / self._count
        return min(_LONGEST_RETRY_S, max(1, math.ceil(estimate)))


def _nobody_asks(result: asyncio.Future[T]) -> None:
    if not result.cancelled():
        result.exception()  # looked at, or asyncio would complain of it
