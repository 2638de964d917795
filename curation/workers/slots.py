"""A slot of a process pool: a worker process, and the calls that it was given."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from curation.workers.at_work import ProcessAtWork, TaskAtWork, label_of
from curation.workers.use import Meter, Overrun
from curation.workers.worker_process import WorkerProcess

__all__ = ["STARTUP_TIMEOUT_S", "Flight", "Slot"]

T = TypeVar("T")

STARTUP_TIMEOUT_S = 120.0
"""Processor time of a start. Importing the libraries from a cold disk takes long; waiting for it has a limit, too."""


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """A call that a worker has.

    Attributes:
        future: Of the call.
        task: What it is about; None for the start of the worker itself.
        is_start: Whether it is that.
        is_second: Whether a worker died of the task before.
    """

    future: Future[Any]
    task: T | None
    is_start: bool = False
    is_second: bool = False


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
        self._meter = Meter(process.running_pid)

    @property
    def is_starting(self) -> bool:
        """Whether the process is not ready for its first task."""
        return bool(self.flights) and self.flights[0].is_start

    def add(self, flight: Flight[T]) -> None:
        """Add the last call."""
        if not self.flights:
            self._begin()
        self.flights.append(flight)

    def pop(self) -> Flight[T]:
        """Remove the first call; what is measured from now on is the next one's."""
        self._begin()
        return self.flights.popleft()

    def _begin(self) -> None:
        self._first_since = time.monotonic()
        self._meter.begin(self.process.running_pid)

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

    def overrun(self, timeout_s: float | None, memory_mb: float | None) -> Overrun | None:
        """The limit that the first call went beyond, if any; to be called several times a second.

        A call may have begun earlier than the pool noticed the end of the one before, so this is never too early.

        Args:
            timeout_s: Processor time of a task, see `Meter.look`; a start has its own limit.
            memory_mb: The most memory of the process.
        """
        if not self.flights or self.flights[0].future.done():
            return None
        return self._meter.look(STARTUP_TIMEOUT_S if self.is_starting else timeout_s, memory_mb)
