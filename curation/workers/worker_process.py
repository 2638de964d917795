"""A single worker process: how it is started, fed and ended, whatever happens to it or to its parent."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_sentinels
from typing import Any

__all__ = ["WorkerProcess"]

log = logging.getLogger(__name__)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_sentinels([parent.sentinel])
        os._exit(1)


def _start_worker() -> None:
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, name="die-with-parent", daemon=True).start()


def _import(modules: Sequence[str]) -> None:
    for name in modules:
        importlib.import_module(name)


def _prepare(initializer: Callable[..., None], initargs: tuple[Any, ...]) -> int:
    try:
        initializer(*initargs)
    except BaseException:  # whatever it is, this process is no worker
        logging.getLogger(__name__).critical("a worker cannot be prepared", exc_info=True)
        os._exit(1)
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


class WorkerProcess:
    """One worker process (spawn context), which does what it is given in that order."""

    def __init__(self) -> None:
        """No process yet."""
        self._executor = ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
        )
        self.pid: int | None = None

    def start_early(self, modules: Sequence[str]) -> None:
        """Start the process before it is known what it has to do; meanwhile it imports modules that it will need."""
        with _interrupts_held():
            self._executor.submit(_import, tuple(modules))

    def start(self, initializer: Callable[..., None], initargs: tuple[Any, ...]) -> Future[Any]:
        """Make the process ready for its first task, and start it if that has not happened yet.

        Args:
            initializer: Called once in the process.
            initargs: Its arguments; picklable.

        Returns:
            The process id, when it is ready.

        Raises:
            BrokenProcessPool: If a process that was started early is known to have died.
        """
        with _interrupts_held():
            return self._executor.submit(_prepare, initializer, initargs)

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Queue a call.

        Raises:
            BrokenProcessPool: If the process is known to have died.
        """
        return self._executor.submit(function, *args)

    def dismiss(self) -> None:
        """Tell an idle process to go, without waiting until it has; `end` waits.

        It has nothing to clean up, and taking an interpreter with its networks apart takes a twentieth of a second.
        """
        if self.pid is not None:
            self._signal(self.pid, signal.SIGTERM)

    def _signal(self, pid: int, number: signal.Signals) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            log.debug("worker %d had ended already", pid)

    def end(self, *, kill: bool) -> None:
        """End the process: at once, or after what it is doing."""
        if kill:
            if self.pid is not None:
                self._signal(self.pid, signal.SIGKILL)
            else:
                for process in multiprocessing.active_children():
                    if process.pid in _children_of(self._executor):
                        process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)


def _children_of(executor: ProcessPoolExecutor) -> set[int]:
    # A worker that has not reported its pid yet can only be found through the executor.
    processes: dict[int, Any] | None = getattr(executor, "_processes", None)
    return set(processes or ())
