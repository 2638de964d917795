"""Starting a job, and hearing at once of whatever is in its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from curation.jobs.job import Job, Stage
from curation.jobs.runner import JobRunner
from curation.jobs.store import ActiveJobError
from curation.storage.locks import hold_export, hold_output

__all__ = ["start"]

_LOCKS: Mapping[Stage, Callable[[Path], AbstractContextManager[None]]] = {
    Stage.CLUSTERING: hold_output,
    Stage.SCORING: hold_output,
    Stage.EXPORT: hold_export,
}


def start(runner: JobRunner, stage: Stage, request: Mapping[str, Any], output_dir: Path) -> Job:
    """Start a stage in the background.

    Args:
        runner: That works on it.
        stage: Which one.
        request: What it is asked for; plain JSON values, kept with the job.
        output_dir: The folder whose lock the stage takes.

    Returns:
        The new job.

    Raises:
        ActiveJobError: If a job that excludes it is active in this service, or one of this stage in another.
        BusyError: If a run outside of any service is at work on the output folder.
        ServiceEndingError: If the service ends.
        StorageError: If the job cannot be stored.
    """
    conflicting = runner.conflicting_job(stage)
    if conflicting is not None:
        raise ActiveJobError(conflicting)
    # The job takes the lock itself; looking now tells the caller at once.
    with _LOCKS[stage](output_dir):
        pass
    return runner.start(stage, request)
