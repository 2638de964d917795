"""From the file of a film to its tracks: segments in workers, each kept as soon as it is done, gathered in the end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from math import ceil
from pathlib import Path

from curation.domain.film.clip import ClipFacts
from curation.domain.film.gathering import MissingSegment, gathered
from curation.domain.film.segments import AnalysedSegment
from curation.domain.film.times import Interval, rational_text
from curation.domain.film.track import FilmAnalysis
from curation.domain.report import Progress
from curation.errors import ClipUnreadableError
from curation.pipelines.stage import ProgressListener, content_key
from curation.pipelines.video.segment_task import SegmentTask, analyse_segment_worker
from curation.pipelines.video.setup import VideoSetup
from curation.storage.file_stamps import stamp_of
from curation.storage.video.segment_store import SegmentStore
from curation.video.opening import open_clip
from curation.workers.pool import TaskPool, stop_if

__all__ = ["LOOKS_VERSION", "FilmAnalyser", "looks_key"]

logger = logging.getLogger(__name__)

LOOKS_VERSION = 1
"""Part of the key of what is kept: raise it when a change of the code changes what is found in films."""

SEGMENT_S = 60
"""Aimed length of segments: two cores share one film, and a killed run loses little."""

PHASE = "looking at the film"

_SECONDS_PER_PHOTO = 10
"""So many seconds of film may take as long as one photo, before a worker is given up."""

_AFTER_ALL = Fraction(10**9)


def looks_key(setup: VideoSetup) -> str:
    """Names everything that the findings in a segment depend on besides the film."""
    looks = asdict(setup.looks)
    del looks["batch_size"]  # no result depends on it
    looks["attributes"] = [[str(name), key] for name, key in setup.looks.attributes]
    engine = setup.engine
    return content_key(
        [
            LOOKS_VERSION,
            engine.name,
            [weights.sha256 for weights in engine.weights],
            [list(option) for option in engine.options],
            list(engine.providers),
            looks,
        ]
    )


class FilmAnalyser:
    """Finds the tracks of films."""

    def __init__(
        self, setup: VideoSetup, make_pool: Callable[[], TaskPool], *, photo_timeout_s: float | None = None
    ) -> None:
        """Set how films are looked at; no process starts yet.

        Args:
            setup: Of the films; the pool's workers are prepared with the same one.
            make_pool: Makes a pool whose workers are prepared by `prepare_video_worker`; closed after each film.
            photo_timeout_s: How long one photo may take; ten seconds of film may take as long. None is no limit.
        """
        self._setup = setup
        self._make_pool = make_pool
        self._photo_timeout_s = photo_timeout_s

    def analyse(
        self, path: Path, *, progress: ProgressListener = lambda _: None, cancel: threading.Event | None = None
    ) -> FilmAnalysis:
        """Look at a film, as far as that was not done before.

        Args:
            path: Of the film.
            progress: Told of the seconds that were looked at.
            cancel: When set, the work stops within a second; finished segments are kept for the next time.

        Returns:
            What was found; if parts of the film cannot be looked at, its status and problem say so.

        Raises:
            ClipUnreadableError: If the file is no film, or damaged from its start.
            ClipRefusedError: If it is longer or larger than allowed.
            RunInterruptedError: If `cancel` was set.
            WeightsError: If a model file is missing or broken.
            StorageError: If the store of the findings fails.
        """
        stop_if(cancel)
        stamp = stamp_of(path)
        if stamp is None:
            raise ClipUnreadableError(f"there is no film {path.name}, or it cannot be read: check the path")
        with open_clip(path, max_minutes=self._setup.max_minutes, max_mb=self._setup.max_mb) as clip:
            facts = clip.facts
            starts = clip.segment_starts(SEGMENT_S)
        tasks = [
            SegmentTask(path, stamp, number, Interval(start, end))
            for number, (start, end) in enumerate(zip(starts, (*starts[1:], _AFTER_ALL), strict=True))
        ]
        with SegmentStore(self._setup.state_dir) as store:
            content, key = store.content(stamp), looks_key(self._setup)
            found: dict[int, AnalysedSegment | MissingSegment] = {}
            for task in tasks:
                kept = store.segment(content, key, _name(task))
                if kept is not None:
                    found[task.number] = kept
            meter = _Meter(facts, tasks, progress)
            meter.tell(found)
            left = [task for task in tasks if task.number not in found]
            if left:
                self._look(left, store, content, key, found, meter, cancel)
        return gathered(
            facts, [found[task.number] for task in tasks], faces_per_track=self._setup.looks.faces_per_track
        )

    def _look(
        self,
        tasks: list[SegmentTask],
        store: SegmentStore,
        content: str,
        key: str,
        found: dict[int, AnalysedSegment | MissingSegment],
        meter: _Meter,
        cancel: threading.Event | None,
    ) -> None:
        timeout_s = None
        if self._photo_timeout_s is not None:
            longest = max(meter.seconds(task) for task in tasks)
            timeout_s = self._photo_timeout_s * (1 + ceil(longest / _SECONDS_PER_PHOTO))
        pool = self._make_pool()
        try:
            for outcome in pool.run(analyse_segment_worker, tasks, timeout_s=timeout_s, cancel=cancel):
                task = outcome.task
                if outcome.failure is not None:
                    logger.warning("a segment of %s failed: %s", task.path.name, outcome.failure.reason)
                    span = Interval(task.span.start, task.span.start + Fraction(meter.seconds(task)))
                    found[task.number] = MissingSegment(span, _reason(outcome.failure.kind, outcome.failure.reason))
                elif outcome.result is not None:
                    store.save(content, key, _name(task), outcome.result)
                    found[task.number] = outcome.result
                meter.tell(found)
        finally:
            pool.close()


class _Meter:
    """Progress in seconds of film."""

    def __init__(self, facts: ClipFacts, tasks: list[SegmentTask], progress: ProgressListener) -> None:
        self._end = tasks[0].span.start + facts.duration if tasks else Fraction(0)
        self._tasks = tasks
        self._total = ceil(facts.duration)
        self._progress = progress

    def seconds(self, task: SegmentTask) -> float:
        """How long a segment is, as far as the file tells."""
        return float(max(Fraction(0), min(task.span.end, self._end) - task.span.start))

    def tell(self, found: dict[int, AnalysedSegment | MissingSegment]) -> None:
        done = sum(self.seconds(task) for task in self._tasks if task.number in found)
        failed = sum(isinstance(part, MissingSegment) for part in found.values())
        whole = len(found) == len(self._tasks)
        self._progress(Progress(PHASE, self._total if whole else min(int(done), self._total), self._total, failed))


def _name(task: SegmentTask) -> str:
    return f"{rational_text(task.span.start)} {rational_text(task.span.end)}"


def _reason(kind: str, reason: str) -> str:
    if kind == "killed":
        return "the worker process died there (killed, or out of memory); look again with fewer workers (video.num_cpu)"
    if kind == "timeout":
        return "it took too long; raise performance.photo_timeout_s, or re-export the film"
    return reason
