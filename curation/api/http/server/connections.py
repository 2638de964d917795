"""All connections of a server: how many there are, who makes room, and the clock that looks at each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence

from curation.api.http.server.limits import ServerLimits
from curation.api.http.server.protocol import BoundedProtocol, Standing

__all__ = ["Connections"]

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_SHARE_THAT_LEAVES = 20


class Connections:
    """The connections of one event loop."""

    def __init__(self, limits: ServerLimits) -> None:
        """Set what is granted to them."""
        self.limits = limits
        self.refused: Counter[str] = Counter()
        self._all: set[BoundedProtocol] = set()
        self._clock: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, new: BoundedProtocol) -> None:
        """Take in somebody who has come; if there is no room, those who only wait make it.

        They are chosen from the address that has the most connections, and among these those that lose least by it, and
        were heard of longest ago. If all are at work, the new one is told so.
        """
        if len(self._all) >= self.limits.connections:
            leaving = self._leaving()
            if not leaving and len(self._all) >= self.limits.connections + self.limits.spare:
                self.refused["no_word"] += 1
                new.transport.abort()
                return
            if not leaving:
                new.turn_away()
            for one in leaving:
                one.make_room()
        self._all.add(new)
        if self._clock is None:
            self._clock = asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look)

    def leave(self, gone: BoundedProtocol) -> None:
        """Forget a connection."""
        self._all.discard(gone)

    def _leaving(self) -> Sequence[BoundedProtocol]:
        """Some at once, because all are looked at; but never more than one that sends a body."""
        of_address = Counter(one.address for one in self._all)
        found = [(one.standing, one) for one in self._all]
        waiting = [(standing, one) for standing, one in found if standing < Standing.AT_WORK]
        waiting.sort(
            key=lambda each: (each[0] > Standing.CLOSING, -of_address[each[1].address], each[0], each[1].heard_at_s)
        )
        some = waiting[: 1 + self.limits.connections // _SHARE_THAT_LEAVES]
        return [one for standing, one in some if standing < Standing.SENDING_BODY] or [one for _, one in some[:1]]

    def _look(self) -> None:
        now_s = time.monotonic()
        for one in tuple(self._all):
            try:
                one.look(now_s)
            except Exception:
                logger.exception("a connection is given up by an error of the program")
                one.transport.abort()
        self._clock = None
        if self._all:
            self._clock = asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look)
