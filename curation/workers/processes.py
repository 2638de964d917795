"""A pool of worker processes, each in a slot of its own, so that one that dies or hangs costs one task."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from curation.errors import WorkerError
from curation.workers.pool import Outcome, TaskFailure, call, outcome_of, stop_if
from curation.workers.worker_process import WorkerProcess

__all__ = ["ProcessPool"]

T = TypeVar("T")
R = TypeVar("R")

STARTUP_TIMEOUT_S = 120.0  # a cold disk and a busy machine need patience to import the libraries
POLL_S = 0.2  # how soon a cancellation is noticed
TASKS_AHEAD = 2  # with a worker: the one it works on, and the next, so that it never waits for the parent


@dataclass(slots=True, eq=False)
class _Flight(Generic[T]):
    """A call that is with a worker: a task, or the start of the worker itself."""

    future: Future[Any]
    task: T | None
    is_start: bool = False


class _Slot(Generic[T]):
    """A worker process and the calls that it was given, in their order. It works on the first of them."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process = process
        self.flights: deque[_Flight[T]] = deque()
        self._first_since = time.monotonic()

    @property
    def is_starting(self) -> bool:
        return bool(self.flights) and self.flights[0].is_start

    def add(self, flight: _Flight[T]) -> None:
        if not self.flights:
            self._first_since = time.monotonic()
        self.flights.append(flight)

    def pop(self) -> _Flight[T]:
        self._first_since = time.monotonic()
        return self.flights.popleft()

    def deadline(self, timeout_s: float | None) -> float | None:
        """When the first call has taken too long; it may have begun before its predecessor was heard of."""
        if not self.flights:
            return None
        patience = STARTUP_TIMEOUT_S if self.is_starting else timeout_s
        return None if patience is None else self._first_since + patience


