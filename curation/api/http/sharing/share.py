"""What one request has of what clients share; known wherever it is worked on."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from curation.api.http.errors import ApiProblem
from curation.api.http.sharing.places import Places

__all__ = [
    "RETRY_AFTER_S",
    "TOO_MANY",
    "TOO_MANY_STREAMS",
    "Share",
    "Streams",
    "demand_stream",
    "share_here",
    "sharing",
]

RETRY_AFTER_S = 5
TOO_MANY = (429, "so many requests of this client wait already that this one is not taken in; try again in a moment")
TOO_MANY_STREAMS = (
    429,
    "this client follows as many streams of events as one may (service.client_streams); end some of them, or ask for "
    "what you follow now and then",
)


class Streams:
    """How many streams of events each client follows."""

    def __init__(self, of_one: int) -> None:
        """Let each client follow `of_one`."""
        self._of_one = of_one
        self._lock = threading.Lock()  # routes begin them in threads
        self._following: Counter[str] = Counter()

    def begin(self, client: str) -> bool:
        """Count another one; False if it is one too many."""
        with self._lock:
            if self._following[client] >= self._of_one:
                return False
            self._following[client] += 1
            return True

    def end(self, client: str) -> None:
        """Count one less."""
        with self._lock:
            self._following[client] -= 1
            if not self._following[client]:
                del self._following[client]


class Share:
    """What a request has, until it is answered."""

    def __init__(self, client: str, work: Places, streams: Streams) -> None:
        """For a request that has a place of `work`; all but `follow` belongs to the event loop."""
        self.client = client
        self._work = work
        self._streams = streams
        self._is_working = True
        self._follows = False

    def end_work(self) -> None:
        """Give the place of work back: what follows needs no thread of the service's, or has one of others."""
        if self._is_working:
            self._is_working = False
            self._work.give_back(self.client)

    def follow(self) -> bool:
        """Begin a stream of events; False if the client follows too many."""
        self._follows = self._follows or self._streams.begin(self.client)
        return self._follows

    def end(self) -> None:
        """Give all back."""
        self.end_work()
        if self._follows:
            self._follows = False
            self._streams.end(self.client)


_here: ContextVar[Share | None] = ContextVar("what the request has of what clients share", default=None)


@contextmanager
def sharing(share: Share) -> Iterator[None]:
    """A block that works on a request; in the end all that it has is given back."""
    mark = _here.set(share)
    try:
        yield
    finally:
        _here.reset(mark)
        share.end()


def share_here() -> Share | None:
    """That of the request which is worked on here; None outside of requests."""
    return _here.get()


def demand_stream() -> None:
    """Begin a stream of events for the request that is worked on here; it ends with the request.

    Raises:
        ApiProblem: If its client follows too many.
    """
    share = share_here()
    if share is not None and not share.follow():
        status, detail = TOO_MANY_STREAMS
        raise ApiProblem(status, "too_many_streams", detail, headers={"Retry-After": str(RETRY_AFTER_S)})
