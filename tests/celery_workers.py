"""Workers of Celery for tests: real processes, which do the small tasks of `tests.integration.pool_tasks`.

This file is both: what the tests use, and, called as a program, a worker.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from curation.errors import CurationError, WeightsMissingError
from curation.workers.celery_app import make_app, run_worker
from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.messages import IN_PLACE, Answer, Request
from curation.workers.distributed.worker import node
from curation.workers.pool import call
from tests.conftest import PROJECT_ROOT
from tests.integration import pool_tasks
from tests.processes import wait_until

__all__ = ["CeleryWorker", "PoolWork", "away", "execute", "homeless", "lacking", "unfit", "unheard"]

_prepared: list[str] = []


def away(number: int) -> int:
    """Double, after so many answers that the storage was away."""
    raise NotImplementedError(number)


def unfit(number: int) -> int:
    """Refused by each worker."""
    raise NotImplementedError(number)


def homeless(number: int) -> int:
    """Double; given back by a worker as long as there is a file with its name in the folder of the run."""
    raise NotImplementedError(number)


def unheard(number: int) -> int:
    """Double; the first answer is lost."""
    raise NotImplementedError(number)


_ODD: dict[str, Callable[[int], int]] = {"away": away, "unfit": unfit, "unheard": unheard, "homeless": homeless}


class PoolWork:
    """The remote work of `pool_tasks`: tasks and results are JSON as they are."""

    def __init__(
        self, folder: Path, *, functions: Sequence[Callable[..., Any]] | None = None, lacks: str = "", gone: str = ""
    ) -> None:
        self._gone = gone
        self.setup: Any = {"folder": str(folder), "lacks": lacks}
        self.setup_hash = hashlib.sha256(json.dumps(self.setup).encode()).hexdigest()
        self._functions = functions

    def name_of(self, function: Callable[..., Any]) -> str | None:
        if self._functions is not None and function not in self._functions:
            return None
        known = getattr(pool_tasks, function.__name__, None) is function or function in _ODD.values()
        return function.__name__ if known else None

    def encode(self, task: Any) -> Any:
        return task

    def gone(self, task: Any) -> str:
        return self._gone

    def decode(self, name: str, value: Any) -> Any:
        if name == "double" and not isinstance(value, int):
            raise ValueError("not a number")
        return value

    def error_of(self, value: Any) -> CurationError:
        return WeightsMissingError(str(value))

    def label_of(self, task: Any) -> str:
        return f"task {task}"


def execute(request: Request) -> Answer:
    """Do a task of the tests; see `workers.celery_app`."""
    if _prepared != [request.setup_hash]:
        _prepared[:] = [request.setup_hash]
        pool_tasks.state["set_up"] = 0
        pool_tasks.set_up(request.setup["folder"])
    if request.function == "away" and request.send <= request.task:
        return _answer(request, "transport", None, "the storage is away")
    if request.function == "unfit":
        return _answer(request, "refused", None, "it has no weights for this")
    if request.function == "homeless":
        why = lacking(request.setup)
        if why or (Path(request.setup["folder"]) / f"{sys.argv[2]}-{request.task}").exists():
            return _answer(request, "transport", IN_PLACE, why)
    if request.function == "unheard" and request.send == 1:
        # Its parent knows no such task, so this answer is as good as lost.
        return replace(_answer(request, "ok", 0, ""), task_id="lost")
    function = pool_tasks.double if request.function in _ODD else getattr(pool_tasks, request.function)
    reply = call(function, request.task)
    value = str(reply.value) if reply.kind in ("stage", "bug") else reply.value
    return _answer(request, reply.kind, value, reply.text)


def _answer(request: Request, kind: Any, value: Any, text: str) -> Answer:
    return Answer(request.run, request.task_id, request.send, kind, value, text, {}, 0.0)


def lacking(setup: Any) -> str:
    """What the set-up says that this worker lacks."""
    if (Path(setup["folder"]) / sys.argv[2]).exists():
        return "its folder of photos is away"
    return str(setup["lacks"])


class CeleryWorker:
    """A worker with its children, in a session of its own."""

    def __init__(self, url: str, folder: Path, *, name: str = "one", processes: int = 2, version: str = "") -> None:
        self.name = f"{name}@test"
        self._log = folder / f"worker-{name}.log"
        command = [sys.executable, "-m", "tests.celery_workers", url, self.name, str(processes), version]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT_ROOT,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self._process.pid).children(recursive=True)

    def wait_until_ready(self) -> None:
        wait_until(lambda: self._process.poll() is not None or "ready" in self.log, f"worker {self.name}")
        assert self._process.poll() is None, self.log

    def terminate(self, patience_s: float = 30) -> int:
        """End it as `kill` does, and wait."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(patience_s)

    def kill(self) -> None:
        """Kill it with its children at once, as a power cut does."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def main() -> int:
    """Be a worker."""
    url, name, processes, version = sys.argv[1:]
    node._CHECK_AGAIN_S = 0.5
    if version:
        import curation

        curation.__version__ = version
    app = make_app(BrokerOptions(url), concurrency=int(processes), executor="tests.celery_workers")
    return run_worker(app, name=name, log_level="INFO")


if __name__ == "__main__":
    sys.exit(main())
