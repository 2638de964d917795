"""A crowd of readers of a service while its stages run: pages, JSON, pictures and streams of events, all at once."""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests.fake_workflow import FakeEvent
from tests.real_service import RealService

__all__ = ["Crowd", "crowded_service", "fill"]

_ADDRESSES = (
    "/review/photos",
    "/review/people",
    "/photos?limit=20",
    "/people",
    "/clusters",
    "/jobs",
    "/health",
    "/photos/{photo}",
    "/photos/{photo}/picture?size=thumbnail",
    "/static/any/css/base.css",
)
_PATIENCE_S = 120.0


@dataclass(slots=True)
class Crowd:
    """What readers saw.

    Attributes:
        took_s: How long each answer took.
        statuses: How many answers had each status; 0 stands for none.
        events: Lines of data of all streams.
        peak_mb: The most memory that the service's own process had.
    """

    took_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    events: int = 0
    peak_mb: float = 0.0

    def quantile_s(self, share: float) -> float:
        """The time that this share of the answers did not exceed."""
        return statistics.quantiles(self.took_s, n=100)[round(share * 100) - 1]

    async def read(self, service: RealService, photos: Sequence[str], *, readers: int, rounds: int, seed: int) -> None:
        """Let so many readers ask so many times each, at once; every tenth follows the jobs."""
        memory = psutil.Process(service.process.pid)
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{service.port}", limits=limits, timeout=_PATIENCE_S, trust_env=False
        ) as http:
            watching = asyncio.create_task(self._watch(memory))
            followers = [asyncio.create_task(self._follow(http)) for _ in range(readers // 10)]
            await asyncio.gather(
                *(self._reader(http, photos, random.Random(f"{seed}/{n}"), rounds) for n in range(readers))
            )
            for task in (*followers, watching):
                task.cancel()
            await asyncio.gather(*followers, watching, return_exceptions=True)
        # What was cancelled while it was connecting is closed by nobody: here, and not in the middle of another test.
        await asyncio.sleep(0.3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()

    async def _reader(self, http: httpx.AsyncClient, photos: Sequence[str], chance: random.Random, rounds: int) -> None:
        for _ in range(rounds):
            address = chance.choice(_ADDRESSES).format(photo=chance.choice(photos))
            began = time.monotonic()
            try:
                answer = await http.get(address, headers={"accept": "text/html" if "review" in address else "*/*"})
            except httpx.HTTPError as error:
                self.statuses[0] += 1
                self.wrong.append(f"{address}: {error!r}")
                continue
            self.took_s.append(time.monotonic() - began)
            self.statuses[answer.status_code] += 1
            if answer.status_code != 200:
                self.wrong.append(f"{address}: {answer.status_code} {answer.text[:200]}")

    async def _follow(self, http: httpx.AsyncClient) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                try:
                    async with http.stream("GET", "/jobs/events") as answer:
                        if answer.status_code not in (200, 204):
                            self.wrong.append(f"/jobs/events: {answer.status_code}")
                        async for line in answer.aiter_lines():
                            self.events += line.startswith("data:")
                except httpx.HTTPError as error:
                    self.wrong.append(f"/jobs/events: {error!r}")
                await asyncio.sleep(0.2)

    async def _watch(self, process: psutil.Process) -> None:
        while True:
            self.peak_mb = max(self.peak_mb, process.memory_info().rss / 1e6)
            await asyncio.sleep(0.1)


def fill(event: FakeEvent, photos: int) -> None:
    """Paint photos of a few people."""
    for number in range(photos):
        event.add(f"p{number:04d}.png", number % 5, (number + 1) % 5, seed=number % 256)


def crowded_service(event: FakeEvent, log: Path) -> RealService:
    """The service in a process of its own, over painted photos and with the fake engine."""
    return RealService(event.settings(), log, command=lambda port: ("-m", "tests.crowd", str(port), str(event.folder)))


if __name__ == "__main__":
    import uvicorn

    from curation.api.app import create_app
    from tests.service import no_assets, no_videos

    served = FakeEvent(Path(sys.argv[2]))
    uvicorn.run(
        create_app(served.settings, lambda _: served.workflow(), open_assets=no_assets, open_videos=no_videos),
        port=int(sys.argv[1]),
        log_level="warning",
    )
