"""When a call is tried again: only if the role was not there, a little later each time, within the deadline."""

from __future__ import annotations

import random
from collections.abc import Iterator

__all__ = ["delays_s"]

_TRIES_AGAIN = 6
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 2.0


def delays_s() -> Iterator[float]:
    """How long to wait before each further try, in seconds: twice as long each time, some 5 s in all.

    A part of each is random, so that the clients of a role that comes back do not all come at once.
    """
    delay = _FIRST_DELAY_S
    for _ in range(_TRIES_AGAIN):
        yield delay * random.uniform(0.75, 1.25)
        delay = min(2 * delay, _LONGEST_DELAY_S)
