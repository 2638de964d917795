"""A pool without workers, for runs that use what is known already."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from curation.workers.pool import Outcome, TaskPool

__all__ = ["IdlePool", "NothingToDoItError"]

T = TypeVar("T")
R = TypeVar("R")


class NothingToDoItError(Exception):
    """A task was given to a pool that has no workers; the caller handles it, no user sees it."""


class IdlePool(TaskPool):
    """Carries out nothing."""

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[T, R]]:
        """Give no outcome for no task.

        Raises:
            NothingToDoItError: At the first task.
        """
        for _ in tasks:
            raise NothingToDoItError
        return iter(())

    def close(self) -> None:
        """There is nothing to end."""
