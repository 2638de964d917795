"""What both stages share: the run's context, progress, and doing a phase of work over photos."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from curation.domain.report import Failure, Progress
from curation.errors import PhotoError, RunInterruptedError
from curation.settings import Settings
from curation.storage.analysis_store import AnalysisStore
from curation.workers.pool import Outcome, TaskFailure, TaskPool

__all__ = ["Batches", "ProgressListener", "RunContext", "content_key", "failures_as_json"]

ProgressListener = Callable[[Progress], None]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Batches(Generic[T, R]):
    """How several photos are worked on at a time.

    Attributes:
        size: Photos in a batch; 1 makes none.
        pack: Makes one task of several.
        unpack: The tasks that it was made of.
        function: Of `pipelines.per_photo`; gives for each photo its result, or why it failed.
    """

    size: int
    pack: Callable[[Sequence[T]], Any]
    unpack: Callable[[Any], Sequence[T]]
    function: Callable[[Any], Sequence[R | PhotoError]]


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a stage works with during one run."""

    settings: Settings
    pool: TaskPool
    store: AnalysisStore
    progress: ProgressListener
    cancel: threading.Event

    def work_through(
        self, phase: str, function: Callable[[T], R], tasks: Sequence[T], *, done: int = 0, failed: int = 0
    ) -> Iterator[Outcome[T, R]]:
        """Run `function` over tasks, one per photo, and tell the progress.

        Args:
            phase: What the user reads beside the bar.
            function: Of `pipelines.per_photo`.
            tasks: One per photo.
            done: Photos of this phase that needed no work.
            failed: Those among them that failed.
        """
        total = done + len(tasks)
        self.progress(Progress(phase, done, total, failed))
        timeout_s = self.settings.performance.photo_timeout_s
        for outcome in self.pool.run(function, tasks, timeout_s=timeout_s, cancel=self.cancel):
            done += 1
            failed += outcome.failure is not None
            # Told after the result is kept, so that what is shown as done is done.
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
        """Do what `work_through` does, with several photos at a time.

        A batch that is lost as a whole, since its worker died or took too long, is done again photo by photo.
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
            batches.function, map(batches.pack, packed), timeout_s=timeout_s, cancel=self.cancel
        ):
            of_batch = batches.unpack(outcome.task)
            if outcome.result is None:
                alone += of_batch
                continue
            for task, result in zip(of_batch, outcome.result, strict=True):
                done += 1
                if isinstance(result, PhotoError):
                    failed += 1
                    yield Outcome(task, None, TaskFailure("failed", str(result)))
                else:
                    yield Outcome(task, result, None)
                self.progress(Progress(phase, done, total, failed))
        if alone:
            yield from self.work_through(phase, function, alone, done=done, failed=failed)

    def stop_if_cancelled(self) -> None:
        """Leave the run if somebody asked for it.

        Raises:
            RunInterruptedError: If so.
        """
        if self.cancel.is_set():
            raise RunInterruptedError("the run was stopped; what was analysed so far is kept for the next run")


def content_key(value: Any) -> str:
    """A short name for a plain value, equal for equal values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def failures_as_json(failures: Sequence[Failure]) -> list[dict[str, str]]:
    """For the run record."""
    return [{"image_path": failure.image_path, "reason": failure.reason} for failure in failures]
