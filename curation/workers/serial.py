"""A pool without processes, for tests and for debugging."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, TypeVar

from curation.workers.pool import Outcome, call, outcome_of, stop_if

__all__ = ["SerialPool"]

T = TypeVar("T")
R = TypeVar("R")


class SerialPool:
    """Runs tasks one after the other in this process; it cannot interrupt a task that hangs."""

    def __init__(self, initializer: Callable[..., None], initargs: tuple[Any, ...]) -> None:
        """Take the initializer, which is called before the first task."""
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
            stop_if(cancel)
            if not self._ready:
                self._initializer(*self._initargs)
                self._ready = True
            yield outcome_of(task, call(function, task))

    def close(self) -> None:
        """Nothing to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
