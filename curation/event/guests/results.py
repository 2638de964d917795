"""What guests found, for as long as they look at it; in memory only, under names that cannot be guessed."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["KEPT_S", "FoundPhotos", "GuestResults", "SelfieRate"]

KEPT_S = 1800.0
"""How long a guest can look at what was found."""
_MOST = 500
_NAME_BYTES = 24
_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class FoundPhotos:
    """What a guest may see.

    Attributes:
        image_paths: The photos, best first.
        download: Whether they may be downloaded.
        link_id: Of the link that was used; empty for the owner.
        ends_s: When it is forgotten, in seconds of the clock.
    """

    image_paths: tuple[str, ...]
    download: bool
    link_id: str
    ends_s: float


class GuestResults:
    """What guests found. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without results."""
        self._clock = clock
        self._guard = threading.Lock()
        self._found: dict[str, FoundPhotos] = {}

    def keep(self, image_paths: tuple[str, ...], *, download: bool, link_id: str) -> str:
        """Keep a result for a while, and give its name."""
        name, now_s = secrets.token_urlsafe(_NAME_BYTES), self._clock()
        with self._guard:
            self._sweep(now_s)
            while len(self._found) >= _MOST:
                del self._found[next(iter(self._found))]
            self._found[name] = FoundPhotos(image_paths, download, link_id, now_s + KEPT_S)
        return name

    def of(self, name: str) -> FoundPhotos | None:
        """The result of this name; None if it is forgotten."""
        with self._guard:
            self._sweep(self._clock())
            return self._found.get(name)

    def forget(self, name: str) -> None:
        """Forget a result."""
        with self._guard:
            self._found.pop(name, None)

    def forget_link(self, link_id: str) -> None:
        """Forget all that was found with a link."""
        with self._guard:
            self._found = {name: found for name, found in self._found.items() if found.link_id != link_id}

    def _sweep(self, now_s: float) -> None:
        for name in [name for name, found in self._found.items() if found.ends_s <= now_s]:
            del self._found[name]


class SelfieRate:
    """How many selfies are looked at in a minute: from one address, and from all. Thread-safe."""

    def __init__(self, *, from_one: int = 8, from_all: int = 40, clock: Callable[[], float] = time.monotonic) -> None:
        """Set the limits."""
        self._from_one = from_one
        self._from_all = from_all
        self._clock = clock
        self._guard = threading.Lock()
        self._asked: list[tuple[float, str]] = []

    def wait_s(self, address: str) -> float:
        """Count a selfie, unless there were too many.

        Args:
            address: Of the client.

        Returns:
            0 if it may be looked at; else after how many seconds to ask again.
        """
        now_s = self._clock()
        with self._guard:
            self._asked = [each for each in self._asked if each[0] > now_s - _WINDOW_S]
            own = [at_s for at_s, who in self._asked if who == address]
            if len(own) >= self._from_one:
                return own[0] + _WINDOW_S - now_s
            if len(self._asked) >= self._from_all:
                return self._asked[0][0] + _WINDOW_S - now_s
            self._asked.append((now_s, address))
            return 0.0
