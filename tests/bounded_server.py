"""A bounded server in this process, with an application of a few lines, and clients that are bare sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from curation.api.http.server.carrier import bound_server
from curation.api.http.server.connections import Connections
from curation.api.http.server.limits import ServerLimits

__all__ = ["HOST", "Answer", "BoundedServer", "SmallApp", "running"]

WAIT_S = 20.0
HOST = b"Host: 127.0.0.1\r\n"
LARGE_BYTES = 30_000_000


@dataclass(slots=True)
class SmallApp:
    """`/` says hello, `/large` sends 30 MB, `/body` says how much it read, `/refuse` reads nothing, `/wait` waits."""

    limits: ServerLimits
    connections: Connections | None = None
    paths: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.connections = bound_server(receive, self.limits)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.paths.append(scope["path"])
        try:
            await self._answer(scope["path"], receive, send)
        except BaseException as error:
            self.errors.append(error)
            raise

    async def _answer(self, path: str, receive: Receive, send: Send) -> None:
        status, said = 200, b"hello"
        if path == "/refuse":
            status, said = 413, b"too much"
        elif path == "/body":
            came, message = 0, await receive()
            while message["type"] == "http.request":
                came += len(message.get("body", b""))
                if not message.get("more_body", False):
                    break
                message = await receive()
            said = str(came).encode()
        elif path == "/wait":
            while not self.release.is_set():
                await asyncio.sleep(0.01)
        length = LARGE_BYTES if path == "/large" else len(said)
        headers = [(b"content-length", str(length).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if path == "/large":
            for _ in range(LARGE_BYTES // 100_000):
                await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
            said = b""
        await send({"type": "http.response.body", "body": said})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client got until the connection ended or it had waited long enough."""

    raw: bytes
    has_ended: bool

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1]) if self.raw.startswith(b"HTTP/1.1 ") else 0

    @property
    def json(self) -> Any:
        return json.loads(self.raw.partition(b"\r\n\r\n")[2])


@dataclass(frozen=True, slots=True)
class BoundedServer:
    """A server that runs in a thread."""

    app: SmallApp
    port: int
    server: uvicorn.Server

    def connect(self, *, receives_bytes: int | None = None) -> socket.socket:
        client = socket.socket()
        if receives_bytes is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives_bytes)
        client.settimeout(WAIT_S)
        client.connect(("127.0.0.1", self.port))
        return client

    def ask(self, *sent: bytes, wait_s: float = WAIT_S) -> Answer:
        """Send it all, then read until the end."""
        with self.connect() as client:
            for piece in sent:
                client.sendall(piece)
            return self.rest(client, wait_s)

    @staticmethod
    def rest(client: socket.socket, wait_s: float = WAIT_S) -> Answer:
        client.settimeout(wait_s)
        raw = bytearray()
        try:
            while piece := client.recv(1_000_000):
                raw += piece
        except TimeoutError:
            return Answer(bytes(raw), has_ended=False)
        except ConnectionError:
            pass
        return Answer(bytes(raw), has_ended=True)


@contextmanager
def running(limits: ServerLimits) -> Iterator[BoundedServer]:
    """The server; it ends with the block, and must not take long for it."""
    app = SmallApp(limits)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    # As the service is started: uvicorn chooses what it takes by default.
    # Its own set-up of the logs would stay for all tests that follow.
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline_s = time.monotonic() + WAIT_S
        while not server.started:
            assert time.monotonic() < deadline_s, "the server did not start"
            time.sleep(0.01)
        yield BoundedServer(app, listener.getsockname()[1], server)
    finally:
        app.release.set()
        server.should_exit = True
        thread.join(WAIT_S)
        with suppress(OSError):
            listener.close()
    assert not thread.is_alive(), "the server waits for somebody"
