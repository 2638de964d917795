"""How long the service takes to answer over an event of 20,000 photos with 60,000 faces, and how much memory.

    python -m benchmarks.service DATA [--full]

A real server in a process of its own, asked over one connection, so that times are those that a browser sees on the
same machine. The event is made up (`benchmarks.service_event`); its photos have 24 megapixels. DATA is not needed.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import httpx
import psutil

from benchmarks.report import Row, main
from benchmarks.service_event import PHOTO_FILES, write_event
from curation.domain.faces.ids import photo_id

__all__ = ["AIM_MS", "PHOTOS", "Server", "Times", "rows", "serving"]

_NAME = "service"
_ROOT = Path(__file__).resolve().parent.parent
PHOTOS = 20_000
AIM_MS = 100.0
_START_S = 120.0
_MORE_PAGES = (
    "/people",
    "/people?offset=1000",
    "/people/0",
    "/suggestions/merges",
    "/picks",
    "/coverage",
)


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    rounds = 30 if quick else 200
    with tempfile.TemporaryDirectory(prefix="curation-service-") as name:
        folder = Path(name)
        write_event(folder, PHOTOS)
        with serving(folder) as server:
            yield Row(_NAME, f"first GET /photos after the start, {PHOTOS} photos", server.first_s, "s")
            before_mb = server.memory_mb()
            for title, urls in _pages(server):
                yield _row(title, server.times(urls, rounds))
            yield from _pictures(server, folder, rounds)
            yield from _after_changes(server, 5 if quick else 20)
            for _ in range(5):
                for _, urls in _pages(server):
                    server.times(urls, rounds)
            after_mb = server.memory_mb()
            against = f"after the first page: {before_mb:.0f} MB"
            yield Row(_NAME, "memory of the service after all of this", after_mb, "MB", against, before_mb / after_mb)


def _row(title: str, times: Times) -> Row:
    median = statistics.median(times.wall_ms)
    count = len(times.wall_ms)
    title = f"{title} ({times.cpu_ms:.2g} ms of the server's CPU; slowest of {count}: {max(times.wall_ms):.3g} ms)"
    return Row(_NAME, title, median, "ms", f"aim: at most {AIM_MS:g} ms", AIM_MS / median)


def _pages(server: Server) -> Iterator[tuple[str, list[str]]]:
    offsets = range(0, PHOTOS - 100, PHOTOS // 37)
    known = [photo_id(f"day {number % 3}/IMG_{number:06d}.jpg") for number in range(PHOTO_FILES)]
    yield "GET /photos, 100 of them", [f"/photos?offset={offset}" for offset in offsets]
    filters = "person=Guest 1&people_any=Guest 3&people_any=7&min_score=0.2&best_of_burst=true"
    yield "GET /photos, three people, score and bursts asked for", [f"/photos?{filters}&problem=blinks&limit=50"]
    yield "GET /photos, of a problem", ["/photos?problem=serious&pick=none"]
    yield "GET /photos/{id}, with measures of its faces", [f"/photos/{photo}" for photo in known]
    yield "GET /clusters, 100 of them", ["/clusters", "/clusters?offset=500", "/clusters?offset=1500"]
    yield "GET /clusters/{id}", [f"/clusters/{cluster}" for cluster in range(40)]
    yield (
        "GET /clusters/{id}/faces, 100 of the largest clusters",
        [f"/clusters/{cluster}/faces?offset={offset}" for cluster in range(3) for offset in (0, 100, 1000)],
    )
    yield from server.more_pages()


def _pictures(server: Server, folder: Path, rounds: int) -> Iterator[Row]:
    known = [photo_id(f"day {number % 3}/IMG_{number:06d}.jpg") for number in range(PHOTO_FILES)]
    for size in ("thumbnail", "screen"):
        urls = [f"/photos/{photo}/picture?size={size}" for photo in known]
        first = server.times(urls[: min(rounds, 30)], min(rounds, 30))
        again = server.times(urls[: min(rounds, 30)], rounds)
        against = f"made of a photo of 24 megapixels: {statistics.median(first.wall_ms):.3g} ms"
        median = statistics.median(again.wall_ms)
        yield Row(
            _NAME, f"GET a photo's {size} again", median, "ms", against, statistics.median(first.wall_ms) / median
        )
    etag = server.client.get(f"/photos/{known[0]}/picture").headers["etag"]
    known_to_client = {"if-none-match": etag}
    yield _row(
        "a thumbnail that the browser has",
        server.times([f"/photos/{known[0]}/picture"], rounds, known_to_client),
    )
    faces = [f"/faces/{photo}-{place}/picture" for photo in known for place in range(3)]
    yield _row("GET /faces/{id}/picture", server.times(faces, rounds))


def _after_changes(server: Server, rounds: int) -> Iterator[Row]:
    """The first answer after something changed, which is not kept from before."""

    def label(number: int) -> None:
        labels = server.client.get("/labels").json()
        labels["25"] = {"name": f"Somebody {number}", "category": "other"}
        server.client.put("/labels", json=labels).raise_for_status()

    def pick(number: int) -> None:
        photo = photo_id(f"day {number % 3}/IMG_{number:06d}.jpg")
        server.client.put(f"/picks/{photo}", json={"rating": number % 5 + 1}).raise_for_status()

    yield _row("GET /clusters after a label changed", server.times_after(label, "/clusters", rounds))
    yield _row("GET /photos after a photo was rated", server.times_after(pick, "/photos", rounds))


@dataclass(frozen=True, slots=True)
class Times:
    """Of some requests.

    Attributes:
        wall_ms: From sending to the whole answer, of each.
        cpu_ms: Of the server's time on a core, of one on average; a busy machine does not change it much.
    """

    wall_ms: list[float]
    cpu_ms: float


class Server:
    """A service in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], client: httpx.Client) -> None:
        self._process = psutil.Process(process.pid)
        self.client = client
        self.first_s = 0.0

    def more_pages(self) -> Iterator[tuple[str, list[str]]]:
        """What else this version answers."""
        for url in _MORE_PAGES:
            if self.client.get(url).status_code == 200:
                yield f"GET {url}", [url]

    def memory_mb(self) -> float:
        """What is resident, in MB."""
        return float(self._process.memory_info().rss / 1e6)

    def times(self, urls: list[str], count: int, headers: dict[str, str] | None = None) -> Times:
        """Of `count` requests over all of `urls` in turn; the first one warms up and is not counted."""
        turns = cycle(urls)
        if count > len(urls):
            self._ask(urls[0], headers)
        cpu_s = self._cpu_s()
        wall_ms = [self._ask(next(turns), headers) for _ in range(count)]
        return Times(wall_ms, 1000 * (self._cpu_s() - cpu_s) / count)

    def times_after(self, change: Callable[[int], None], url: str, count: int) -> Times:
        """Of `count` requests, each after a change."""
        wall_ms, cpu_s = [], 0.0
        for number in range(count):
            change(number)
            before_s = self._cpu_s()
            wall_ms.append(self._ask(url, None))
            cpu_s += self._cpu_s() - before_s
        return Times(wall_ms, 1000 * cpu_s / count)

    def _cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _ask(self, url: str, headers: dict[str, str] | None) -> float:
        began = time.perf_counter()
        response = self.client.get(url, headers=headers)
        seconds = time.perf_counter() - began
        if response.status_code not in (200, 304):
            raise RuntimeError(f"GET {url} answered {response.status_code}: {response.text[:300]}")
        return 1000 * seconds


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A service over the event in this folder; it ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "main_api:app", "--port", str(port), "--log-level", "warning"]
    environment = {**os.environ, "CURATION_CONFIG": str(folder / "config.yaml")}
    process = subprocess.Popen([*command, "--no-access-log"], cwd=_ROOT, env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_START_S) as client:
            server = Server(process, client)
            _wait(process, client)
            began = time.perf_counter()
            client.get("/photos").raise_for_status()
            server.first_s = time.perf_counter() - began
            yield server
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], client: httpx.Client) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError("the service did not start")


if __name__ == "__main__":
    main(__doc__, rows)
