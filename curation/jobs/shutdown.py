"""Reacting to a shutdown signal before the server does, and ending the process in time whatever holds it.

A server that gets a shutdown signal first waits for its open connections, and only then notifies the application. A
client that follows a job keeps a connection open until the job ends: so the jobs must be stopped first. And a client
that sends a byte now and then keeps it open for ever; so does a thread that waits for a dead disk. So a thread of its
own ends what the application has open when the server takes too long with that, and then the process.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

__all__ = ["END_S", "Ending", "on_shutdown_signal"]

logger = logging.getLogger(__name__)

END_S = 6.0
"""The longest time between a signal and the end of the process, in seconds."""

_SERVER_S = 2.5
"""So long the server may take to end its connections; then what the application has open is ended all the same."""
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))


class Ending:
    """What is to be ended before the process, once, by whoever comes first. Thread-safe."""

    def __init__(self, close: Callable[[], object]) -> None:
        """Remember what ends it all.

        Args:
            close: Ends it; called once.
        """
        self._close = close
        self._guard = threading.Lock()
        self._has_begun = False
        self._is_done = threading.Event()

    def end(self) -> None:
        """End it, or wait until it is ended."""
        with self._guard:
            is_first, self._has_begun = not self._has_begun, True
        if not is_first:
            self._is_done.wait()
            return
        try:
            self._close()
        finally:
            self._is_done.set()


@contextmanager
def on_shutdown_signal(
    callback: Callable[[], object],
    close: Callable[[], object] = lambda: None,
    *,
    end_s: float = END_S,
    server_s: float = _SERVER_S,
) -> Iterator[None]:
    """Call `callback` when a signal asks this process to end; the server's own handler is called afterwards.

    The process has ended `end_s` later, whatever happens, with the exit code of one that the signal has ended.

    Args:
        callback: Called in the event loop that is running now. It must not block.
        close: Ends what the application has open; called in a thread if the server has not come to it in `server_s`.
        end_s: See above, in seconds.
        server_s: See `close`, in seconds.
    """
    if threading.current_thread() is not threading.main_thread():
        # Signal handlers work only in the main thread; a server in another thread is stopped by its owner.
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}
    has_come: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        # Not called directly: a signal may arrive at any point, also while this thread holds a lock.
        loop.call_soon_threadsafe(callback)
        if not has_come:
            has_come.append(number)
            threading.Thread(
                target=_end_in_time, args=(number, close, end_s, server_s), name="curation-end", daemon=True
            ).start()
        handler = before[number]
        if callable(handler):
            handler(number, frame)

    for number in _SIGNALS:
        if callable(signal.getsignal(number)):
            before[number] = signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_in_time(number: int, close: Callable[[], object], end_s: float, server_s: float) -> None:
    end = time.monotonic() + end_s
    time.sleep(server_s)
    # Not in this thread, which must be free when the time is over.
    threading.Thread(target=_closed, args=(close, number), name="curation-close", daemon=True).start()
    time.sleep(max(0.0, end - time.monotonic()))
    _leave(number, "the service did not end by itself: it is ended now")


def _closed(close: Callable[[], object], number: int) -> None:
    try:
        close()
    except Exception:
        logger.exception("the end of the service")
    # The server may wait for a connection for ever; there is nothing left that it could answer with.
    time.sleep(0.5)
    _leave(number, "connections that did not end were cut")


def _leave(number: int, why: str) -> None:
    for process in multiprocessing.active_children():
        with suppress(OSError, ValueError):
            process.kill()
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{why}\n")
        sys.stderr.flush()
    os._exit(128 + number)
