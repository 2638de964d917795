"""A slot of a process pool: a worker process, and the calls that it was given."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from curation.workers.at_work import ProcessAtWork, TaskAtWork, label_of
from curation.workers.worker_process import WorkerProcess

__all__ = ["STARTUP_TIMEOUT_S", "Flight", "Slot"]

T = TypeVar("T")

STARTUP_TIMEOUT_S = 120.0  # importing the libraries from a cold disk on a busy machine takes long


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """A call that a worker has: a task, or the start of the worker itself (`task` is then None)."""

    future: Future[Any]
    task: T | None
    is_start: bool = False


class Slot(Generic[T]):
    """A worker process and its calls in their order. It works on the first of them.

    Attributes:
        process: The process.
        flights: The calls.
        began: When it was started, in seconds since 1970.
        done: Tasks that it did.
        failed: Tasks that it could not do.
    """

    def __init__(self, process: WorkerProcess) -> None:
        """Take a process without calls."""
        self.process = process
        self.flights: deque[Flight[T]] = deque()
        self.began = time.time()
        self.done = 0
        self.failed = 0
        self._first_since = time.monotonic()

    @property
    def is_starting(self) -> bool:
        """Whether the process is not ready for its first task."""
        return bool(self.flights) and self.flights[0].is_start

    def add(self, flight: Flight[T]) -> None:
        """Add the last call."""
        if not self.flights:
            self._first_since = time.monotonic()
        self.flights.append(flight)

    def pop(self) -> Flight[T]:
        """Remove the first call; the time of the next one begins now."""
        self._first_since = time.monotonic()
        return self.flights.popleft()

    def at_work(self, function: str) -> ProcessAtWork:
        """What it is doing, told to another thread than the one that gives it calls.

        Args:
            function: Name of what is called.
        """
        flights = tuple(self.flights)
        current = None
        if flights and not flights[0].is_start:
            since = time.time() - (time.monotonic() - self._first_since)
            current = TaskAtWork(label_of(flights[0].task, function), function, since)
        return ProcessAtWork(self.process.pid, self.began, current, self.done, self.failed)

    def deadline(self, timeout_s: float | None) -> float | None:
        """When the first call will have taken too long, on the monotonic clock; None if it may take any time.

        A call may have begun earlier than the pool noticed the end of the one before, so this is never too early.
        """
        if not self.flights:
            return None
        limit_s = STARTUP_TIMEOUT_S if self.is_starting else timeout_s
        return None if limit_s is None else self._first_since + limit_s
