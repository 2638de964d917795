"""Pictures that never end, in a real service: they cost their own request, and neither others nor the end of it."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from curation.domain.faces.ids import photo_id
from curation.settings import Settings
from tests.fake_workflow import fake_event
from tests.processes import wait_until
from tests.real_service import RealService

END_S = 25.0  # what is promised is 8 s; a busy machine takes its time, and what hangs takes longer
SECONDS = {"CURATION_SERVICE__PICTURE_SECONDS": "2"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with fake_event(tmp_path_factory.mktemp("event")) as event:
        for number in range(3):
            event.add(f"stuck {number}.png", 3)
            event.add(f"asleep {number}.png", 3)
            event.add(f"good {number}.png", 3)
        event.cluster()
        yield event.settings()


def picture(name: str, size: str = "thumbnail") -> str:
    return f"/photos/{photo_id(name)}/picture?size={size}"


def test_pictures_that_never_end_stop_nobody_else(settings: Settings, tmp_path: Path) -> None:
    with RealService(settings, tmp_path / "log", variables=SECONDS) as service, ThreadPoolExecutor(40) as threads:
        bombs = [threads.submit(service.get, picture(f"stuck {number}.png")) for number in range(2)]
        wait_until(lambda: len(service.decoders()) >= 2, "both decoders are at work")
        began = time.monotonic()
        good = [
            threads.submit(service.get, picture(f"good {number % 3}.png", size))
            for number in range(10)
            for size in ("thumbnail", "screen")
        ]
        pages = [
            threads.submit(service.get, address) for address in ("/clusters", "/people", "/review/people", "/health")
        ]
        assert {answer.result().status_code for answer in (*good, *pages)} == {200}
        assert time.monotonic() - began < 60
        for bomb in bombs:
            answer = bomb.result()
            assert (answer.status_code, answer.json()["code"]) == (422, "photo_unreadable")
            assert "2 s of processor time" in answer.json()["detail"]
        # It is known by now, and costs nothing any more.
        began = time.monotonic()
        assert service.get(picture("stuck 0.png", "screen")).status_code == 422
        assert time.monotonic() - began < 2
        # A decoder that somebody kills costs nobody anything.
        for decoder in service.decoders():
            decoder.kill()
        (settings.io.input_dir / "good 0.png").touch()
        assert service.get(picture("good 0.png")).status_code == 200
        # Whoever goes gives up what is being made for them.
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(
                f"GET {picture('asleep 0.png').replace(' ', '%20')} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            )
            wait_until(lambda: any(not is_idle(d.pid) for d in service.decoders()), "it is being made")
        service.ends(signal.SIGTERM, END_S)


def is_idle(pid: int) -> bool:
    # What it waits for: nothing to be read, or a timer.
    return "nanosleep" not in Path(f"/proc/{pid}/wchan").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_service_ends_whatever_holds_it(settings: Settings, tmp_path: Path, number: signal.Signals) -> None:
    with RealService(settings, tmp_path / "log") as service, ThreadPoolExecutor(10) as threads:
        held = [threads.submit(service.get, picture(f"{kind} {n}.png")) for kind in ("stuck", "asleep") for n in (1, 2)]
        # A client that sends one header after the other and never comes to an end, one that does not send its body, and
        # one that follows the jobs.
        clients = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(3)]
        clients[0].sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        clients[1].sendall(b"PUT /labels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        clients[2].sendall(b"GET /assets/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        wait_until(lambda: len(service.decoders()) >= 2, "both decoders are at work")
        service.ends(number, END_S)
        for answer in held:
            assert answer.exception() is not None or answer.result().status_code in (422, 503)
        for client in clients:
            client.close()
