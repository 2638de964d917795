"""A single worker process: how it is started, given calls and ended, also if it or its parent dies."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for_sentinels
from pathlib import Path
from typing import Any

from curation.errors import CurationError
from curation.interrupts import interrupts_delayed

__all__ = ["StartFailure", "WorkerProcess", "end_all", "interrupts_blocked", "start_worker"]

log = logging.getLogger(__name__)

_not_ended: set[WorkerProcess] = set()
_OOM_SCORE = "500"  # of 1000
_JOIN_S = 1.0  # a process that is known to have died has a code at once


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_sentinels([parent.sentinel])
        os._exit(1)


def start_worker() -> None:
    """Prepare this process as a worker: it leaves Ctrl-C to its parent, and ends when that ends."""
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, name="die-with-parent", daemon=True).start()
    _offer_to_the_killer()


def _offer_to_the_killer() -> None:
    """Where memory runs out, Linux ends a worker rather than this program's parent, or somebody else's program."""
    try:
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")
    except OSError:  # another system, or it is not allowed
        return


def _import(modules: Sequence[str]) -> None:
    for name in modules:
        importlib.import_module(name)


@dataclass(frozen=True, slots=True)
class StartFailure:
    """Why a process could not prepare itself.

    Attributes:
        text: The type and the words of the exception.
        error: The exception, if it is one of ours: it says what to do, and another try gives the same.
    """

    text: str
    error: CurationError | None = None


def _prepare(packed: bytes) -> int | StartFailure:
    """Prepare this process; its id, or why it cannot work."""
    try:
        # Unpacked here: what fails to be imported can be told then.
        initializer, initargs = pickle.loads(packed)
        initializer(*initargs)
    except CurationError as error:
        return StartFailure(str(error), error)
    except BaseException as error:  # after any exception this process cannot work
        logging.getLogger(__name__).debug("a worker cannot be prepared", exc_info=True)
        return StartFailure(f"{type(error).__name__}: {error}")
    return os.getpid()


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Delay SIGINT and SIGTERM while a worker process is started.

    A process inherits the blocked signals: otherwise one that is still importing, before `start_worker`, would
    answer Ctrl-C with a traceback. And a start that is interrupted half-way leaves a process that waits forever for
    its parent.
    """
    received: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(signal.getsignal(number)):
                handlers[number] = signal.signal(number, lambda number, frame: received.append(number))
    has_masks = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if has_masks else set()
    try:
        yield
    finally:
        if has_masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for late in received:
        signal.raise_signal(late)


class WorkerProcess:
    """One worker process (spawn context), which runs its calls in order."""

    def __init__(self) -> None:
        """Create the executor; no process starts yet."""
        with interrupts_delayed():
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=start_worker,
            )
            self._has_started = False
        self.pid: int | None = None
        self._process: Any = None

    def _submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Queue a call; the first one starts the process."""
        with interrupts_delayed():
            future = self._executor.submit(function, *args)
            if not self._has_started:
                self._has_started = True
                _not_ended.add(self)
                _close_unused_end(self._executor)
                # The executor forgets its process as soon as that has died.
                self._process = next(iter((getattr(self._executor, "_processes", None) or {}).values()), None)
            return future

    @property
    def running_pid(self) -> int | None:
        """Its process id, also while it is not ready; None if it was not started."""
        return self.pid if self._process is None else self._process.pid

    def ended_how(self) -> str:
        """How the process ended, in words; empty if that is not known."""
        if self._process is None:
            return ""
        self._process.join(_JOIN_S)
        code = self._process.exitcode
        if code is None:
            return ""
        if code >= 0:
            return f"it ended by itself with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"it ended with {name}"

    def start_early(self, modules: Sequence[str]) -> None:
        """Start the process before its task is known; it imports modules that it will need."""
        with interrupts_blocked():
            self._submit(_import, tuple(modules))

    def start(self, initializer: Callable[..., None], initargs: tuple[Any, ...]) -> Future[Any]:
        """Prepare the process for its first task, and start it if it is not running yet.

        Args:
            initializer: Called once in the process.
            initargs: Its arguments; picklable.

        Returns:
            A future with the process id, or a `StartFailure`, which is done when the process is ready or cannot be.

        Raises:
            BrokenProcessPool: If a process that was started early is known to have died.
        """
        with interrupts_blocked():
            return self._submit(_prepare, pickle.dumps((initializer, initargs)))

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Queue a call.

        Raises:
            BrokenProcessPool: If the process is known to have died.
        """
        return self._submit(function, *args)

    def dismiss(self) -> None:
        """Signal an idle process to end, without waiting for it; `end` waits.

        It has nothing to clean up, and shutting down an interpreter with its networks takes 0.05 s.
        """
        if self.pid is not None:
            self._signal(self.pid, signal.SIGTERM)

    def _signal(self, pid: int, number: signal.Signals) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            log.debug("worker %d had already ended", pid)

    def end(self, *, kill: bool) -> None:
        """End the process: at once if `kill`, else after its current call."""
        if kill:
            if self.pid is not None:
                self._signal(self.pid, signal.SIGKILL)
            elif self._process is not None:
                self._process.kill()
        with interrupts_delayed():
            self._executor.shutdown(wait=True, cancel_futures=True)
            _not_ended.discard(self)


def end_all() -> None:
    """Kill all workers of this process that have not been ended, for a program that is about to end.

    Left to the interpreter, they would first finish what they do; and its wake-up of the threads that serve them can
    fail with a traceback if such a thread ends at the same moment.
    """
    for process in tuple(_not_ended):
        process.end(kill=True)


def _close_unused_end(executor: ProcessPoolExecutor) -> None:
    # The worker has this end of the pipe of its results now. With a copy here, the pipe would not end when the worker
    # dies in the middle of a large result, and the thread that reads it, and `end`, would wait for the rest forever.
    results = getattr(executor, "_result_queue", None)
    writer = getattr(results, "_writer", None)
    if writer is not None:
        writer.close()
