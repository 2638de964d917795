"""Doing many small tasks, in this process or in worker processes, behind one Protocol.

A task is a plain picklable value, the function a module-level function. The result of each task
comes back as an `Outcome`: its value, or why there is none. What a function raises decides:

- `PhotoError`: this task failed, the run goes on;
- any other `CurationError`: a fault of the whole stage, raised in the caller;
- anything else: an error of ours or of a library; the task failed, the traceback is logged.

Both pools call the same initializer, once per worker, so that serial and parallel runs are the same.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for_sentinels
from types import TracebackType
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

from curation.errors import CurationError, PhotoError, RunInterruptedError, WorkerError

__all__ = ["Outcome", "ProcessPool", "SerialPool", "TaskFailure", "TaskPool"]

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

STARTUP_TIMEOUT_S = 120.0  # a cold disk and a busy machine need patience to import the libraries
POLL_S = 0.2  # how soon a cancellation is noticed


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why a task has no result, in words for the user."""

    kind: Literal["failed", "killed", "timeout", "bug"]
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """What became of a task: `failure` is None exactly if `result` counts."""

    task: T
    result: R | None
    failure: TaskFailure | None


class TaskPool(Protocol):
    """Runs a function over tasks; outcomes come as they are ready, not in the order of the tasks."""

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[T, R]]:
        """Run `function` over `tasks`.

        Args:
            function: A module-level function.
            tasks: Picklable values; they are taken one by one as workers become free.
            timeout_s: A task that takes longer is given up, if the pool can do that; None waits.
            cancel: When set, the run stops soon.

        Raises:
            RunInterruptedError: If `cancel` was set.
            CurationError: A fault of the stage that the function raised.
        """

    def close(self) -> None:
        """End all workers; tasks in flight are lost."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """How a call went, in a form that always survives pickling."""

    kind: Literal["ok", "photo", "stage", "bug"]
    value: Any = None
    text: str = ""


def _call(function: Callable[[Any], Any], task: Any) -> _Reply:
    try:
        return _Reply("ok", value=function(task))
    except PhotoError as error:
        return _Reply("photo", text=str(error))
    except CurationError as error:
        return _Reply("stage", value=error)
    except MemoryError:
        return _Reply("photo", text="not enough memory for this photo; use fewer workers (performance.workers)")
    except Exception as error:  # whatever it is, it must cost this one photo only
        return _Reply("bug", text=f"{type(error).__name__}: {error}", value=traceback.format_exc())


def _outcome(task: T, reply: _Reply) -> Outcome[T, Any]:
    if reply.kind == "ok":
        return Outcome(task, reply.value, None)
    if reply.kind == "stage":
        raise reply.value
    if reply.kind == "bug":
        log.error("unexpected error with %r\n%s", task, reply.value)
        return Outcome(task, None, TaskFailure("bug", f"unexpected error ({reply.text})"))
    return Outcome(task, None, TaskFailure("failed", reply.text))


def _stop_if(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise RunInterruptedError("the run was stopped; what was analysed so far is kept for the next run")


class SerialPool:
    """Runs tasks one after the other in this process; it cannot give up a task that hangs."""

    def __init__(self, initializer: Callable[..., None], initargs: tuple[Any, ...]) -> None:
        """Remember how to set up; it happens at the first task."""
        self._initializer = initializer
        self._initargs = initargs
        self._ready = False

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[T, R]]:
        """See `TaskPool.run`; `timeout_s` is ignored."""
        for task in tasks:
            _stop_if(cancel)
            if not self._ready:
                self._initializer(*self._initargs)
                self._ready = True
            yield _outcome(task, _call(function, task))

    def close(self) -> None:
        """Nothing to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_sentinels([parent.sentinel])
        os._exit(1)


def _start_worker(initializer: Callable[..., None], initargs: tuple[Any, ...]) -> None:
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, name="die-with-parent", daemon=True).start()
    initializer(*initargs)


