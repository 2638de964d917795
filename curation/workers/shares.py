"""How pools that run at the same time share the cores of this machine.

Each pool alone may use as many processes as it was made for. While several run in this process, all together keep no
more busy than the largest of them may alone, and each gets about the same number; what one gives back the others take.
With more pools than processes they take turns. A process always finishes the tasks that it was given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

__all__ = ["Share", "sharing"]

TURN_S = 2.0
"""How long a turn lasts where there are more pools than processes: some photos."""

_guard = threading.Lock()
_running: list[Share] = []


class Share:
    """What one running pool may use; see `sharing`."""

    def __init__(self, wanted: int, busy: Callable[[], int]) -> None:
        """Take what the pool may use alone.

        Args:
            wanted: Processes that the pool was made for, at least 1.
            busy: How many of its processes have something to do; called from the threads of other pools.
        """
        self.wanted = wanted
        self.busy = busy

    @property
    def processes(self) -> int:
        """How many processes the pool may keep busy now; 0 while it is the turn of others."""
        return _part(self, tuple(_running))

    @contextmanager
    def starting(self) -> Iterator[int]:
        """How many more processes may become busy now; as long as the block lasts no other pool makes one busy."""
        with _guard:
            running = tuple(_running)
            busy = sum(one.busy() for one in running)
            most = max((one.wanted for one in running), default=self.wanted)
            yield max(0, min(_part(self, running) - self.busy(), most - busy))


@contextmanager
def sharing(wanted: int, busy: Callable[[], int]) -> Iterator[Share]:
    """Take part in sharing as long as the block lasts; the arguments are those of `Share`."""
    share = Share(wanted, busy)
    # Adding and removing are one step each, so no lock is needed that an interruption could leave taken.
    _running.append(share)
    try:
        yield share
    finally:
        _running.remove(share)


def _part(share: Share, running: tuple[Share, ...]) -> int:
    """How many processes a pool gets: one after the other gets one more, until none is left or none wants more."""
    if share not in running or len(running) == 1:
        return share.wanted
    left = max(one.wanted for one in running)
    # Where not everybody gets one, who is first changes.
    first = int(monotonic() / TURN_S) % len(running) if len(running) > left else 0
    order = running[first:] + running[:first]
    parts = dict.fromkeys(order, 0)
    while left:
        unsatisfied = [one for one in order if parts[one] < one.wanted][:left]
        for one in unsatisfied:
            parts[one] += 1
        left = left - len(unsatisfied) if unsatisfied else 0
    return parts[share]
