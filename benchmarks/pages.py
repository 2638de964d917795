"""The server's CPU time for each page and fragment of the review with 20,000 photos, and its memory.

    python -m benchmarks.pages DATA [--full]

The event and the server are those of `benchmarks.service`. A page consists of the answer at its URL and of all that its
scripts request before the user does anything, without pictures. Figures are the server's CPU time, which depends little
on other work on the machine; the first answer of each URL is reported, but not counted. DATA is not used.
"""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from benchmarks.events.synthetic_outputs import write_event
from benchmarks.harness.report import Row, main
from benchmarks.harness.server import Server, Times, serving
from benchmarks.service import AIM_MS, PHOTOS
from curation.domain.faces.ids import photo_id

__all__ = ["rows"]

_NAME = "pages"
_PAGE_LOADS = 200
_IDS = [photo_id(f"day {number % 3}/IMG_{number:06d}.jpg") for number in range(12)]
_PAGES: tuple[tuple[str, Sequence[str]], ...] = (
    ("/", ()),
    ("/review/people", ("/suggestions/merges?limit=20", "/fragments/people/0/inspector")),
    ("/review/people?show=unlabelled&q=person 1", ()),
    ("/review/people/0", ("/people/names?q=",)),
    ("/review/people/0?order=doubtful", ()),
    ("/review/photos", ()),
    ("/review/photos?order=time", ()),
    ("/review/photos?person=Guest 1&person=Guest 3&problem=blinks&stacks=off", ()),
    (f"/review/photos/{_IDS[0]}", (f"/photos/{_IDS[0]}/reasons",)),
    (f"/review/compare?ids={','.join(_IDS[:4])}", (f"/photos/{_IDS[1]}",)),
    ("/review/rules", ("/rules",)),
    ("/review/choose", ("/coverage?top=100", "/clusters?limit=1000")),
    ("/review/export", ("/photos?pick=picked&limit=40", "/photos?limit=40", "/jobs?stage=export&limit=8")),
)
_FRAGMENTS = (
    "/fragments/event",
    "/fragments/event/folder",
    "/fragments/people/cards?offset=600&limit=60",
    "/fragments/people/filters",
    "/fragments/people/0/inspector",
    "/fragments/people/0/head",
    "/fragments/people/0/faces?offset=1000",
    "/fragments/photos/gallery",
    "/fragments/photos/gallery?pick=none&score=40-60&order=time",
    "/fragments/photos/cards?offset=9000&limit=90",
    "/fragments/photos/ids?order=time",
    "/fragments/photos/cameras",
    "/fragments/photos/bursts/7",
    f"/fragments/photos/{_IDS[3]}/photo",
)


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    rounds = 20 if quick else 100
    with tempfile.TemporaryDirectory(prefix="curation-pages-") as name:
        folder = Path(name)
        write_event(folder, PHOTOS)
        with serving(folder) as server:
            requests = [(url, page) for page, urls in _PAGES for url in (page, *urls)]
            requests += [(url, url) for url in _FRAGMENTS]
            # All first answers come before any other, since each may read something that the others need too.
            first_ms = [server.times([url], 1).wall_ms[0] for url, _ in requests]
            for (url, page), first in zip(requests, first_ms, strict=True):
                yield _row(url, page, first, server.times([url], rounds))
            yield _memory(server)


def _row(url: str, page: str, first_ms: float, times: Times) -> Row:
    of = f", for {_short(page)}" if page != url else ""
    median = statistics.median(times.wall_ms)
    title = f"{_short(url)}{of}: the server's CPU (first answer {first_ms:.3g} ms, median of others {median:.3g} ms)"
    return Row(_NAME, title, times.cpu_ms, "ms", f"aim: at most {AIM_MS:g} ms", AIM_MS / max(times.cpu_ms, 0.1))


def _short(url: str) -> str:
    """The URL with the ids of photos replaced."""
    return re.sub(r"[0-9a-f]{16}(,[0-9a-f]{16})*", "{id}", url)


def _memory(server: Server) -> Row:
    """Resident memory before and after many page loads, each with the requests of its scripts."""
    before_mb = server.memory_mb()
    loads = cycle(_PAGES)
    for _ in range(_PAGE_LOADS):
        page, requested = next(loads)
        for url in (page, *requested):
            server.client.get(url).raise_for_status()
    after_mb = server.memory_mb()
    against = f"before them: {before_mb:.0f} MB"
    return Row(
        _NAME,
        f"memory of the service after {_PAGE_LOADS} more page loads",
        after_mb,
        "MB",
        against,
        before_mb / after_mb,
    )


if __name__ == "__main__":
    main(__doc__, rows)
