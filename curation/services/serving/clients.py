"""Which client a call is from, and that no client has all there is, as long as there are others."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from curation.errors import TooBusyError

__all__ = ["Gate", "Shares", "client_of"]

_NETWORK_V6 = 64  # one customer's, who has as many addresses in it as they like


def client_of(peer: str) -> str:
    """The machine that a call comes from.

    Args:
        peer: As gRPC names it, such as `ipv4:10.0.0.5:40312` or `ipv6:%5B2001:db8::1%5D:40312`.
    """
    address = unquote(peer.partition(":")[2].rpartition(":")[0]).strip("[]")
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return peer
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _NETWORK_V6), strict=False))
    return str(found)


class Shares:
    """How many of something there are at a time, in all and for each client; to be used in one event loop."""

    def __init__(self, what: str, count: int, per_client: int) -> None:
        """Set the limits.

        Args:
            what: They are, and which setting limits them, for messages.
            count: In all.
            per_client: Of one client.
        """
        self._what = what
        self._count = count
        self._per_client = per_client
        self._held: Counter[str] = Counter()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Hold one of them.

        Raises:
            TooBusyError: If there are too many.
        """
        if self._held.total() >= self._count:
            raise TooBusyError(f"there are {self._count} {self._what} already: try again in a moment")
        if self._held[client] >= self._per_client:
            raise TooBusyError(
                f"{client} has {self._per_client} {self._what} already: use those, or wait for their end"
            )
        self._held[client] += 1
        try:
            yield
        finally:
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]


class Gate:
    """Lets a number of coroutines in at a time; to be used in one event loop.

    Clients take turns, and each of them in the order of coming, so that nobody waits for all that another one has sent.
    """

    def __init__(self, count: int, per_client: int) -> None:
        """Set the limits.

        Args:
            count: How many are in at a time.
            per_client: How many of them may be of one client.
        """
        self._free = count
        self._per_client = max(1, per_client)
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    def would_wait(self, client: str) -> bool:
        """Whether a client would have to wait now."""
        return self._free == 0 or self._held[client] >= self._per_client

    def displace(self, client: str, error: Exception) -> bool:
        """Refuse the latest that waits of whoever has most waiting, if that is more than `client` would have.

        Returns:
            Whether there is room now for one more of `client`.
        """
        if not self._waiting:
            return False
        most = max(self._waiting, key=lambda each: len(self._waiting[each]))
        if most == client or len(self._waiting[most]) <= len(self._waiting.get(client, ())) + 1:
            return False
        turn = self._waiting[most].pop()
        if not turn.done():
            turn.set_exception(error)
        return True

    async def enter(self, client: str = "") -> None:
        """Wait to be let in; to be followed by `leave` with the same client."""
        if not self.would_wait(client):
            self._let_in(client)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave(client)  # it was our turn, but nobody is there any more
            elif turn in self._waiting.get(client, ()):
                self._waiting[client].remove(turn)
                self._forget_empty(client)
            raise

    def leave(self, client: str = "") -> None:
        """Let the next one in."""
        self._free += 1
        self._held[client] -= 1
        if not self._held[client]:
            del self._held[client]
        for each in tuple(self._waiting):
            while self._waiting[each] and not self.would_wait(each):
                turn = self._waiting[each].popleft()
                if turn.done():
                    continue
                self._let_in(each)
                turn.set_result(None)
                self._waiting[each] = self._waiting.pop(each)  # now it is the others' turn
                break
            self._forget_empty(each)

    def _let_in(self, client: str) -> None:
        self._free -= 1
        self._held[client] += 1

    def _forget_empty(self, client: str) -> None:
        if not self._waiting.get(client, True):
            del self._waiting[client]
