"""Places that clients take in turn: a few for each, and never all for some of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

__all__ = ["Places", "TooManyWaitingError"]


class TooManyWaitingError(Exception):
    """So many requests of a client wait already that another one is not even taken in."""


@dataclass(slots=True)
class _Client:
    held: int = 0
    served: int = 0  # when it last got a place; the lower, the longer ago
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    @property
    def is_waiting(self) -> bool:
        """Whether anybody wants a place; who was cancelled just now does not any more."""
        while self.waiting and self.waiting[0].done():
            self.waiting.popleft()
        return bool(self.waiting)


class Places:
    """Places for work, for one event loop.

    A client may have `of_one` at once, and never more than there are free ones: so a client that comes later finds
    one, however many others have taken as much as they could. Who has the fewest is served first, then who has waited
    longest; the requests of one client in their order.
    """

    def __init__(self, places: int, of_one: int, waiting: int) -> None:
        """Make the places.

        Args:
            places: How many there are.
            of_one: How many of them one client may have at once.
            waiting: How many requests of one client may wait for one.
        """
        self.places = places
        self._of_one = of_one
        self._waiting = waiting
        self._free = places
        self._clients: dict[str, _Client] = {}
        self._turns = count(1)

    def take_at_once(self, client: str) -> bool:
        """Take a place if the client can have one without waiting."""
        one = self._clients.get(client)
        if one is None:
            one = _Client()
        if one.is_waiting or not self._may(one):
            return False
        self._clients[client] = one
        self._give(one)
        return True

    async def take(self, client: str) -> None:
        """Take a place, in turn.

        Raises:
            TooManyWaitingError: If too many requests of the client wait already.
        """
        if self.take_at_once(client):
            return
        one = self._clients.setdefault(client, _Client())
        if len(one.waiting) >= self._waiting:
            raise TooManyWaitingError
        turn = asyncio.get_running_loop().create_future()
        one.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(client)  # it came just when nobody wanted it any more
            else:
                with suppress(ValueError):
                    one.waiting.remove(turn)
                self._forget(client)
            raise

    def give_back(self, client: str) -> None:
        """Give a place back; whoever is next gets it."""
        self._clients[client].held -= 1
        self._free += 1
        self._forget(client)
        while self._free:
            able = [one for one in self._clients.values() if one.is_waiting and self._may(one)]
            if not able:
                return
            one = min(able, key=lambda each: (each.held, each.served))
            self._give(one)
            one.waiting.popleft().set_result(None)

    @asynccontextmanager
    async def place(self, client: str) -> AsyncIterator[None]:
        """A block that has a place. Raises what `take` raises."""
        await self.take(client)
        try:
            yield
        finally:
            self.give_back(client)

    def _may(self, one: _Client) -> bool:
        return one.held < self._of_one and one.held < self._free

    def _give(self, one: _Client) -> None:
        one.held += 1
        one.served = next(self._turns)
        self._free -= 1

    def _forget(self, client: str) -> None:
        one = self._clients.get(client)
        if one is not None and not one.held and not one.is_waiting:
            del self._clients[client]
