"""Running many small tasks, in this process or in worker processes, behind one Protocol.

A task is a plain picklable value, the function a module-level function. Each task has an `Outcome`: its result, or
why it has none. What the function raises decides:

- `PhotoError`: this task failed, the run continues;
- any other `CurationError`: the whole stage failed, the pool raises it;
- anything else: a bug in this program or in a library; this task failed, and the traceback is logged.

Both pools call the same initializer, once per worker, so that serial and parallel runs give the same results.
"""

from __future__ import annotations

import logging
import os
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from curation.errors import CurationError, PhotoError, RunInterruptedError, fault_of

__all__ = ["Outcome", "Reply", "TaskFailure", "TaskPool", "call", "outcome_of", "stop_if", "usable_cores"]

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")


def usable_cores() -> int:
    """How many CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why a task has no result.

    Attributes:
        kind: Whether the photo is the cause, or its process.
        reason: A message for the user.
        fault: What is wrong with the photo's file, see `curation.errors.fault_of`; empty if none is known.
        good: What of the file is still good.
    """

    kind: Literal["failed", "killed", "timeout", "bug"]
    reason: str
    fault: str = ""
    good: str = ""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """How a task ended: `failure` is None if and only if `result` is valid."""

    task: T
    result: R | None
    failure: TaskFailure | None


class TaskPool(Protocol):
    """Runs a function over tasks and yields outcomes as they are ready, not in the order of the tasks."""

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[T, R]]:
        """Run `function` over `tasks`.

        Args:
            function: A module-level function.
            tasks: Picklable values, taken one by one as workers become free.
            timeout_s: A task that takes longer fails, if the pool can interrupt it; None is no limit.
            cancel: When set, the run stops soon.

        Raises:
            RunInterruptedError: If `cancel` was set.
            CurationError: If the function raised one that is not a `PhotoError`.
        """

    def close(self) -> None:
        """End all workers; unfinished tasks are lost."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How a call ended, in a form that can always be pickled; `fault` and `good` as in `TaskFailure`."""

    kind: Literal["ok", "photo", "stage", "bug"]
    value: Any = None
    text: str = ""
    fault: str = ""
    good: str = ""


def call(function: Callable[[Any], Any], task: Any) -> Reply:
    """Call `function` with a task, in the worker; exceptions are returned as replies."""
    try:
        return Reply("ok", value=function(task))
    except PhotoError as error:
        fault, good = fault_of(error)
        return Reply("photo", text=str(error), fault=fault, good=good)
    except CurationError as error:
        return Reply("stage", value=error)
    except MemoryError:
        return Reply("photo", text="not enough memory for this photo; use fewer workers (performance.workers)")
    except Exception as error:  # any exception must cost this one photo only
        return Reply("bug", text=f"{type(error).__name__}: {error}", value=traceback.format_exc())


def outcome_of(task: T, reply: Reply) -> Outcome[T, Any]:
    """The outcome of a task from the reply of its worker, in the parent.

    Raises:
        CurationError: If the function raised one that is not a `PhotoError`.
    """
    if reply.kind == "ok":
        return Outcome(task, reply.value, None)
    if reply.kind == "stage":
        raise reply.value
    if reply.kind == "bug":
        log.error("unexpected error with %r\n%s", task, reply.value)
        return Outcome(task, None, TaskFailure("bug", f"unexpected error ({reply.text})"))
    return Outcome(task, None, TaskFailure("failed", reply.text, reply.fault, reply.good))


def stop_if(cancel: threading.Event | None) -> None:
    """End the run if it was cancelled.

    Raises:
        RunInterruptedError: If `cancel` is set.
    """
    if cancel is not None and cancel.is_set():
        raise RunInterruptedError("the run was stopped; what was analysed so far is kept for the next run")
