"""The rate at which a job processes photos, and the time left."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from curation.domain.report import Progress

__all__ = ["Pace", "PaceMeter"]

WINDOW_S = 30.0
"""Window of the rate: long enough to average over photos of all sizes, short enough to follow changes of load."""
SAMPLE_EVERY_S = 0.5
MIN_ELAPSED_S = 1.0
"""No rate is given before this time: it would be a guess."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Rate and time left of a phase.

    Attributes:
        rate_per_s: Units (photos, files) per second.
        seconds_left: Seconds until the phase is done, at this rate.
    """

    rate_per_s: float
    seconds_left: float


class PaceMeter:
    """Computes the pace of the last 30 s from progress reports. Thread-safe.

    Units that are done when a phase starts (photos known from an earlier run) do not count for the rate.
    """

    def __init__(self) -> None:
        """Start without any progress."""
        self._guard = threading.Lock()
        self._phase = ""
        self._total = 0
        self._last: tuple[float, int] = (0.0, 0)
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, progress: Progress, now_s: float) -> None:
        """Add a progress report.

        Args:
            progress: Progress of the stage.
            now_s: Current time of a monotonic clock, in seconds.
        """
        with self._guard:
            if progress.phase != self._phase or progress.done < self._last[1]:
                self._phase = progress.phase
                self._samples.clear()
            self._total = progress.total
            self._last = (now_s, progress.done)
            if not self._samples or now_s - self._samples[-1][0] >= SAMPLE_EVERY_S:
                self._samples.append(self._last)
            # Two samples stay, however old: a phase in which each photo takes a minute has a pace too.
            while len(self._samples) > 2 and now_s - self._samples[1][0] > WINDOW_S:
                self._samples.popleft()

    def pace(self, now_s: float) -> Pace | None:
        """The pace at this time of the same clock; None as long as it is unknown."""
        with self._guard:
            if not self._samples:
                return None
            began_s, began_done = self._samples[0]
            last_s, done = self._last
            # The rate falls while there is no progress, but not between two photos of a steady run.
            usual_s = (last_s - began_s) / max(done - began_done, 1)
            elapsed_s = max(last_s - began_s, now_s - began_s - usual_s)
            if done <= began_done or elapsed_s < MIN_ELAPSED_S:
                return None
            rate = (done - began_done) / elapsed_s
            return Pace(rate, max(0.0, (self._total - done) / rate - (now_s - last_s)))
