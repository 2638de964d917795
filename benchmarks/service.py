"""How long the service takes to answer for an event of 20,000 photos with 60,000 faces, and how much memory it needs.

    python -m benchmarks.service DATA [--full]

A real server runs in its own process and answers over one connection, so the times are those that a browser sees on
the same machine. The event is synthetic (`benchmarks.events.synthetic_outputs`); its photos have 24 megapixels. DATA is
not used.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.events.synthetic_outputs import PHOTO_FILES, write_event
from benchmarks.harness.report import Row, main
from benchmarks.harness.server import Server, Times, serving
from curation.domain.faces.ids import photo_id

__all__ = ["AIM_MS", "PHOTOS", "rows"]

_NAME = "service"
PHOTOS = 20_000
AIM_MS = 100.0
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
    yield "GET /photos, filtered by three people, score and bursts", [f"/photos?{filters}&problem=blinks&limit=50"]
    yield "GET /photos, filtered by a problem", ["/photos?problem=serious&pick=none"]
    yield "GET /photos/{id}, with measures of its faces", [f"/photos/{photo}" for photo in known]
    yield "GET /clusters, 100 of them", ["/clusters", "/clusters?offset=500", "/clusters?offset=1500"]
    yield "GET /clusters/{id}", [f"/clusters/{cluster}" for cluster in range(40)]
    yield (
        "GET /clusters/{id}/faces, 100 of the largest clusters",
        [f"/clusters/{cluster}/faces?offset={offset}" for cluster in range(3) for offset in (0, 100, 1000)],
    )
    for url in _MORE_PAGES:
        if server.client.get(url).status_code == 200:
            yield f"GET {url}", [url]


def _pictures(server: Server, folder: Path, rounds: int) -> Iterator[Row]:
    known = [photo_id(f"day {number % 3}/IMG_{number:06d}.jpg") for number in range(PHOTO_FILES)]
    for size in ("thumbnail", "screen"):
        urls = [f"/photos/{photo}/picture?size={size}" for photo in known]
        first = server.times(urls[: min(rounds, 30)], min(rounds, 30))
        again = server.times(urls[: min(rounds, 30)], rounds)
        against = f"first time, from a photo of 24 megapixels: {statistics.median(first.wall_ms):.3g} ms"
        median = statistics.median(again.wall_ms)
        yield Row(
            _NAME, f"GET a photo's {size} again", median, "ms", against, statistics.median(first.wall_ms) / median
        )
    etag = server.client.get(f"/photos/{known[0]}/picture").headers["etag"]
    known_to_client = {"if-none-match": etag}
    yield _row(
        "a thumbnail that the browser has cached",
        server.times([f"/photos/{known[0]}/picture"], rounds, known_to_client),
    )
    faces = [f"/faces/{photo}-{place}/picture" for photo in known for place in range(3)]
    yield _row("GET /faces/{id}/picture", server.times(faces, rounds))


def _after_changes(server: Server, rounds: int) -> Iterator[Row]:
    """The first answer after a change, which is not cached."""

    def label(number: int) -> None:
        labels = server.client.get("/labels").json()
        labels["25"] = {"name": f"Somebody {number}", "category": "other"}
        server.client.put("/labels", json=labels).raise_for_status()

    def pick(number: int) -> None:
        photo = photo_id(f"day {number % 3}/IMG_{number:06d}.jpg")
        server.client.put(f"/picks/{photo}", json={"rating": number % 5 + 1}).raise_for_status()

    yield _row("GET /clusters after a label changed", server.times_after(label, "/clusters", rounds))
    yield _row("GET /photos after a photo was rated", server.times_after(pick, "/photos", rounds))


if __name__ == "__main__":
    main(__doc__, rows)
