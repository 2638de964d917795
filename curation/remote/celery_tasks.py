"""What a worker of another machine runs; Celery's side loads this module by its name, see `workers.celery_app`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from curation.workers.distributed.messages import Answer, Request

__all__ = ["execute", "lacking"]

_WORK = "curation.remote.execution"  # loaded when there is work: a worker that is idle needs none of it


def execute(request: Request) -> Answer:
    """Do a task; in a child process of the worker."""
    answer: Answer = import_module(_WORK).execute(request)
    return answer


def lacking(setup: Any) -> str:
    """What this machine lacks for a run; empty if nothing. Weights that are missing are fetched.

    In the worker's main process, whose children are forked later: nothing is loaded that has threads of its own.
    """
    text: str = import_module(_WORK).lacking(setup)
    return text
