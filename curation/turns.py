"""One at a time for each key: of several who ask at once the first one makes it, and the others find it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Turns"]


class Turns:
    """A lock for each key, kept only while somebody holds it or waits for it. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, list[None]]] = {}

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        """Be the only thread within this block for this key; others wait."""
        with self._guard:
            lock, waiting = self._locks.setdefault(key, (threading.Lock(), []))
            waiting.append(None)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                waiting.pop()
                if not waiting:
                    del self._locks[key]
