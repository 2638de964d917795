"""Many workers, one storage, one broker and one coordinator, simulated photo by photo.

Each process of the workers goes round: it takes a photo that was sent ahead, fetches it, computes, and answers.
Storage shares its bandwidth; broker and coordinator do one thing at a time. The coordinator takes an answer, keeps it,
and sends the next photo. So a photo costs the coordinator and the broker a fixed time each, and what they cannot do in
time waits.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Machinery", "Simulated", "simulate"]

_SEED = 1
_ROUNDS = 30
"""Photos for each process; the first third only fills the queues."""


@dataclass(frozen=True, slots=True)
class Machinery:
    """What a photo costs each part, in seconds, and how much of it there is.

    Attributes:
        fetch_s: Until the first byte of a photo comes.
        megabytes: Of a photo.
        storage_mb_per_s: Of all storage together.
        connection_mb_per_s: Of one download.
        compute_s: A photo in a process of a worker; its variation is `compute_variation` of it.
        compute_variation: Deviation of `compute_s` as a part of it.
        broker_s: A request and its answer in the broker.
        coordinator_s: Taking an answer, keeping it, and sending the next photo.
        ahead: Photos that are sent ahead for each process.
    """

    fetch_s: float
    megabytes: float
    storage_mb_per_s: float
    connection_mb_per_s: float
    compute_s: float
    compute_variation: float
    broker_s: float
    coordinator_s: float
    ahead: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """How it went.

    Attributes:
        photos_per_s: In the steady state.
        busy: By part, how much of the time it was busy: `workers`, `storage`, `broker`, `coordinator`.
    """

    photos_per_s: float
    busy: dict[str, float]

    @property
    def narrowest(self) -> str:
        """The part that is busy most."""
        return max(self.busy, key=lambda name: self.busy[name])


def simulate(machinery: Machinery, processes: int) -> Simulated:
    """Let so many processes work through `_ROUNDS` photos each."""
    chance = random.Random(_SEED)
    photos = _ROUNDS * processes
    skipped = photos // 3
    # Single servers are queues in front of one clock: when they are free again.
    broker_free = coordinator_free = storage_free = 0.0
    idle = processes
    queue: deque[int] = deque(range(min(photos, processes * machinery.ahead)))
    sent = len(queue)
    done = 0
    began = 0.0
    used = dict.fromkeys(("workers", "storage", "broker", "coordinator"), 0.0)
    events: list[tuple[float, int, str]] = []
    numbers = _numbers()
    now = 0.0
    share_s = machinery.megabytes / machinery.storage_mb_per_s

    def start() -> None:
        nonlocal idle, storage_free
        while idle and queue:
            queue.popleft()
            idle -= 1
            # Storage hands out its bandwidth in turn; a single connection is no faster than it is.
            storage_free = max(storage_free, now) + share_s
            fetched = max(storage_free, now + machinery.megabytes / machinery.connection_mb_per_s) + machinery.fetch_s
            compute_s = max(0.1, chance.gauss(1.0, machinery.compute_variation)) * machinery.compute_s
            used["storage"] += share_s
            used["workers"] += fetched - now + compute_s
            heapq.heappush(events, (fetched + compute_s, next(numbers), "computed"))

    start()
    while events:
        now, _, what = heapq.heappop(events)
        if what == "computed":
            idle += 1
            broker_free = max(broker_free, now) + machinery.broker_s
            heapq.heappush(events, (broker_free, next(numbers), "answered"))
        elif what == "answered":
            used["broker"] += machinery.broker_s
            coordinator_free = max(coordinator_free, now) + machinery.coordinator_s
            heapq.heappush(events, (coordinator_free, next(numbers), "kept"))
        else:
            used["coordinator"] += machinery.coordinator_s
            done += 1
            if done == skipped:
                began, used = now, dict.fromkeys(used, 0.0)
            if sent < photos:
                queue.append(sent)
                sent += 1
        start()
    seconds = now - began
    capacity = {"workers": processes, "storage": 1, "broker": 1, "coordinator": 1}
    busy = {name: min(1.0, spent / (capacity[name] * seconds)) for name, spent in used.items()}
    return Simulated((photos - skipped) / seconds, busy)


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1