class ProcessPool:
    """Runs tasks in worker processes (spawn context), each with an executor of its own.

    A worker that is killed, runs out of memory or hangs costs the task that it worked on; the slot gets
    a new process, and the task that waited behind goes to another. Workers start when there is something
    for them to do, and end when this process dies, however it dies.
    """

    def __init__(
        self,
        workers: int,
        *,
        initializer: Callable[..., None],
        initargs: tuple[Any, ...],
        started: Iterable[WorkerProcess] = (),
    ) -> None:
        """Prepare `workers` slots (at least 1); no process starts yet.

        Args:
            workers: How many processes there are at most.
            initializer: Called once in each of them.
            initargs: Its arguments; picklable.
            started: Processes that were started early; they are taken first, and belong to the pool from now on.
        """
        if workers < 1:
            raise ValueError("a pool needs at least one worker")
        self._started = list(started)
        self._workers = workers
        self._initializer = initializer
        self._initargs = initargs
        self._slots: list[_Slot[Any]] = []

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[T, R]]:
        """See `TaskPool.run`. At most three tasks per worker are taken from `tasks` ahead of their turn."""
        source = iter(tasks)
        pending: deque[T] = deque()  # taken from the source, not yet with a worker
        try:
            while True:
                self._hand_out(source, pending, function)
                futures = [flight.future for slot in self._slots for flight in slot.flights]
                if not futures:
                    return
                done = wait(futures, timeout=self._patience(timeout_s, cancel), return_when=FIRST_COMPLETED).done
                stop_if(cancel)
                outcomes = self._landed(done, pending) + self._overdue(pending, timeout_s)
                # The workers get their next tasks before the caller does anything with the outcomes.
                self._hand_out(source, pending, function)
                yield from outcomes
        finally:
            for slot in [slot for slot in self._slots if slot.flights]:
                self._discard(slot)

    def _hand_out(self, source: Iterator[T], pending: deque[T], function: Callable[[T], R]) -> None:
        """Give each worker something to do and, as long as there is plenty, something to go on with."""
        wanted = self._workers * (TASKS_AHEAD + 1) - sum(len(slot.flights) for slot in self._slots)
        while len(pending) < wanted:
            try:
                pending.append(next(source))
            except StopIteration:
                break
        for depth in range(TASKS_AHEAD):
            for slot in list(self._slots):
                # The last tasks wait for whoever is free first, not behind a photo that takes long.
                reserve = self._workers if depth else 0
                if len(slot.flights) == depth and not slot.is_starting and len(pending) > reserve:
                    self._launch(slot, function, pending)
        starting = sum(slot.is_starting for slot in self._slots)
        for _ in range(min(len(pending) - starting, self._workers - len(self._slots))):
            self._start_slot()

    def _start_slot(self) -> None:
        try:
            slot: _Slot[Any] = _Slot(self._started.pop() if self._started else WorkerProcess())
            self._slots.append(slot)
            slot.add(_Flight(slot.process.start(self._initializer, self._initargs), None, is_start=True))
        except (OSError, BrokenProcessPool) as error:
            raise WorkerError(
                f"worker processes cannot be started ({error}); free some memory, lower performance.workers, or see "
                "that this user may run Python and has processes left"
            ) from error

    def _launch(self, slot: _Slot[T], function: Callable[[T], R], pending: deque[T]) -> None:
        task = pending.popleft()
        try:
            future = slot.process.submit(call, function, task)
        except BrokenProcessPool as error:
            if slot.flights:
                # Its death is about to be heard of; it costs the task before this one.
                pending.appendleft(task)
                return
            # It died while it was idle: the task can still be named as the one that was lost.
            future = Future()
            future.set_exception(error)
        slot.add(_Flight(future, task))

    def _landed(self, done: set[Future[Any]], pending: deque[T]) -> list[Outcome[T, Any]]:
        outcomes = []
        for slot in list(self._slots):
            while slot.flights and slot.flights[0].future in done:
                outcome = self._outcome_of(slot, slot.pop(), pending)
                if outcome is not None:
                    outcomes.append(outcome)
        return outcomes

    def _outcome_of(self, slot: _Slot[T], flight: _Flight[T], pending: deque[T]) -> Outcome[T, Any] | None:
        try:
            reply = flight.future.result()
        except BrokenProcessPool as error:
            self._take_back(slot, pending)
            if flight.is_start:
                raise WorkerError(
                    "a worker process ended while it was starting; free some memory or lower performance.workers, "
                    "and call the program from a file or module, not from standard input"
                ) from error
            task: Any = flight.task
            return Outcome(
                task,
                None,
                TaskFailure(
                    "killed",
                    "the worker process died while it had this photo (killed, out of memory, or a crash in a decoder); "
                    "if it happens again, try fewer workers or re-save the photo",
                ),
            )
        if flight.is_start:
            slot.process.pid = reply
            return None
        done_task: Any = flight.task
        return outcome_of(done_task, reply)

    def _overdue(self, pending: deque[T], timeout_s: float | None) -> list[Outcome[T, Any]]:
        outcomes: list[Outcome[T, Any]] = []
        now = time.monotonic()
        for slot in list(self._slots):
            deadline = slot.deadline(timeout_s)
            if deadline is None or now < deadline or slot.flights[0].future.done():
                continue
            flight = slot.pop()
            self._take_back(slot, pending)
            if flight.is_start:
                raise WorkerError(
                    f"a worker process was not ready after {STARTUP_TIMEOUT_S:.0f} s; is the disk hanging?"
                )
            task: Any = flight.task
            outcomes.append(
                Outcome(
                    task,
                    None,
                    TaskFailure(
                        "timeout",
                        f"given up after {timeout_s:g} s (performance.photo_timeout_s); "
                        "raise it if the photo is very large, else re-save the photo",
                    ),
                )
            )
        return outcomes

    def _take_back(self, slot: _Slot[T], pending: deque[T]) -> None:
        """End a worker; the tasks that it has not begun keep their place in the queue."""
        waiting: list[Any] = [flight.task for flight in slot.flights]
        self._discard(slot)
        pending.extendleft(reversed(waiting))

    def _patience(self, timeout_s: float | None, cancel: threading.Event | None) -> float | None:
        deadlines = [deadline for slot in self._slots if (deadline := slot.deadline(timeout_s)) is not None]
        patience = max(0.0, min(deadlines) - time.monotonic()) + 0.01 if deadlines else None
        if cancel is None:
            return patience
        return POLL_S if patience is None else min(POLL_S, patience)

    def _discard(self, slot: _Slot[Any]) -> None:
        self._slots.remove(slot)
        slot.flights.clear()
        slot.process.end(kill=True)

    def close(self) -> None:
        """End all workers; those that are busy are killed."""
        for slot in [slot for slot in self._slots if slot.flights]:
            self._discard(slot)
        for slot in self._slots:
            slot.process.dismiss()
        while self._slots:
            self._slots.pop().process.end(kill=False)
        while self._started:  # there was nothing for them to do
            self._started.pop().end(kill=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
