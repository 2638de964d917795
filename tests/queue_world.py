"""Stand-ins for what surrounds the queue: a trail that remembers, and a client whose answers a test decides."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation.services.answers import SUCCESS, ImageAnswer
from curation.services.queue.consumer import run_with
from curation.services.queue.pictures import QueueCounts
from curation.services.role import GRPC_ROLES, Role
from curation.services.trail.step import Step
from curation.settings.services import PictureQueueSettings, RedisSettings, ServicesSettings
from tests.redis_server import RedisServer

__all__ = ["FakeClient", "Told", "consuming", "failed", "services_settings", "total"]


class Told:
    """A trail that keeps its steps."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def tell(self, step: Step) -> None:
        self.steps.append(step)

    def close(self) -> None:
        """Nothing is open."""

    def names(self, sha256: str | None = None) -> list[str]:
        return [step.step for step in self.steps if sha256 is None or step.sha256 == sha256]

    def code_of(self, name: str) -> str:
        return next(step.code for step in self.steps if step.step == name)


class FakeClient:
    """Answers at once, as a test decides: by default everything succeeds."""

    def __init__(self, answer: Callable[[bytes], ImageAnswer] | None = None) -> None:
        self._answer = answer or (lambda content: ImageAnswer(status=SUCCESS))
        self.serves = True
        self.all_serve = False
        self.calls: Counter[bytes] = Counter()
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def process(
        self, content: bytes, *, image_id: str = "", request_id: str = "", deadline_s: float | None = None
    ) -> ImageAnswer:
        with self._lock:
            self.calls[content] += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return self._answer(content)
        finally:
            with self._lock:
                self._at_once -= 1

    def health(self) -> Mapping[Role, str]:
        others = dict.fromkeys(GRPC_ROLES, "SERVING" if self.all_serve else "UNREACHABLE")
        return {**others, Role.IMAGE_INPUT: "SERVING" if self.serves else "UNREACHABLE"}


def failed(grpc_status: str, code: str = "", message: str = "it failed") -> ImageAnswer:
    return ImageAnswer(status=f"Failed: {message}", code=code, message=message, grpc_status=grpc_status)


def services_settings(
    redis: RedisServer, log_dir: Path, *, queue: Mapping[str, Any] | None = None, **more: Any
) -> ServicesSettings:
    """Settings for a test: short times, two pictures in flight."""
    limits = {"claim_s": 1.0, "in_flight": 2, "watch_s": 0.1, **(queue or {})}
    return ServicesSettings(
        redis=RedisSettings(host=redis.host, port=redis.port),
        picture_queue=PictureQueueSettings(**limits),
        log_dir=log_dir,
        **{"drain_s": 2, "deadline_s": 5, **more},
    )


@contextmanager
def consuming(client: FakeClient, settings: ServicesSettings, trail: Told | None = None) -> Iterator[threading.Event]:
    """A consumer at work in a thread; stopped at the end of the block, or by the event."""
    stop = threading.Event()
    thread = threading.Thread(target=run_with, args=(client, settings, trail or Told(), stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def total(counts: QueueCounts) -> int:
    return counts.done + counts.dead + counts.waiting + counts.in_flight
