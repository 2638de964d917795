"""What the worker processes of this process are doing, for those who watch a run; nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["ProcessAtWork", "TaskAtWork", "Watched", "label_of", "processes_at_work", "watched"]

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class TaskAtWork:
    """A task that somebody works on.

    Attributes:
        label: What a person calls it, such as the photo's image_path.
        function: Name of the function that is called with it.
        since: When it began, in seconds since 1970.
    """

    label: str
    function: str
    since: float


@dataclass(frozen=True, slots=True)
class ProcessAtWork:
    """A worker process of a pool.

    Attributes:
        pid: None while it is starting.
        since: When it was started, in seconds since 1970.
        current: What it works on; None if it waits.
        done: Tasks that it did.
        failed: Tasks that it could not do.
    """

    pid: int | None
    since: float
    current: TaskAtWork | None
    done: int
    failed: int


class Watched(Protocol):
    """A pool that tells what it is doing; asked from other threads at any time."""

    def at_work(self) -> Sequence[ProcessAtWork]:
        """Its processes."""


_pools: set[Watched] = set()


@contextmanager
def watched(pool: Watched) -> Iterator[None]:
    """Let others see the processes of a pool as long as the block lasts."""
    # Adding and removing are one step each, so no lock is needed that an interruption could leave taken.
    _pools.add(pool)
    try:
        yield
    finally:
        _pools.discard(pool)


def processes_at_work() -> tuple[ProcessAtWork, ...]:
    """The processes of all pools of this process that have work, in the order of their start."""
    found = [process for pool in tuple(_pools) for process in pool.at_work()]
    return tuple(sorted(found, key=lambda process: (process.since, process.pid or 0)))


def label_of(task: Any, function: str) -> str:
    """What a person calls a task: the photos that it is about, or else the name of the function."""
    photos = [
        one for each in getattr(task, "tasks", (task,)) if isinstance(one := getattr(each, "image_path", None), str)
    ]
    if not photos:
        return function
    more = len(photos) - _MOST_NAMED
    return ", ".join(photos[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
