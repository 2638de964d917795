"""A pool whose tasks travel as JSON text to a worker of another machine, without a broker between them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from curation.workers.distributed.messages import Answer, Request, fault_told
from curation.workers.distributed.remote_work import RemoteWork
from curation.workers.pool import Outcome, Reply, TaskPool, outcome_of, stop_if

__all__ = ["RefusedError", "RemotePool"]


class RefusedError(Exception):
    """The worker refused a task, or could not reach what it needs."""


class RemotePool:
    """Implements `TaskPool`: encodes each task, lets `execute` do it, decodes its answer.

    Attributes:
        kinds: Of all answers.
        bytes_sent: Of all requests.
        bytes_received: Of all answers.
    """

    def __init__(
        self, work: RemoteWork, execute: Callable[[Request], Answer], here: Callable[[], TaskPool] | None = None
    ) -> None:
        self._work = work
        self._execute = execute
        self._here = here
        self.kinds: list[str] = []
        self.bytes_sent = self.bytes_received = 0

    def run(
        self,
        function: Callable[[Any], Any],
        tasks: Iterable[Any],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[Any, Any]]:
        name = self._work.name_of(function)
        if name is None:
            assert self._here is not None, f"{function} is not known to workers"
            pool = self._here()
            try:
                yield from pool.run(function, tasks, timeout_s=timeout_s, cancel=cancel)
            finally:
                pool.close()
            return
        for number, task in enumerate(tasks):
            stop_if(cancel)
            text = json.dumps(
                asdict(
                    Request(
                        "run",
                        str(number),
                        1,
                        name,
                        self._work.setup,
                        self._work.setup_hash,
                        self._work.encode(task),
                        timeout_s,
                        self._work.label_of(task),
                    )
                ),
                allow_nan=False,
            )
            self.bytes_sent += len(text)
            told = json.dumps(asdict(self._execute(Request(**json.loads(text)))), allow_nan=False)
            self.bytes_received += len(told)
            answer = Answer(**json.loads(told))
            self.kinds.append(answer.kind)
            yield outcome_of(task, self._reply(name, answer))

    def _reply(self, name: str, answer: Answer) -> Reply:
        if answer.kind == "ok":
            return Reply("ok", self._work.decode(name, answer.value))
        if answer.kind == "stage":
            return Reply("stage", self._work.error_of(answer.value))
        if answer.kind in ("photo", "bug"):
            if answer.kind == "photo":
                return Reply("photo", None, answer.text, *fault_told(answer.value))
            return Reply("bug", answer.value, answer.text)
        raise RefusedError(f"{answer.kind}: {answer.text}")

    def close(self) -> None:
        """Nothing runs."""