def _worker_pid() -> int:
    return os.getpid()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Put off Ctrl-C and `kill` while a worker process is started.

    A process inherits which signals are held back: one that is still importing, and has not come to
    `_start_worker`, would answer Ctrl-C with a traceback of its own. And a start that is broken off half-way
    leaves a process that waits for what its parent has not sent.
    """
    noted: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(signal.getsignal(number)):
                handlers[number] = signal.signal(number, lambda number, frame: noted.append(number))
    has_masks = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if has_masks else set()
    try:
        yield
    finally:
        if has_masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for late in noted:
        signal.raise_signal(late)


class _Slot:
    """One worker process. It has one task at a time, so a death costs exactly that task."""

    def __init__(self, initializer: Callable[..., None], initargs: tuple[Any, ...]) -> None:
        self._executor = ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(initializer, initargs),
        )
        self.pid: int | None = None

    def start(self) -> Future[Any]:
        with _interrupts_held():
            return self._executor.submit(_worker_pid)

    def submit(self, function: Callable[[Any], Any], task: Any) -> Future[Any]:
        return self._executor.submit(_call, function, task)

    def end(self, *, kill: bool) -> None:
        """End the process: at once, or after what it is doing."""
        if kill:
            if self.pid is not None:
                try:
                    os.kill(self.pid, signal.SIGKILL)
                except ProcessLookupError:
                    log.debug("worker %d had ended already", self.pid)
            else:
                for process in multiprocessing.active_children():
                    if process.pid in _children_of(self._executor):
                        process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)


def _children_of(executor: ProcessPoolExecutor) -> set[int]:
    # A worker that has not reported its pid yet can only be found through the executor.
    processes: dict[int, Any] | None = getattr(executor, "_processes", None)
    return set(processes or ())


@dataclass(slots=True)
class _Flight(Generic[T]):
    slot: _Slot
    task: T | None
    deadline: float | None
    is_start: bool


class ProcessPool:
    """Runs tasks in worker processes (spawn context), one executor with one worker per slot.

    A worker that is killed, runs out of memory or hangs costs the task that it had; the slot gets
    a new process. Workers start when there is something for them to do, and end when this process
    dies, however it dies.
    """

    def __init__(self, workers: int, *, initializer: Callable[..., None], initargs: tuple[Any, ...]) -> None:
        """Prepare `workers` slots (at least 1); no process starts yet."""
        if workers < 1:
            raise ValueError("a pool needs at least one worker")
        self._workers = workers
        self._initializer = initializer
        self._initargs = initargs
        self._idle: list[_Slot] = []
        self._busy: set[_Slot] = set()

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[T, R]]:
        """See `TaskPool.run`. At most one task per worker is taken from `tasks` ahead of time."""
        flights: dict[Future[Any], _Flight[T]] = {}
        source = iter(tasks)
        pending: deque[T] = deque()  # taken from the source, not yet with a worker
        exhausted = False
        try:
            while True:
                starting = sum(flight.is_start for flight in flights.values())
                while not exhausted and len(pending) < self._workers - (len(flights) - starting):
                    try:
                        pending.append(next(source))
                    except StopIteration:
                        exhausted = True
                while pending and self._idle:
                    self._launch(flights, self._idle.pop(), function, pending.popleft(), timeout_s)
                for _ in range(min(len(pending) - starting, self._workers - len(flights))):
                    self._start_slot(flights)
                if not flights:
                    return
                done = wait(flights, timeout=self._patience(flights, cancel), return_when=FIRST_COMPLETED).done
                _stop_if(cancel)
                for future in done:
                    outcome = self._landed(future, flights.pop(future))
                    if outcome is not None:
                        yield outcome
                yield from self._give_up_overdue(flights, timeout_s)
        finally:
            for flight in flights.values():
                self._discard(flight.slot)

    def _start_slot(self, flights: dict[Future[Any], _Flight[T]]) -> None:
        try:
            slot = _Slot(self._initializer, self._initargs)
            self._busy.add(slot)
            future = slot.start()
        except OSError as error:
            raise WorkerError(
                f"worker processes cannot be started ({error}); free some memory, lower performance.workers, or see "
                "that this user may run Python and has processes left"
            ) from error
        flights[future] = _Flight(slot, None, time.monotonic() + STARTUP_TIMEOUT_S, is_start=True)

    def _launch(
        self,
        flights: dict[Future[Any], _Flight[T]],
        slot: _Slot,
        function: Callable[[T], R],
        task: T,
        timeout_s: float | None,
    ) -> None:
        self._busy.add(slot)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            future = slot.submit(function, task)
        except BrokenProcessPool as error:
            # It died while it was idle: the task can still be named as the one that was lost.
            future = Future()
            future.set_exception(error)
        flights[future] = _Flight(slot, task, deadline, is_start=False)

    def _landed(self, future: Future[Any], flight: _Flight[T]) -> Outcome[T, Any] | None:
        try:
            reply = future.result()
        except BrokenProcessPool as error:
            self._discard(flight.slot)
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
        self._busy.discard(flight.slot)
        self._idle.append(flight.slot)
        if flight.is_start:
            flight.slot.pid = reply
            return None
        done_task: Any = flight.task
        return _outcome(done_task, reply)

    def _give_up_overdue(
        self, flights: dict[Future[Any], _Flight[T]], timeout_s: float | None
    ) -> Iterator[Outcome[T, Any]]:
        now = time.monotonic()
        for future, flight in list(flights.items()):
            if flight.deadline is None or now < flight.deadline or future.done():
                continue
            del flights[future]
            self._discard(flight.slot)
            if flight.is_start:
                raise WorkerError(
                    f"a worker process was not ready after {STARTUP_TIMEOUT_S:.0f} s; is the disk hanging?"
                )
            task: Any = flight.task
            yield Outcome(
                task,
                None,
                TaskFailure(
                    "timeout",
                    f"given up after {timeout_s:g} s (performance.photo_timeout_s); "
                    "raise it if the photo is very large, else re-save the photo",
                ),
            )

    def _patience(self, flights: dict[Future[Any], _Flight[T]], cancel: threading.Event | None) -> float | None:
        deadlines = [flight.deadline for flight in flights.values() if flight.deadline is not None]
        patience = max(0.0, min(deadlines) - time.monotonic()) + 0.01 if deadlines else None
        if cancel is None:
            return patience
        return POLL_S if patience is None else min(POLL_S, patience)

    def _discard(self, slot: _Slot) -> None:
        self._busy.discard(slot)
        slot.end(kill=True)

    def close(self) -> None:
        """End all workers; those that are busy are killed."""
        for slot in list(self._busy):
            self._discard(slot)
        while self._idle:
            self._idle.pop().end(kill=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
