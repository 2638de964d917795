"""Waiting for Redis: a role of the queue goes on by itself when the server is back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from curation.errors import RedisUnavailableError

__all__ = ["Patience", "Pauses", "StoppedError"]

_logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0

_Answer = TypeVar("_Answer")


class StoppedError(Exception):
    """The role was stopped while it waited; never leaves this room."""


class Pauses:
    """How long to wait before each further try, in seconds: twice as long each time, up to a limit."""

    def __init__(self) -> None:
        self._next_s = _FIRST_PAUSE_S

    def __next__(self) -> float:
        pause_s = self._next_s
        self._next_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return pause_s


class Patience:
    """Asks Redis until it answers; thread-safe.

    Args:
        tell: Is told once with the error when Redis is away, and once with None when it is back.
    """

    def __init__(self, tell: Callable[[RedisUnavailableError | None], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._is_away = False

    def ask(self, question: Callable[[], _Answer], until: threading.Event) -> _Answer:
        """The answer to a question that raises `RedisUnavailableError` while the server is away.

        Args:
            question: Asks Redis; asked again if the answer got lost, so that asking twice must do no harm.
            until: Ends the waiting.

        Raises:
            StoppedError: If `until` is set and Redis is away.
        """
        pauses = Pauses()
        while True:
            try:
                answer = question()
            except RedisUnavailableError as error:
                self._note(error)
                if until.wait(next(pauses)):
                    raise StoppedError from error
                continue
            self._note(None)
            return answer

    def _note(self, error: RedisUnavailableError | None) -> None:
        if (error is not None) == self._is_away:
            return
        with self._lock:
            if (error is not None) == self._is_away:
                return
            self._is_away = error is not None
        if error is not None:
            _logger.error("%s; the role waits for it", error)
        else:
            _logger.warning("Redis answers again")
        self._tell(error)
