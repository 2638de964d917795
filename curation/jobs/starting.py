"""Starting a job, with an immediate error if another job or run excludes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from curation.jobs.job import Job, Stage
from curation.jobs.runner import JobRunner
from curation.jobs.store import ActiveJobError
from curation.storage.locks import hold_export, hold_output

__all__ = ["start"]

_LOCKS: Mapping[Stage, Callable[[Path], AbstractContextManager[object]]] = {
    Stage.CLUSTERING: hold_output,
    Stage.SCORING: hold_output,
    Stage.EXPORT: hold_export,
    Stage.SIDECARS: hold_export,
    # Films have folders of their own.
    Stage.VIDEO: lambda _: nullcontext(),
    # A download locks its file.
    Stage.WEIGHTS: lambda _: nullcontext(),
}


def start(runner: JobRunner, stage: Stage, request: Mapping[str, Any], output_dir: Path) -> Job:
    """Start a stage in the background.

    Args:
        runner: Runs the job.
        stage: The stage.
        request: The options of the run; plain JSON values, stored with the job.
        output_dir: The output folder that the stage locks.

    Returns:
        The new job.

    Raises:
        ActiveJobError: If a job that excludes it is active in this service process, or one of this stage in another.
        BusyError: If a run outside of any service, such as a script, has locked the output folder.
        ServiceEndingError: If the service is stopping.
        StorageError: If the job cannot be stored.
    """
    conflicting = runner.conflicting_job(stage)
    if conflicting is not None:
        raise ActiveJobError(conflicting)
    # The job acquires the lock itself; this check only gives the caller an immediate error.
    with _LOCKS[stage](output_dir):
        pass
    return runner.start(stage, request)
