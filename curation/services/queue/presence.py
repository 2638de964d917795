"""Whether the roles are there, as far as a consumer sees them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from curation.services.queue.patience import StoppedError
from curation.services.role import GRPC_ROLES, Role

__all__ = ["Presence"]

_FRESH_S = 1.0  # an answer proves for so long that the role is there
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Presence:
    """Lets pictures through when the roles are there, so that none is charged for a role that was away anyway.

    image_input must serve, and so must the other roles that were ever seen to: they may be out of sight from here.

    Args:
        health: The state of each role, `SERVING` or another word.
        stop: Ends all waiting.
        tell: Is told the names of the roles that are found to be away, and once nothing when all are back.
    """

    def __init__(
        self, health: Callable[[], Mapping[Role, str]], stop: threading.Event, tell: Callable[[str], None]
    ) -> None:
        self._health = health
        self._ever: set[Role] = set()
        self._stop = stop
        self._tell = tell
        self._lock = threading.Lock()
        self._seen = -_FRESH_S
        self._told = ""

    def seen(self) -> None:
        """All roles have answered."""
        self._seen = time.monotonic()

    def lost(self) -> None:
        """A role has not answered: the next picture waits until it does."""
        self._seen = -_FRESH_S

    @property
    def has_seen_all(self) -> bool:
        """Whether every role was ever there, so that one that is lost was there before."""
        return self._ever >= set(GRPC_ROLES)

    def wait(self) -> None:
        """Wait until the roles are there.

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
                away = self._away()
                self._note(away)
                if not away:
                    self.seen()
                    return
                self._stop.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        raise StoppedError

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._seen < _FRESH_S

    def _away(self) -> str:
        health = self._health()
        serving = {role for role in GRPC_ROLES if health.get(role) == "SERVING"}
        self._ever |= serving
        wanted = self._ever | {Role.IMAGE_INPUT}
        return ", ".join(role for role in GRPC_ROLES if role in wanted - serving)

    def _note(self, away: str) -> None:
        if away != self._told:
            self._told = away
            self._tell(away)
