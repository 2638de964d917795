"""Limits of the children of a worker, by what they use and not by the clock on the wall: see `curation.workers.use`.

Celery has a limit of its own, by the clock; it stands far behind, for children of which nothing can be measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from curation.workers.use import Meter, Overrun, most_memory_mb

__all__ = ["CLOCK_FACTOR", "LIMIT_HEADER", "ChildLimits", "clock_limit_s"]

CLOCK_FACTOR = 10.0
"""How many times its processor time a task may take by the clock: on a machine that is very busy."""
LIMIT_HEADER = "curation_limit_s"
"""Name of the header of a task's message with its limit of processor time, in seconds."""


def clock_limit_s(timeout_s: float) -> float:
    """How long a task may take by the clock, in seconds."""
    return CLOCK_FACTOR * timeout_s


class ChildLimits:
    """Measures what each child uses for its task. Not thread-safe."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self._meters: dict[str, tuple[int, Meter]] = {}
        self._memory_mb = most_memory_mb(0)

    def passed(self, requests: Iterable[Any]) -> list[tuple[Any, Overrun]]:
        """Celery's requests whose children went beyond a limit; to be called several times a second.

        Args:
            requests: All that are worked on.
        """
        found = []
        known: dict[str, tuple[int, Meter]] = {}
        for request in requests:
            pid = request.worker_pid
            if not pid:
                continue
            before = self._meters.get(request.id)
            meter = before[1] if before is not None and before[0] == pid else Meter(pid)
            known[request.id] = (pid, meter)
            limit_s = request.request_dict.get(LIMIT_HEADER)
            passed = meter.look(limit_s if isinstance(limit_s, int | float) else None, self._memory_mb)
            if passed is not None:
                found.append((request, passed))
        self._meters = known
        return found
