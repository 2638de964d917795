"""What a pool of processes does about workers that die, and how it tells: whose fault it is, and when to try again."""

from __future__ import annotations

import logging
import time
from collections import deque
from typing import Generic, TypeVar

from curation.errors import WorkerError
from curation.workers.pool import TaskFailure
from curation.workers.use import Overrun

__all__ = ["Starts", "Suspects", "died", "overran"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_MOST_STARTS = 4
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0


class Starts:
    """How many starts of processes failed in a row, and when the next one is worth a try."""

    def __init__(self) -> None:
        """None has failed."""
        self._failed = 0
        self._not_before = 0.0

    def may_start(self) -> bool:
        """Whether it is time."""
        return time.monotonic() >= self._not_before

    def succeeded(self) -> None:
        """Note that a process is ready."""
        self._failed = 0

    def failed(self, said: str, *, is_last: bool) -> None:
        """Note that a process did not become ready.

        Args:
            said: Which process, and what is known of its end.
            is_last: Whether no other process of the pool works, so that the pool can do nothing.

        Raises:
            WorkerError: If it is the last one, and several were tried.
        """
        self._failed += 1
        if is_last and self._failed >= _MOST_STARTS:
            raise WorkerError(
                f"worker processes do not start: {self._failed} were tried, the last one was {said}. Free some memory, "
                "lower performance.workers, and check that this user may start Python and has not reached the limit of "
                "processes; a program of your own has to be started from a file or module, not from standard input"
            )
        log.warning("a worker process did not start (%s); another one is tried", said)
        self._not_before = time.monotonic() + min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (self._failed - 1))


class Suspects(Generic[T]):
    """Tasks whose worker died, which are done once more when there is nothing else to do, one at a time."""

    def __init__(self) -> None:
        """There is none."""
        self._waiting: deque[T] = deque()
        self._current: list[T] = []  # the one that is done once more

    def __bool__(self) -> bool:
        """Whether one waits."""
        return bool(self._waiting)

    def add(self, task: T) -> None:
        """Keep a task for later."""
        self._waiting.append(task)

    def next(self) -> T:
        """The next one, which is then the only one that is done."""
        task = self._waiting.popleft()
        self._current = [task]
        return task

    def has(self, task: T) -> bool:
        """Whether this task is the one that is done once more."""
        return any(each is task for each in self._current)


def died(how: str) -> TaskFailure:
    """The failure of a task of which two processes died.

    Args:
        how: The second one ended, in words.
    """
    told = f": {how}" if how else ""
    return TaskFailure(
        "killed",
        f"two worker processes died while they had this photo, the second time it was alone{told} (killed, out of "
        "memory, or a crash in a decoder); re-save the photo",
    )


def overran(passed: Overrun) -> TaskFailure:
    """The failure of a task that went beyond a limit of its process."""
    if passed.kind == "memory":
        return TaskFailure(
            "killed",
            f"given up because it took {passed.amount:,.0f} MB of memory, more than the {passed.limit:,.0f} MB that a "
            "worker may take (performance.photo_memory_mb); make the photo smaller or raise the setting",
        )
    if passed.kind == "waited":
        return TaskFailure(
            "timeout",
            f"given up after {passed.limit:g} s in which it only waited (twice performance.photo_timeout_s): is the "
            "disk or the network share of the photo gone, or the machine short of memory?",
        )
    return TaskFailure(
        "timeout",
        f"given up after {passed.limit:g} s of processor time (performance.photo_timeout_s); "
        "raise it if the photo is very large, else re-save the photo",
    )
