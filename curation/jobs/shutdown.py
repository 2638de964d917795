"""Reacting to a shutdown signal before the server does.

A server that gets a shutdown signal first waits for its open connections, and only then notifies the application. A
client that follows a job keeps a connection open until the job ends: so the jobs must be stopped first.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["on_shutdown_signal"]

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))


@contextmanager
def on_shutdown_signal(callback: Callable[[], object]) -> Iterator[None]:
    """Call `callback` when a signal asks this process to end; the server's own handler is called afterwards.

    Args:
        callback: Called in the event loop that is running now. It must not block.
    """
    if threading.current_thread() is not threading.main_thread():
        # Signal handlers work only in the main thread; a server in another thread is stopped by its owner.
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def on_signal(number: int, frame: FrameType | None) -> None:
        # Not called directly: a signal may arrive at any point, also while this thread holds a lock.
        loop.call_soon_threadsafe(callback)
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
