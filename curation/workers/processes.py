"""A pool of worker processes; a worker that dies or hangs costs only the task that it was working on."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self, TypeVar

from curation.errors import CurationError
from curation.interrupts import interrupts_delayed
from curation.workers.at_work import ProcessAtWork, watched
from curation.workers.losses import Starts, Suspects, died, overran
from curation.workers.pool import Outcome, call, outcome_of, stop_if
from curation.workers.shares import Share, sharing
from curation.workers.slots import Flight, Slot
from curation.workers.use import fence_memory
from curation.workers.worker_process import StartFailure, WorkerProcess

__all__ = ["ProcessPool"]

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

POLL_S = 0.2  # the longest time until a cancellation or an interruption is noticed
SHARED_POLL_S = 0.05  # how soon a process is noticed that other pools gave back
TASKS_AHEAD = 2  # per worker: the current task and the next, so that no worker waits for the parent


class ProcessPool:
    """Runs tasks in worker processes (spawn context), each with an executor of its own.

    If a worker hangs or takes too much memory, the task that it was working on fails; a new process is started, and the
    tasks that it had not begun go back to the queue. A task whose worker dies is done once more when nothing else is
    left to do, by itself: another task may have taken the memory. Workers start when there is something to do, and end
    when this process ends, however it ends.
    """

    def __init__(
        self,
        workers: int,
        *,
        initializer: Callable[..., None],
        initargs: tuple[Any, ...],
        started: Iterable[WorkerProcess] = (),
        memory_mb: int | None = None,
    ) -> None:
        """Prepare `workers` slots (at least 1); no process starts yet.

        Args:
            workers: The maximum number of processes.
            initializer: Called once in each of them.
            initargs: Its arguments; picklable.
            started: Processes that were started early; the pool owns them and uses them first.
            memory_mb: The most memory that each process may take; None is no limit.
        """
        if workers < 1:
            raise ValueError("a pool needs at least one worker")
        self._started = list(started)
        self._workers = workers
        self._initializer = initializer
        self._initargs = initargs
        self._slots: list[Slot[Any]] = []
        self._function = ""
        self._memory_mb = memory_mb
        self._starts = Starts()
        self._suspects: Suspects[Any] = Suspects()
        self._share = Share(workers, self._busy)

    def at_work(self) -> tuple[ProcessAtWork, ...]:
        """What its processes are doing; from any thread."""
        return tuple(slot.at_work(self._function) for slot in tuple(self._slots))

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
        pending: deque[T] = deque()  # taken from the source, not yet given to a worker
        self._suspects = Suspects()
        self._function = getattr(function, "__name__", "")
        with watched(self), sharing(self._workers, self._busy) as self._share:
            yield from self._work_through(source, pending, function, timeout_s, cancel)

    def _work_through(
        self,
        source: Iterator[T],
        pending: deque[T],
        function: Callable[[T], R],
        timeout_s: float | None,
        cancel: threading.Event | None,
    ) -> Iterator[Outcome[T, R]]:
        try:
            while True:
                # Futures and executors share locks with the threads that serve the workers: an interruption that left
                # one taken would stop these threads, and `close` waits for them.
                with interrupts_delayed():
                    self._hand_out(source, pending, function)
                    futures = [flight.future for slot in self._slots for flight in slot.flights]
                    if not futures and not pending:
                        return
                    if not futures:
                        # Other pools have all processes: it is their turn. Or a start failed a moment ago.
                        time.sleep(SHARED_POLL_S)
                    done = wait(futures, timeout=POLL_S, return_when=FIRST_COMPLETED).done
                with interrupts_delayed():
                    stop_if(cancel)
                    outcomes = self._finished(done, pending) + self._overdue(pending, timeout_s)
                    # The workers get their next tasks before the caller processes the outcomes.
                    self._hand_out(source, pending, function)
                yield from outcomes
        finally:
            with interrupts_delayed():
                for slot in [slot for slot in self._slots if slot.flights]:
                    self._discard(slot)

    def _hand_out(self, source: Iterator[T], pending: deque[T], function: Callable[[T], R]) -> None:
        """Give each worker of the pool's share a task and, as long as there are enough tasks, a next one."""
        wanted = self._workers * (TASKS_AHEAD + 1) - sum(len(slot.flights) for slot in self._slots)
        while len(pending) < wanted:
            try:
                pending.append(next(source))
            except StopIteration:
                break
        if not pending and self._suspects and not any(slot.flights for slot in self._slots):
            pending.append(self._suspects.next())
        with self._share.starting() as free:
            for slot in list(self._slots):
                if free > 0 and pending and not slot.flights:
                    self._launch(slot, function, pending)
                    free -= 1
            share = self._share.processes
            for slot in list(self._slots):
                # The last tasks wait for the first free worker, not behind a photo that takes long.
                is_next = 0 < len(slot.flights) < TASKS_AHEAD and not slot.is_starting
                if is_next and len(pending) > self._workers and self._busy() <= share:
                    self._launch(slot, function, pending)
            starting = sum(slot.is_starting for slot in self._slots)
            for _ in range(min(len(pending) - starting, self._workers - len(self._slots), free)):
                if self._starts.may_start():
                    self._start_slot()
        # What others use now is not kept in memory here; one process stays for the next turn.
        for slot in [slot for slot in self._slots if not slot.flights][: max(0, len(self._slots) - max(1, share))]:
            self._slots.remove(slot)
            slot.process.dismiss()
            slot.process.end(kill=False)

    def _busy(self) -> int:
        """How many processes have something to do; from any thread."""
        return sum(any(not flight.future.done() for flight in tuple(slot.flights)) for slot in tuple(self._slots))

    def _start_slot(self) -> None:
        process: WorkerProcess | None = None
        try:
            process = self._started.pop() if self._started else WorkerProcess()
            future = process.start(self._initializer, self._initargs)
        except (OSError, BrokenProcessPool) as error:
            if process is not None:
                process.end(kill=True)
            self._start_failed(f"it cannot be started: {error}")
            return
        slot: Slot[Any] = Slot(process)
        self._slots.append(slot)
        slot.add(Flight(future, None, is_start=True))

    def _start_failed(self, said: str) -> None:
        """Note that a process did not become ready; others go on, and it is tried again after a while.

        Raises:
            WorkerError: If that happened several times in a row, and no process of this pool works.
        """
        self._starts.failed(said, is_last=not any(not slot.is_starting for slot in self._slots))

    def _launch(self, slot: Slot[T], function: Callable[[T], R], pending: deque[T]) -> None:
        task = pending.popleft()
        try:
            future = slot.process.submit(call, function, task)
        except BrokenProcessPool as error:
            if slot.flights:
                # The pool will notice the end of the worker with its first task, which is lost.
                pending.appendleft(task)
                return
            # The worker died while it was idle: this task is reported as lost.
            future = Future()
            future.set_exception(error)
        slot.add(Flight(future, task, is_second=self._suspects.has(task)))

    def _finished(self, done: set[Future[Any]], pending: deque[T]) -> list[Outcome[T, Any]]:
        outcomes = []
        for slot in list(self._slots):
            while slot.flights and slot.flights[0].future in done:
                outcome = self._outcome_of(slot, slot.pop(), pending)
                if outcome is not None:
                    slot.done += outcome.failure is None
                    slot.failed += outcome.failure is not None
                    outcomes.append(outcome)
        return outcomes

    def _outcome_of(self, slot: Slot[T], flight: Flight[T], pending: deque[T]) -> Outcome[T, Any] | None:
        try:
            reply = flight.future.result()
        except BrokenProcessPool:
            self._requeue(slot, pending)
            how = slot.process.ended_how()
            if flight.is_start:
                self._start_failed(f"process {slot.process.running_pid}: {how or 'it ended'} while it was starting")
                return None
            task: Any = flight.task
            if not flight.is_second:
                log.debug("a worker died of %r (%s); it is tried once more by itself", task, how)
                self._suspects.add(task)
                return None
            return Outcome(task, None, died(how))
        if flight.is_start:
            self._began(slot, reply)
            return None
        done_task: Any = flight.task
        return outcome_of(done_task, reply)

    def _began(self, slot: Slot[T], reply: int | StartFailure) -> None:
        """Take the answer of a process that was told to prepare itself.

        Raises:
            CurationError: If it says what is missing: another process would miss it, too.
        """
        if isinstance(reply, StartFailure):
            pid = slot.process.running_pid
            self._discard(slot)
            if isinstance(reply.error, CurationError):
                raise reply.error
            self._start_failed(f"process {pid}: {reply.text}")
            return
        slot.process.pid = reply
        self._starts.succeeded()
        if self._memory_mb is not None:
            fence_memory(reply, self._memory_mb)

    def _overdue(self, pending: deque[T], timeout_s: float | None) -> list[Outcome[T, Any]]:
        outcomes: list[Outcome[T, Any]] = []
        for slot in list(self._slots):
            passed = slot.overrun(timeout_s, self._memory_mb)
            if passed is None:
                continue
            flight = slot.pop()
            self._requeue(slot, pending)
            if flight.is_start:
                pid = slot.process.running_pid
                self._start_failed(f"process {pid} was not ready after {passed.amount:.0f} s; is the disk hanging?")
                continue
            task: Any = flight.task
            outcomes.append(Outcome(task, None, overran(passed)))
        return outcomes

    def _requeue(self, slot: Slot[T], pending: deque[T]) -> None:
        """End a worker; the tasks that it has not begun go back to the head of the queue."""
        waiting: list[Any] = [flight.task for flight in slot.flights]
        self._discard(slot)
        pending.extendleft(reversed(waiting))

    def _discard(self, slot: Slot[Any]) -> None:
        self._slots.remove(slot)
        slot.flights.clear()
        slot.process.end(kill=True)

    def close(self) -> None:
        """End all workers; those that are busy are killed."""
        with interrupts_delayed():
            for slot in [slot for slot in self._slots if slot.flights]:
                self._discard(slot)
            for slot in self._slots:
                slot.process.dismiss()
            while self._slots:
                self._slots.pop().process.end(kill=False)
            while self._started:  # these were never used
                self._started.pop().end(kill=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
