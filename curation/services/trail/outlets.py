"""What writes lines of the log somewhere, in a thread of its own, so that no role ever waits for its log."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from curation.errors import CurationError
from curation.services.trail.line import TrailLine

__all__ = ["Outlet", "Sink"]

_logger = logging.getLogger(__name__)

_CAPACITY = 20_000  # lines, about 10 MB; at 10 lines a picture, 2000 pictures of a place that is away
_BATCH = 500
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0


class Sink(Protocol):
    """A place where lines of the log are written."""

    @property
    def name(self) -> str:
        """What a person calls it, such as "Redis"."""

    def write(self, lines: Sequence[TrailLine]) -> None:
        """Write lines, all or, as far as that is possible, none.

        Raises:
            CurationError: If it is away; the same lines are then given again later.
        """

    def close(self) -> None:
        """Let go of what is open."""


class Outlet:
    """A sink with a bounded buffer and a thread.

    While the sink is away its lines wait; when the buffer is full the oldest are dropped, and how many is said in the
    program's own log. Numbers of lines have no gaps, so that every reader sees that some are missing.
    """

    def __init__(self, sink: Sink, *, capacity: int = _CAPACITY) -> None:
        self._sink = sink
        self._capacity = capacity
        self._lines: deque[TrailLine] = deque()
        self._changed = threading.Condition()
        self._is_closing = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"log to {sink.name}", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How many lines were dropped since the start."""
        return self._dropped

    def put(self, line: TrailLine) -> None:
        """Take a line; never waits for the sink."""
        with self._changed:
            if len(self._lines) >= self._capacity:
                self._lines.popleft()
                self._dropped += 1
            self._lines.append(line)
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Write what waits, for at most `timeout_s` seconds; the sink is closed."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        told_dropped = 0
        is_away = False
        while (batch := self._next()) is not None:
            try:
                self._sink.write(batch)
            except CurationError as error:
                if not is_away:
                    _logger.warning("the log cannot be written to %s, its lines wait: %s", self._sink.name, error)
                is_away = True
                if not self._keep(batch, pause_s):
                    break
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            except Exception:
                # A fault of ours must not end the log of a server that runs for months; the lines are lost, and said.
                _logger.exception("lines of the log cannot be written to %s", self._sink.name)
                with self._changed:
                    self._dropped += len(batch)
            if is_away:
                _logger.warning("the log is written to %s again", self._sink.name)
            is_away, pause_s = False, _FIRST_PAUSE_S
            if self._dropped > told_dropped:
                _logger.warning("%d lines of the log did not get to %s", self._dropped - told_dropped, self._sink.name)
                told_dropped = self._dropped
        self._sink.close()

    def _next(self) -> list[TrailLine] | None:
        """The next lines; None when everything is written and nothing more comes."""
        with self._changed:
            while not self._lines:
                if self._is_closing:
                    return None
                self._changed.wait()
            return [self._lines.popleft() for _ in range(min(_BATCH, len(self._lines)))]

    def _keep(self, batch: Sequence[TrailLine], pause_s: float) -> bool:
        """Put lines back and wait; False if there is no time to try again."""
        end = time.monotonic() + pause_s
        with self._changed:
            room = self._capacity - len(self._lines)
            self._dropped += max(0, len(batch) - room)
            self._lines.extendleft(reversed(batch[max(0, len(batch) - room) :]))
            if self._is_closing:
                _logger.warning("%d lines of the log did not get to %s", len(self._lines), self._sink.name)
                return False
            while (left_s := end - time.monotonic()) > 0 and not self._is_closing:
                self._changed.wait(left_s)
        return True
