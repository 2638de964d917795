"""Hearing of the end of the service when it is asked for.

A server that is asked to end first waits for its open connections, and only then tells the application. Who
watches a job has a connection open until the job ends: so the job has to be stopped first.
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
def on_shutdown_signal(tell: Callable[[], object]) -> Iterator[None]:
    """Call `tell` when a signal asks this process to end; the server's own answer to it follows as ever.

    Args:
        tell: Called in the event loop that runs now. It must not block.
    """
    if threading.current_thread() is not threading.main_thread():
        # Only there can signals be heard; a server in another thread is ended by its owner.
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def on_signal(number: int, frame: FrameType | None) -> None:
        # Not here: a signal may come in the middle of anything, also with a lock in hand.
        loop.call_soon_threadsafe(tell)
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
