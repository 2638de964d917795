"""What the stages share: the context of a run, its progress, and phases that process photos in the pool."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from curation.domain.report import Failure, Progress
from curation.errors import PhotoError, fault_of
from curation.photos.finding.folder_watch import FolderWatch
from curation.settings import Settings
from curation.storage.analysis_store import AnalysisStore
from curation.workers.pool import Outcome, TaskFailure, TaskPool, stop_if

__all__ = ["Batches", "ProgressListener", "RunContext", "content_key", "failure_of", "failures_as_json"]

ProgressListener = Callable[[Progress], None]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Batches(Generic[T, R]):
    """How photos are processed in batches.

    Attributes:
        size: Photos per batch; 1 means no batches.
        pack: Turns several tasks into one.
        unpack: Returns the tasks of a packed one.
        function: Of `pipelines.per_photo`; returns for each photo its result, or why it failed.
    """

    size: int
    pack: Callable[[Sequence[T]], Any]
    unpack: Callable[[Any], Sequence[T]]
    function: Callable[[Any], Sequence[R | PhotoError]]


def _nothing() -> None:
    """Words of the user lie in a folder: they are always as they were said. So do outputs, if nobody holds them."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """The settings, pool, store and callbacks of one run of a stage.

    Attributes:
        settings: Of the run.
        pool: Carries out tasks.
        store: What is known of photos.
        progress: Is told how far the run is.
        cancel: Asks the run to stop.
        fetch_ahead: Gets photos to hand before a worker asks for them, see `ObjectOriginals.fetch_ahead`; None if they
            lie in a folder, or workers of other machines fetch them.
        refresh_words: Called before the words of the user are read for the last time: they may come from elsewhere.
        demand_output: Checks that the output folder is still the one that is held; raises StorageError if it is not.
        watch: Knows the folders of the photos: a photo whose folder vanished ends the run, it does not fail.
    """

    settings: Settings
    pool: TaskPool
    store: AnalysisStore
    progress: ProgressListener
    cancel: threading.Event
    fetch_ahead: Callable[[Iterable[Any], Callable[[Any], Path | None]], Iterator[Any]] | None = None
    refresh_words: Callable[[], object] = _nothing
    demand_output: Callable[[], None] = _nothing
    watch: FolderWatch = field(default_factory=FolderWatch)

    def work_through(
        self, phase: str, function: Callable[[T], R], tasks: Sequence[T], *, done: int = 0, failed: int = 0
    ) -> Iterator[Outcome[T, R]]:
        """Run `function` over tasks, one per photo, and report the progress.

        Args:
            phase: Shown beside the progress bar.
            function: Of `pipelines.per_photo`.
            tasks: One per photo.
            done: Photos of this phase that needed no work.
            failed: How many of `done` failed.

        Raises:
            PhotosMissingError: If the folder of a photo vanished during the run.
        """
        total = done + len(tasks)
        self.progress(Progress(phase, done, total, failed))
        timeout_s = self.settings.performance.photo_timeout_s
        for outcome in self.pool.run(function, self._at_hand(tasks), timeout_s=timeout_s, cancel=self.cancel):
            if outcome.failure is not None:
                self._demand_folder(outcome.task)
            done += 1
            failed += outcome.failure is not None
            # Reported after the caller has saved the result, so that what is shown as done is done.
            yield outcome
            self.progress(Progress(phase, done, total, failed))

    def work_through_batches(
        self,
        phase: str,
        function: Callable[[T], R],
        tasks: Sequence[T],
        batches: Batches[T, R],
        *,
        done: int = 0,
        failed: int = 0,
    ) -> Iterator[Outcome[T, R]]:
        """The same as `work_through`, with several photos at a time.

        A batch that is lost as a whole, because its worker died or took too long, is done again photo by photo.
        """
        if batches.size <= 1:
            yield from self.work_through(phase, function, tasks, done=done, failed=failed)
            return
        total = done + len(tasks)
        self.progress(Progress(phase, done, total, failed))
        packed = [tasks[start : start + batches.size] for start in range(0, len(tasks), batches.size)]
        timeout_s = self.settings.performance.photo_timeout_s * batches.size
        alone: list[T] = []
        for outcome in self.pool.run(
            batches.function, self._at_hand(map(batches.pack, packed)), timeout_s=timeout_s, cancel=self.cancel
        ):
            of_batch = batches.unpack(outcome.task)
            if outcome.result is None:
                alone += of_batch
                continue
            for task, result in zip(of_batch, outcome.result, strict=True):
                done += 1
                if isinstance(result, PhotoError):
                    self._demand_folder(task)
                    failed += 1
                    yield Outcome(task, None, TaskFailure("failed", str(result), *fault_of(result)))
                else:
                    yield Outcome(task, result, None)
                self.progress(Progress(phase, done, total, failed))
        if alone:
            yield from self.work_through(phase, function, alone, done=done, failed=failed)

    def _demand_folder(self, task: Any) -> None:
        path = _path_of(task)
        if path is not None:
            self.watch.demand(path)

    def _at_hand(self, tasks: Iterable[T]) -> Iterable[T]:
        return tasks if self.fetch_ahead is None else self.fetch_ahead(tasks, _path_of)

    def stop_if_cancelled(self) -> None:
        """End the run if it was cancelled.

        Raises:
            RunInterruptedError: If so.
        """
        stop_if(self.cancel)


def _path_of(task: Any) -> Path | None:
    """The file that a task opens first; None if it is about something else."""
    first = next(iter(getattr(task, "tasks", ())), task)
    path = getattr(first, "path", None)
    return path if isinstance(path, Path) else None


def content_key(value: Any) -> str:
    """A hash of a plain JSON value, 32 hex digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def failure_of(image_path: str, failure: TaskFailure | None) -> Failure:
    """Why a photo was not worked through.

    Args:
        image_path: Of the photo.
        failure: Of its task; None if it has neither a result nor a failure.
    """
    if failure is None:
        return Failure(image_path, "no result")
    return Failure(image_path, failure.reason, failure.fault, failure.good)


def failures_as_json(failures: Sequence[Failure]) -> list[dict[str, str]]:
    """Failures as they are written into a run record."""
    return [{"image_path": failure.image_path, "reason": failure.reason} for failure in failures]
