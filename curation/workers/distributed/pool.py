"""A pool whose workers are Celery's, on any machines; that each task ends exactly once is this side's affair."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import TracebackType
from typing import Any, Self, TypeVar

import curation
from curation.interrupts import interrupts_delayed
from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.dispatch import Dispatch, RunFacts
from curation.workers.distributed.messages import PROTOCOL
from curation.workers.distributed.muster import Muster
from curation.workers.distributed.post import Post
from curation.workers.distributed.remote_work import RemoteWork
from curation.workers.pool import Outcome, TaskPool, stop_if

__all__ = ["CeleryPool"]

T = TypeVar("T")
R = TypeVar("R")


class CeleryPool:
    """Runs tasks on the workers of other machines; functions that they do not know run on this one."""

    def __init__(self, broker: BrokerOptions, work: RemoteWork, *, here: Callable[[], TaskPool]) -> None:
        """Prepare; nothing is connected or started yet.

        Args:
            broker: Where it is, and how patient to be.
            work: What the workers know.
            here: Makes the pool for the other functions.
        """
        self._broker = broker
        self._work = work
        self._here = here
        self._local: TaskPool | None = None
        self._run = secrets.token_hex(8)
        self._muster = Muster()
        self._facts: RunFacts | None = None
        self._greeting_facts: dict[str, Any] = {}

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[T, R]]:
        """See `TaskPool.run`. At most `ahead` tasks for each process of the workers are taken ahead of their turn.

        Raises:
            BrokerUnavailableError: If the broker is away for longer than `patience_s`, or refuses the password.
            WorkersMissingError: If no worker takes part, or all were refused; the message names them.
        """
        name = self._work.name_of(function)
        if name is None:
            if self._local is None:
                self._local = self._here()
            return self._local.run(function, tasks, timeout_s=timeout_s, cancel=cancel)
        return self._run_remotely(name, iter(tasks), timeout_s, cancel)

    def _run_remotely(
        self, name: str, source: Iterator[T], timeout_s: float | None, cancel: threading.Event | None
    ) -> Iterator[Outcome[T, Any]]:
        stop_if(cancel)
        try:
            first = next(source)
        except StopIteration:
            return
        self._greeting_facts = {"setup": self._work.setup, "setup_hash": self._work.setup_hash}
        with interrupts_delayed():
            if self._facts is None:
                post = Post(self._broker, self._run, self._greeting)
                self._facts = RunFacts(self._run, post, self._muster, self._broker, self._work)
                post.start()
            dispatch: Dispatch[T] = Dispatch(self._facts, name, timeout_s)
        try:
            yield from dispatch.outcomes(chain([first], source), cancel)
        finally:
            with interrupts_delayed():
                dispatch.let_go()

    def _greeting(self) -> dict[str, Any]:
        """What workers are told; called by the thread that sends."""
        return {
            "protocol": PROTOCOL,
            "program": curation.__version__,
            **self._greeting_facts,
            "excluded": dict(self._muster.excluded),
        }

    def close(self) -> None:
        """Leave the workers and end the processes of this machine."""
        with interrupts_delayed():
            if self._facts is not None:
                self._facts.post.close()
                self._facts = None
            if self._local is not None:
                self._local.close()
                self._local = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
