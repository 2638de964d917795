"""HTTP connections of uvicorn, bounded: see `ServerLimits`.

h11 reads requests in Python, so that no C code sees bytes of somebody whose token nobody has checked, and one bound
holds for everything that is not a body: the request line, headers, the line of a chunk, trailers. httptools, which
uvicorn takes by default, has no bound for any of them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import h11
from starlette.types import Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from curation.api.http.server.refusals import BROKEN, LARGE_HEADER, NO_ROOM, SLOW_BODY, SLOW_HEADER, STOPPING, Refusal
from curation.api.http.server.transport import PoliteTransport

if TYPE_CHECKING:
    from curation.api.http.server.connections import Connections

__all__ = ["BoundedProtocol", "Standing"]

_STOP_PATIENCE_S = 2.0
_STALLS = 3.0  # a phone in a tunnel sends nothing for a while, and goes on: an upload is more than a header
_LAST_LOOK_S = 0.05


class Standing(IntEnum):
    """What a connection is about: the lower, the less is lost if it makes room for another one."""

    CLOSING = 0
    IDLE = 1
    SENDING_HEADER = 2
    SENDING_BODY = 3
    AT_WORK = 4


class BoundedProtocol(H11Protocol):
    """A connection that is given up when it takes more than its share.

    `Connections` asks each of them every second what it waits for (`look`).
    """

    transport: PoliteTransport

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        connections: Connections,
    ) -> None:
        """Make it for a client that comes; see uvicorn for all but `connections`, of which it is one."""
        super().__init__(config, server_state, app_state, _loop)
        self._among = connections
        self._limits = connections.limits
        self.conn = h11.Connection(h11.SERVER, self._limits.header_bytes)
        self.ws_protocol_class = None  # the service has no WebSockets: such a request is answered as any other
        self.limit_concurrency = None
        self.timeout_keep_alive = max(config.timeout_keep_alive, self._limits.idle_s)  # type: ignore[assignment]
        self._served = self.app
        self.app = self._answer
        self._patience_s = self._limits.patience_s
        self._stall_s = _STALLS * self._limits.patience_s
        now_s = time.monotonic()
        self._received_bytes = 0
        self._is_unused = False
        self._heard_at_s = now_s
        self._header_since_s: float | None = now_s
        self._body_mark: tuple[float, int] | None = None
        self._answer_mark: tuple[float, int] | None = None

    # What uvicorn and the transport call.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come."""
        super().connection_made(PoliteTransport(transport, self._has_more_to_come))
        self._among.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """They have gone, or were sent away."""
        self._among.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what comes after a refusal is forgotten."""
        self._heard_at_s = time.monotonic()
        self._is_unused = False
        self._received_bytes += len(data)
        if self._header_since_s is None and self.conn.their_state is h11.IDLE:
            self._header_since_s = self._heard_at_s
        # h11 measures a header that is not complete yet, not one that came as a whole: so it gets no more at once.
        size = len(data) if self.conn.their_state is h11.SEND_BODY else self._limits.header_bytes
        for start in range(0, len(data), size):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + size])
        if self.conn.their_state is not h11.IDLE:
            self._header_since_s = None

    def resume_writing(self) -> None:
        """The client has taken nearly all."""
        self._answer_mark = None
        super().resume_writing()

    def pause_writing(self) -> None:
        """The client does not take it as fast as it is made."""
        self._answer_mark = None
        super().pause_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what h11 has refused to read; called while its error is handled."""
        hint = getattr(sys.exception(), "error_status_hint", 400)
        self.refuse(LARGE_HEADER if hint == LARGE_HEADER.status else BROKEN)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing is asked any more; but if the server was busy, a request may lie there that it has not read."""
        if not self._is_unused:
            self._is_unused = True
            self.timeout_keep_alive_task = self.loop.call_later(_LAST_LOOK_S, self.timeout_keep_alive_handler)
            return
        super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """The server ends: who has not sent a whole request is not waited for, nor who does not take the answer."""
        self._patience_s = min(self._patience_s, _STOP_PATIENCE_S)
        self._stall_s = min(self._stall_s, _STOP_PATIENCE_S)
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        elif self.conn.their_state is h11.SEND_BODY and not self.cycle.response_started:
            self.refuse(STOPPING)
        else:
            self.cycle.keep_alive = False

    def _should_upgrade(self) -> bool:
        return False

    # What the other connections and the clock ask.

    @property
    def address(self) -> str:
        """Of the machine at the other end; empty for a Unix socket."""
        return self.client[0] if self.client is not None else ""

    @property
    def standing(self) -> Standing:
        """What it is about."""
        if self.transport.is_closing():
            return Standing.CLOSING
        if self.conn.their_state is h11.IDLE:
            return Standing.SENDING_HEADER if self._is_sending else Standing.IDLE
        if self.conn.their_state is h11.SEND_BODY:
            return Standing.SENDING_BODY
        return Standing.AT_WORK

    @property
    def heard_at_s(self) -> float:
        """When it last sent anything, by `time.monotonic`."""
        return self._heard_at_s

    def make_room(self) -> None:
        """End, as nicely as there is time for."""
        if self.transport.is_closing():
            self.transport.abort()
        elif self.standing is Standing.IDLE:
            self.transport.close()
        else:
            self.refuse(NO_ROOM)

    def turn_away(self) -> None:
        """Answer its request with the word that there is no room."""
        self._served = _no_room

    def look(self, now_s: float) -> None:
        """Give it up if it has been waited for long enough."""
        closed_at_s = self.transport.closed_at_s
        if closed_at_s is not None:
            silent = self._heard_at_s + self._limits.silent_s < now_s and not self.transport.get_write_buffer_size()
            patience_s = min(self._limits.linger_s, self._patience_s)
            if now_s - closed_at_s > (self._limits.silent_s if silent else patience_s):
                self.transport.abort()
            return
        if self._takes_too_slowly(now_s):
            self.transport.abort()
        elif self._sends_header_too_slowly(now_s):
            if self._is_sending:
                self.refuse(SLOW_HEADER)
            else:  # browsers open connections for later, and would take an answer for that of their next request
                self.transport.close()
        elif self._sends_body_too_slowly(now_s):
            self.refuse(SLOW_BODY)

    def refuse(self, refusal: Refusal) -> None:
        """Answer, if that is still possible, and close."""
        cycle = self.cycle
        at_work = cycle is not None and not cycle.response_complete
        if (at_work and cycle.response_started) or self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        if at_work:
            # For the application the client has gone: what it sends from now on is dropped.
            cycle.disconnected = True
            cycle.message_event.set()
        headers = [*self.server_state.default_headers, *refusal.headers]
        begin = h11.Response(status_code=refusal.status, headers=headers, reason=refusal.title.encode())
        for part in (begin, h11.Data(data=refusal.body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(part) or b"")
        self._among.refused[refusal.code] += 1
        self.transport.close()

    @property
    def _is_sending(self) -> bool:
        """Whether a header has begun."""
        return bool(self.conn.trailing_data[0])

    def _has_more_to_come(self) -> bool:
        return self.conn.their_state in (h11.SEND_BODY, h11.ERROR) or self._is_sending

    def _sends_header_too_slowly(self, now_s: float) -> bool:
        if self.conn.their_state is not h11.IDLE or (self._header_since_s is None and not self._is_sending):
            return False
        if self._header_since_s is None:  # it came behind the request before
            self._header_since_s = now_s
        return now_s - self._header_since_s > self._patience_s

    def _sends_body_too_slowly(self, now_s: float) -> bool:
        cycle = self.cycle
        waits_for_us = self.conn.their_state is not h11.SEND_BODY or (
            not cycle.response_complete and (self.flow.read_paused or cycle.body or cycle.waiting_for_100_continue)
        )
        if waits_for_us:
            self._body_mark = None
            return False
        since_s, received = self._body_mark = self._body_mark or (now_s, self._received_bytes)
        if now_s - since_s <= self._stall_s:
            return False
        self._body_mark = None
        return self._received_bytes - received < self._limits.pace_bytes

    def _takes_too_slowly(self, now_s: float) -> bool:
        if not self.transport.get_write_buffer_size():
            self._answer_mark = None
            return False
        # Counted, as what is left may stay the same while the application writes more.
        taken = self.transport.taken_bytes
        since_s, before = self._answer_mark = self._answer_mark or (now_s, taken)
        if now_s - since_s <= self._stall_s:
            return False
        self._answer_mark = None
        return taken - before < self._limits.pace_bytes

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application, whose answer closes the connection if much of the request has not been read."""

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and self._leaves_much_unread():
                message = {**message, "headers": [*_without_connection(message), (b"connection", b"close")]}
            await send(message)

        await self._served(scope, receive, closing)

    def _leaves_much_unread(self) -> bool:
        if self.conn.their_state is not h11.SEND_BODY:
            return False
        announced = dict(self.headers).get(b"content-length", b"")
        return (
            self.cycle.waiting_for_100_continue
            or not announced.isdigit()
            or int(announced[:20]) > self._limits.drained_bytes
        )


def _without_connection(message: Message) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in message.get("headers", ()) if name.lower() != b"connection"]


async def _no_room(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": NO_ROOM.status, "headers": NO_ROOM.headers})
    await send({"type": "http.response.body", "body": NO_ROOM.body})
