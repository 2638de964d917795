"""The real application over a real socket, with a small event and fakes of what stands behind it."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvicorn
from PIL import Image

from curation.api.app import create_app
from curation.settings import Settings
from curation.workflow import WorkflowOrchestrator
from tests.fake_asset_jobs import FakeAssets
from tests.fake_face_services import FakeFaceServices
from tests.fake_films import FakeFilms
from tests.service import FACES, PHOTOS, FakeOrchestrator, make_settings, write_face_data, write_photo_scores

__all__ = ["TOKEN", "Answers", "ServedEvent", "answers_of", "served_event"]

TOKEN = "0123456789-abcdefghij"
_ANSWER_S = 60.0
_SHORT_S = 0.3
_STOP_S = 60.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What a connection gave until it ended, or until there was nothing for a while.

    Attributes:
        raw: All bytes.
        statuses: Of the answers, in their order; -1 stands for bytes that are no answer.
        has_ended: Whether the server closed it.
    """

    raw: bytes
    statuses: tuple[int, ...]
    has_ended: bool


@dataclass(frozen=True, slots=True)
class ServedEvent:
    """A service in a thread of this process.

    Attributes:
        port: Where it listens, on the loopback interface.
        settings: Of its event.
        faults: Log lines of errors that were not expected, and of requests that were answered with 500.
    """

    port: int
    settings: Settings
    faults: list[str] = field(default_factory=list)

    def send(self, *pieces: bytes, closes: bool = False, wait_s: float = _ANSWER_S) -> Answers:
        """Send these bytes and read until the server closes, has answered all there is, or says nothing for long.

        Args:
            pieces: Sent one after the other.
            closes: Whether the sending side is closed after a moment, so that a server that waits for more ends it.
            wait_s: The longest silence.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as client:
            raw = bytearray()
            with suppress(ConnectionError):  # it was refused while it was sent; the answer is read all the same
                for piece in pieces:
                    client.sendall(piece)
            has_ended = _reads(client, raw, _SHORT_S if closes else wait_s)
            if closes and not has_ended:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_WR)
                has_ended = _reads(client, raw, wait_s)
            return answers_of(bytes(raw), has_ended=has_ended)

    def is_well(self) -> bool:
        """Whether a new client is answered."""
        host = f"Host: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close"
        head = f"GET /health HTTP/1.1\r\n{host}\r\n\r\n"
        return self.send(head.encode()).statuses == (200,)


def _reads(client: socket.socket, raw: bytearray, wait_s: float) -> bool:
    """Read on; returns whether the server closed, or sends events without end."""
    client.settimeout(wait_s)
    try:
        while piece := client.recv(1_000_000):
            raw += piece
            if b"content-type: text/event-stream" in raw[:4096].lower():
                return True
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def answers_of(raw: bytes, *, has_ended: bool) -> Answers:
    """The answers in these bytes; a body ends by its length, by its chunks, or with the connection."""
    statuses: list[int] = []
    rest = raw
    while rest:
        head, found, rest = rest.partition(b"\r\n\r\n")
        words = head.split(b" ", 2)
        if not found or not head.startswith(b"HTTP/1.1 ") or not words[1].isdigit():
            statuses.append(-1)
            break
        status = int(words[1])
        lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        if status == 100:
            continue
        statuses.append(status)
        if headers.get(b"transfer-encoding") == b"chunked":
            _, _, rest = rest.partition(b"0\r\n\r\n")
        elif b"content-length" in headers:
            rest = rest[int(headers[b"content-length"]) :]
        elif status not in (204, 304):
            break
    return Answers(raw, tuple(statuses), has_ended)


class _Faults(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(logging.Formatter().format(record))


@contextmanager
def served_event(folder: Path, **service: Any) -> Iterator[ServedEvent]:
    """The service, with people, photos, assets and films; it ends with the block."""
    settings = make_settings(folder, service={"token": TOKEN, **service})
    write_face_data(settings.io.output_dir, FACES)
    write_photo_scores(settings.io.output_dir, PHOTOS)
    settings.io.input_dir.mkdir()
    for photo in PHOTOS[:3]:
        Image.new("RGB", (200, 150), "teal").save(settings.io.input_dir / str(photo["image_path"]))
    orchestrator = cast(WorkflowOrchestrator, FakeOrchestrator(settings))
    app = create_app(
        lambda: settings,
        lambda _: orchestrator,
        FakeFaceServices().connected,
        FakeAssets(folder / "assets").opened,
        FakeFilms().open,
        make_decoders=lambda _: None,
    )
    faults: list[str] = []
    handler = _Faults(faults)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    logging.getLogger().addHandler(handler)
    try:
        thread.start()
        until_s = time.monotonic() + _STOP_S
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until_s, f"the service did not start: {faults}"
            time.sleep(0.01)
        yield ServedEvent(listener.getsockname()[1], settings, faults)
    finally:
        server.should_exit = True
        thread.join(_STOP_S)
        logging.getLogger().removeHandler(handler)
        with suppress(OSError):
            listener.close()
    assert not thread.is_alive(), "the service does not end"
