"""The whole application, with one route that does not end while the test lasts."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.responses import StreamingResponse

from curation.api.http.requests.pictures_made import made
from curation.api.http.sharing.share import demand_stream
from tests.service import ServiceClient, make_settings, service

SETTINGS = {"client_requests": 4, "client_waiting": 60, "client_streams": 12}
Asking = Callable[[httpx.AsyncClient, httpx.AsyncClient], Awaitable[None]]


class Slow:
    """Routes that wait until the test lets them go."""

    def __init__(self, client: ServiceClient) -> None:
        self.goes_on = threading.Event()
        self.asked = 0
        self._lock = threading.Lock()
        self._app = client.app
        self._run = client.run

        def slow() -> dict[str, int]:
            self._hold()
            return {}

        async def slow_picture() -> dict[str, int]:
            await made(self._hold)
            return {}

        async def stream() -> StreamingResponse:
            demand_stream()
            return StreamingResponse(self._events(), media_type="text/event-stream")

        for path, route in {"/slow": slow, "/slow-picture": slow_picture, "/stream": stream}.items():
            client.app.add_api_route(path, route)

    def _hold(self) -> None:
        with self._lock:
            self.asked += 1
        assert self.goes_on.wait(60)

    async def _events(self) -> AsyncIterator[bytes]:
        while not self.goes_on.is_set():
            yield b"data: {}\n\n"
            await asyncio.sleep(0.01)

    def ask(self, what: Asking) -> None:
        """Ask as two clients, each with its own address."""

        async def run() -> None:
            clients = [
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(self._app, client=(host, 1)), base_url="http://127.0.0.1:8000"
                )
                for host in ("192.0.2.1", "192.0.2.2")
            ]
            try:
                await asyncio.wait_for(what(*clients), 60)
            finally:
                self.goes_on.set()
                for client in clients:
                    await client.aclose()

        self._run(run)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    # As many threads wait for pictures as where decoders make them.
    monkeypatch.setattr("curation.api.http.requests.pictures_made.decoders_here", object)
    with service(make_settings(tmp_path, service=SETTINGS)) as client:
        yield Slow(client)


async def many(
    client: httpx.AsyncClient, path: str, count: int, is_there: Callable[[], bool] = lambda: True
) -> list[asyncio.Task[httpx.Response]]:
    """Requests of which as many are at work as may be."""
    tasks = [asyncio.create_task(client.get(path)) for _ in range(count)]
    end = time.monotonic() + 20
    await asyncio.sleep(0.1)
    while not is_there():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    return tasks


@pytest.mark.parametrize(("path", "at_work"), [("/slow", 4), ("/slow-picture", 8)])
def test_who_sends_many_slow_requests_keeps_nobody_else_waiting(slow: Slow, path: str, at_work: int) -> None:
    async def run(greedy: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
        flood = await many(greedy, path, 60, lambda: slow.asked >= at_work)
        for address in ("/jobs", "/rules", "/health"):
            assert (await asyncio.wait_for(other.get(address), 20)).status_code == 200
        assert (await asyncio.wait_for(greedy.get("/health"), 20)).status_code == 200
        waiting = await many(other, path, 1, lambda: slow.asked > at_work)  # it is worked on, too
        assert slow.asked == at_work + 1
        assert not any(task.done() for task in flood)
        slow.goes_on.set()
        assert {(await task).status_code for task in (*flood, *waiting)} == {200}

    slow.ask(run)


def test_pictures_that_wait_keep_no_page_of_the_same_client_waiting(slow: Slow) -> None:
    async def run(one: httpx.AsyncClient, _: httpx.AsyncClient) -> None:
        # As many as a page has.
        pictures = await many(one, "/slow-picture", 200, lambda: slow.asked == 8)
        assert (await asyncio.wait_for(one.get("/rules"), 20)).status_code == 200
        slow.goes_on.set()
        assert {(await task).status_code for task in pictures} == {200}

    slow.ask(run)


def test_far_too_many_are_refused_with_the_time_to_try_again(slow: Slow) -> None:
    async def run(greedy: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
        flood = await many(greedy, "/slow", 64, lambda: slow.asked == 4)
        refused = await greedy.get("/rules")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert int(refused.headers["retry-after"]) > 0
        assert (await other.get("/rules")).status_code == 200
        slow.goes_on.set()
        assert {(await task).status_code for task in flood} == {200}

    slow.ask(run)


def test_streams_take_no_places_and_only_far_too_many_are_refused(slow: Slow) -> None:
    async def run(one: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
        streams = await many(one, "/stream", 12)
        assert not any(task.done() for task in streams)
        assert (await one.get("/rules")).status_code == 200
        refused = await one.get("/stream")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
        assert int(refused.headers["retry-after"]) > 0
        others = await many(other, "/stream", 12)
        assert not any(task.done() for task in others)
        slow.goes_on.set()
        assert {(await task).status_code for task in (*streams, *others)} == {200}
        assert {(await task).status_code for task in await many(one, "/stream", 12)} == {200}

    slow.ask(run)


def test_who_has_gone_while_waiting_is_not_served(slow: Slow) -> None:
    async def gone_soon(app: Any) -> None:
        went = time.monotonic() + 0.2
        told = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if told:
                return told.pop()
            await asyncio.sleep(max(0.0, went - time.monotonic()))
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            raise AssertionError("an answer for nobody")

        scope = {
            "type": "http", "method": "GET", "path": "/slow", "raw_path": b"/slow", "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")], "client": ("192.0.2.1", 1), "server": ("127.0.0.1", 8000),
            "scheme": "http", "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        await app(scope, receive, send)

    async def run(greedy: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
        flood = await many(greedy, "/slow", 10, lambda: slow.asked == 4)
        await asyncio.wait_for(gone_soon(slow._app), 20)
        slow.goes_on.set()
        assert {(await task).status_code for task in flood} == {200}
        assert slow.asked == 10

    slow.ask(run)
