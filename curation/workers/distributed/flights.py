"""The tasks that are on their way: what was sent when, what may be lost, and when a task is given up. No network here.

Each task ends exactly once: by the first answer, or because its workers died of it too often. A sent task is *held* if
a worker says that it has it. It is *lost*

- if its worker died or fell silent, or took longer than the lease;
- if nobody holds it and it cannot wait in the queue any more, because the queue is empty or because tasks that were
  sent later have begun.

A lost task is sent again. The loss counts against the task, unless the broker was away since it was sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Generic, TypeVar

from curation.workers.distributed.muster import Known, WorkerKey
from curation.workers.distributed.post import Round

__all__ = ["Flight", "Flights", "Sent"]

T = TypeVar("T")

_MISSING_ROUNDS = 2  # a message between broker and worker is nowhere for a moment
_STRAGGLER_MIN_S = 5.0
_STRAGGLER_FACTOR = 3.0  # times the median of the tasks that are done
_DURATIONS = 200  # of the last tasks


@dataclass(slots=True, eq=False)
class Sent:
    """One sending of a task.

    Attributes:
        id: At the broker.
        number: Of all sendings of the pool; a queue gives them out in this order.
        at: When it was sent, on the monotonic clock.
        epoch: Of the post when it was sent.
        worker: Who held it when it was last seen.
        held_since: Since when, on the monotonic clock; None if nobody was seen to hold it.
        missing: In how many rounds in a row it was nowhere.
    """

    id: str
    number: int
    at: float
    epoch: int
    worker: WorkerKey | None = None
    held_since: float | None = None
    missing: int = 0


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """A task until its outcome is known.

    Attributes:
        task: As the caller gave it.
        task_id: At the workers.
        value: As JSON.
        label: For people.
        sends: How often it was sent.
        losses: How often it was lost and that counted against it.
        live: The sendings that may still be answered.
        not_before: When it may be sent again, on the monotonic clock.
        transport_since: Since when storage or network failed for it without a success; None if they did not.
        transports: How often they did.
        is_doubled: Whether it was given to a second worker because it takes long.
    """

    task: T
    task_id: str
    value: Any
    label: str
    sends: int = 0
    losses: int = 0
    live: list[Sent] = field(default_factory=list)
    not_before: float = 0.0
    transport_since: float | None = None
    transports: int = 0
    is_doubled: bool = False


class Flights(Generic[T]):
    """The tasks of one run of the pool that were taken from the source and have no outcome yet."""

    def __init__(self, *, max_losses: int, lease_s: float | None) -> None:
        """Begin with none.

        Args:
            max_losses: After so many losses a task is given up.
            lease_s: A worker that holds a task longer is taken for lost; None is no limit.
        """
        self._max_losses = max_losses
        self._lease_s = lease_s
        self._by_id: dict[str, Flight[T]] = {}
        self._again: deque[Flight[T]] = deque()  # lost through no fault of their own: first
        self._later: deque[Flight[T]] = deque()  # suspects, after all others
        self._durations: deque[float] = deque(maxlen=_DURATIONS)
        self._last_begun = 0

    def __len__(self) -> int:
        """How many tasks have no outcome yet."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[Flight[T]]:
        """All of them."""
        return iter(tuple(self._by_id.values()))

    @property
    def in_the_air(self) -> int:
        """How many were sent and may be answered."""
        return sum(1 for flight in self._by_id.values() if flight.live)

    @property
    def has_waiting(self) -> bool:
        """Whether any has to be sent (again)."""
        return bool(self._again or self._later)

    def add(self, flight: Flight[T]) -> None:
        """Take in a new task, which is sent next."""
        self._by_id[flight.task_id] = flight

    def next_again(self, now: float, *, with_suspects: bool) -> Flight[T] | None:
        """A task that has to be sent again, if there is one whose time has come."""
        for waiting in (self._again, self._later) if with_suspects else (self._again,):
            for _ in range(len(waiting)):
                flight = waiting.popleft()
                if flight.task_id not in self._by_id:
                    continue
                if flight.not_before <= now:
                    return flight
                waiting.append(flight)
        return None

    def sent(self, flight: Flight[T], sent: Sent) -> None:
        """Note a sending."""
        flight.sends += 1
        flight.live.append(sent)

    def of(self, task_id: str) -> Flight[T] | None:
        """The task with an id, unless it has ended."""
        return self._by_id.get(task_id)

    def end(self, flight: Flight[T], *, sent_id: str = "", seconds: float | None = None) -> None:
        """Note that the outcome of a task is known."""
        self._begun(next((sent for sent in flight.live if sent.id == sent_id), None))
        flight.live.clear()
        self._by_id.pop(flight.task_id, None)
        if seconds is not None:
            self._durations.append(seconds)

    def _begun(self, sent: Sent | None) -> None:
        if sent is not None:
            self._last_begun = max(self._last_begun, sent.number)

    def lose(self, flight: Flight[T], sent_id: str, *, counts: bool, not_before: float = 0.0) -> bool:
        """Note that a sending is lost; the task is sent again unless another sending of it is alive.

        Returns:
            Whether the task is given up, because it was lost too often.
        """
        sent = next((each for each in flight.live if each.id == sent_id), None)
        if sent is None:
            return False
        self._begun(sent)
        flight.live.remove(sent)
        flight.losses += counts
        if flight.live:
            return False
        if counts and flight.losses >= self._max_losses:
            self.end(flight)
            return True
        flight.not_before = not_before
        (self._later if counts else self._again).append(flight)
        return False

    def lost_with(self, worker: Known) -> list[tuple[Flight[T], Sent]]:
        """What is lost with a worker that died."""
        return [(flight, sent) for flight in self for sent in flight.live if sent.worker == worker.key]

    def seen(self, holders: Mapping[str, Known], now: float) -> None:
        """Note who holds what."""
        for flight in self:
            for sent in flight.live:
                holder = holders.get(sent.id)
                if holder is None:
                    continue
                if sent.worker != holder.key:
                    sent.worker, sent.held_since = holder.key, now
                sent.missing = 0
                self._begun(sent)

    def missing(self, holders: Mapping[str, Known], last: Round) -> list[tuple[Flight[T], Sent]]:
        """What is nowhere, after all workers have answered the greeting `last`: to be called once a greeting."""
        out = []
        for flight in self:
            for sent in flight.live:
                # A worker that had it and does not name it any more has answered, or will in a moment.
                is_nowhere = sent.id not in holders and sent.at < last.at
                if is_nowhere and (last.waiting == 0 or sent.number < self._last_begun):
                    sent.missing += 1
                    if sent.missing >= _MISSING_ROUNDS:
                        out.append((flight, sent))
                else:
                    sent.missing = 0
        return out

    def overdue(self, now: float) -> list[tuple[Flight[T], Sent]]:
        """What is held longer than the lease. What waits in the queue may wait for as long as it takes."""
        lease_s = self._lease_s
        if lease_s is None:
            return []
        return [
            (flight, sent)
            for flight in self
            for sent in flight.live
            if sent.held_since is not None and now - sent.held_since > lease_s
        ]

    def stragglers(self, now: float) -> list[Flight[T]]:
        """Tasks that take much longer than the others; the longest first. Each is doubled once only."""
        limit = max(_STRAGGLER_MIN_S, _STRAGGLER_FACTOR * median(self._durations) if self._durations else 0.0)
        slow = [
            (sent.held_since, flight)
            for flight in self
            if not flight.is_doubled and len(flight.live) == 1
            for sent in flight.live
            if sent.held_since is not None and now - sent.held_since > limit
        ]
        return [flight for _, flight in sorted(slow, key=lambda pair: pair[0])]
