"""Looking through the photos: clustering, and scoring by itself when that has succeeded, as a job of its own."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from time import monotonic, sleep

from curation.errors import BusyError, CurationError
from curation.jobs.job import AFTER, RESUMED, THEN, Job, JobState, Stage
from curation.jobs.runner import JobRunner, ServiceEndingError
from curation.jobs.starting import start
from curation.jobs.store import ActiveJobError

__all__ = ["LookThrough", "begins_another", "first_half_of"]

logger = logging.getLogger(__name__)

_AGAIN_S = 0.3


class LookThrough:
    """Begins the second stage after the first, and goes on where the service ended in between."""

    def __init__(self, output_dir: Path, *, patience_s: float = 60) -> None:
        """Take the output folder.

        Args:
            output_dir: The folder that the stages lock.
            patience_s: How long to wait, in seconds, for somebody who holds it when the second stage is to begin.
        """
        self._output_dir = output_dir
        self._patience_s = patience_s

    def start(self, runner: JobRunner) -> Job:
        """Start clustering; scoring follows by itself.

        Returns:
            The job of the clustering. Its request says `then: scoring`.

        Raises:
            ActiveJobError: If a stage runs in this service process, or a clustering in another.
            BusyError: If a run outside of any service, such as a script, has locked the output folder.
            ServiceEndingError: If the service is stopping.
            StorageError: If the job cannot be stored.
        """
        return start(runner, Stage.CLUSTERING, {THEN: Stage.SCORING.value}, self._output_dir)

    def after_job(self, runner: JobRunner, job: Job) -> None:
        """Start scoring if a job was the first half of looking through, and succeeded; never raises."""
        if begins_another(job):
            self._begin(runner, Stage.SCORING, {AFTER: job.id})

    def go_on(self, runner: JobRunner) -> None:
        """Go on with what the end of a service interrupted; once, so that what ends the service cannot do so forever.

        What a user stopped, and what failed, is left alone. Never raises, and does not wait.
        """
        try:
            _, jobs = runner.list(stage=None, limit=20, offset=0)
        except CurationError as error:
            logger.warning("whether photos are to be looked through is not known: %s", error)
            return
        last = next((job for job in jobs if job.stage in (Stage.CLUSTERING, Stage.SCORING)), None)
        if last is None or last.cancel_requested_at is not None:
            return
        if _is_first_half(last) and last.state is JobState.SUCCEEDED:
            self._begin_beside(runner, Stage.SCORING, {AFTER: last.id})
        elif last.state is JobState.INTERRUPTED and last.goes_on:
            self._begin_beside(runner, last.stage, {**last.request, RESUMED: True})

    def _begin_beside(self, runner: JobRunner, stage: Stage, request: dict[str, object]) -> None:
        threading.Thread(
            target=self._begin, args=(runner, stage, request), name="curation-look-through", daemon=True
        ).start()

    def _begin(self, runner: JobRunner, stage: Stage, request: dict[str, object]) -> None:
        until_s = monotonic() + self._patience_s
        while True:
            try:
                start(runner, stage, request, self._output_dir)
                return
            except ServiceEndingError:
                logger.info("%s is started when the service is started again", stage)
                return
            except BusyError as error:
                # Whoever writes a ranking anew holds the folder for a moment.
                if monotonic() >= until_s:
                    logger.warning("%s is not started by itself: %s", stage, error)
                    return
                sleep(_AGAIN_S)
            except (ActiveJobError, CurationError) as error:
                logger.warning("%s is not started by itself: %s", stage, error)
                return


def begins_another(job: Job) -> bool:
    """Whether another job begins by itself now that this one has ended."""
    return _is_first_half(job) and job.state is JobState.SUCCEEDED


def first_half_of(job: Job) -> str:
    """The id of the job after which this one began by itself; empty if there is none."""
    return str(job.request.get(AFTER, ""))


def _is_first_half(job: Job) -> bool:
    return job.stage is Stage.CLUSTERING and job.request.get(THEN) == Stage.SCORING.value
