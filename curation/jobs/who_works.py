"""Who works on what now: the workers of other machines, and the processes of this one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from curation.errors import CurationError
from curation.settings import Settings
from curation.workers.at_work import ProcessAtWork, processes_at_work
from curation.workers.distributed.broker import BrokerOptions

if TYPE_CHECKING:
    from curation.workers.distributed.roster import Roster, WorkerState

__all__ = ["AtWork", "WhoWorks"]

_FRESH_S = 1.0
"""Many pages ask every two seconds; the broker is asked at most this often."""

AskRoster = Callable[[], "Sequence[WorkerState]"]


@dataclass(frozen=True, slots=True)
class AtWork:
    """Who works on what.

    Attributes:
        pool: How photos are shared out, `performance.pool`.
        broker: Address of the broker without password; None with the pool `local`.
        problem: Why the broker cannot be asked; empty if it can.
        workers: Of other machines, in the order of their names.
        processes: Of this service, while one of its jobs needs them.
    """

    pool: Literal["local", "celery"]
    broker: str | None
    problem: str
    workers: Sequence[WorkerState]
    processes: Sequence[ProcessAtWork]


class WhoWorks:
    """Asks who works on what; may be used from any thread."""

    def __init__(self, settings: Settings, ask_roster: AskRoster | None = None) -> None:
        """Nothing is asked yet.

        Args:
            settings: Of the service.
            ask_roster: Asks the workers of other machines; by default those that know the broker of the settings.
        """
        self._pool = settings.performance.pool
        self._broker = BrokerOptions.of(settings.workers)
        self._roster: Roster | None = None
        self._ask_roster = ask_roster or self._workers_of_roster
        self._lock = threading.Lock()
        self._asked = -_FRESH_S
        self._workers: Sequence[WorkerState] = ()
        self._problem = ""

    def now(self) -> AtWork:
        """Who works on what now; what the broker said is at most a second old."""
        if self._pool == "local":
            return AtWork("local", None, "", (), processes_at_work())
        with self._lock:
            if time.monotonic() - self._asked >= _FRESH_S:
                try:
                    found = sorted(self._ask_roster(), key=lambda worker: worker.facts.name)
                    self._workers, self._problem = tuple(found), ""
                except CurationError as error:
                    self._workers, self._problem = (), str(error)
                self._asked = time.monotonic()
            workers, problem = self._workers, self._problem
        return AtWork("celery", self._broker.address, problem, workers, processes_at_work())

    def close(self) -> None:
        """Leave the broker."""
        with self._lock:
            if self._roster is not None:
                self._roster.close()
                self._roster = None

    def _workers_of_roster(self) -> Sequence[WorkerState]:
        if self._roster is None:
            # Only here: with the pool `local` nobody needs it.
            from curation.workers.distributed.roster import Roster

            self._roster = Roster(self._broker)
        return self._roster.workers()
