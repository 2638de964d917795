"""Whether image_input is there, as far as the pictures of a consumer show it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from curation.services.queue.patience import StoppedError

__all__ = ["Presence"]

_FRESH_S = 1.0  # an answer proves for so long that the role is there
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Presence:
    """Lets pictures through when image_input is there, so that none is charged for a role that was away anyway.

    Args:
        is_serving: Asks the role.
        stop: Ends all waiting.
        tell: Is told once when the role is found to be away, and once when it is back.
    """

    def __init__(self, is_serving: Callable[[], bool], stop: threading.Event, tell: Callable[[bool], None]) -> None:
        self._is_serving = is_serving
        self._stop = stop
        self._tell = tell
        self._lock = threading.Lock()
        self._seen = -_FRESH_S
        self._is_away = False

    def seen(self) -> None:
        """The role has answered."""
        self._seen = time.monotonic()

    def lost(self) -> None:
        """The role has not answered: the next picture waits until it does."""
        self._seen = -_FRESH_S

    def wait(self) -> None:
        """Wait until the role is there.

        Raises:
            StoppedError: If the consumer is to stop.
        """
        if self._is_fresh() and not self._stop.is_set():
            return
        # One asks for all.
        with self._lock:
            pause_s = _FIRST_PAUSE_S
            while not self._stop.is_set():
                if self._is_fresh():
                    return
                is_serving = self._is_serving()
                self._note(is_away=not is_serving)
                if is_serving:
                    self.seen()
                    return
                self._stop.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        raise StoppedError

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._seen < _FRESH_S

    def _note(self, *, is_away: bool) -> None:
        if is_away != self._is_away:
            self._is_away = is_away
            self._tell(is_away)
