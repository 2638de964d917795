"""From the file of a film to its tracks: segments in workers, each kept as soon as it is done, gathered in the end."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from functools import partial
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Self

from curation.decoders import decoded
from curation.domain.film.clip import ClipFacts
from curation.domain.film.times import Interval, rational_text
from curation.domain.film.track import FilmAnalysis
from curation.domain.film.tracking.gathering import MissingSegment, gathered
from curation.domain.film.tracking.segments import AnalysedSegment
from curation.domain.report import Progress
from curation.errors import ClipUnreadableError, CurationError, PhotoError
from curation.pipelines.stage import ProgressListener, content_key
from curation.pipelines.video.segment_task import SegmentTask, analyse_segment_worker
from curation.pipelines.video.setup import VideoSetup
from curation.storage.file_stamps import FileStamp, stamp_of
from curation.storage.video.segment_store import SegmentStore, film_content
from curation.video.opening import open_clip
from curation.workers.pool import Outcome, TaskPool, stop_if

__all__ = ["LOOKS_VERSION", "FilmAnalyser", "looks_key"]

logger = logging.getLogger(__name__)

LOOKS_VERSION = 4
"""Part of the key of what is kept: raise it when a change of the code (looks, cuts, decoding) changes what is found."""

_FACTS_S = 120.0  # processor time: all packets of a long film are read
SEGMENT_S = 60
"""Aimed length of segments: several cores share one film, and a killed run loses little."""

_LEAST_SEGMENT_S = 15
_SEGMENTS = 4
"""Trailers are cut into so many shorter ones, so that they gain from several cores, too."""

PHASE = "looking at films"

_SECONDS_PER_PHOTO = 10
"""So many seconds of film may take as long as one photo, before a worker is given up."""

_CPU = "CPUExecutionProvider"
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
    """Finds the tracks of films. Its workers are kept from film to film; `close` ends them."""

    def __init__(
        self, setup: VideoSetup, make_pool: Callable[[], TaskPool], *, photo_timeout_s: float | None = None
    ) -> None:
        """Set how films are looked at; no process starts yet.

        Args:
            setup: Of the films; the pool's workers are prepared with the same one.
            make_pool: Makes a pool whose workers are prepared by `prepare_video_worker`; called when there is work.
            photo_timeout_s: How long one photo may take; ten seconds of film may take as long. None is no limit.
        """
        self._setup = setup
        self._make_pool = make_pool
        self._photo_timeout_s = photo_timeout_s
        self._pool: TaskPool | None = None

    def close(self) -> None:
        """End the workers; a later film starts new ones."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def __enter__(self) -> Self:
        """The analyser itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers."""
        self.close()

    def analyse(
        self, path: Path, *, progress: ProgressListener | None = None, cancel: threading.Event | None = None
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
        ((_, film),) = self.analyse_many([path], progress=progress, cancel=cancel)
        if isinstance(film, CurationError):
            raise film
        return film

    def analyse_many(
        self,
        paths: Iterable[Path],
        *,
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[tuple[Path, FilmAnalysis | PhotoError]]:
        """Look at films; segments of several films are looked at at the same time.

        Args:
            paths: Of the films; they are opened before the first one is looked at.
            progress: Told of the seconds that were looked at, of all films together.
            cancel: When set, the work stops within a second; finished segments are kept for the next time.

        Yields:
            Each path with what was found, or why the file cannot be used; in the order given.

        Raises:
            CurationError: As `analyse`, except for what is wrong with a film.
        """
        with SegmentStore(self._setup.state_dir) as store:
            of_path: dict[Path, _Film] = {}
            waiting: deque[_Film] = deque()
            meter = _Meter(of_path, progress)
            for path in paths:
                stop_if(cancel)
                if path not in of_path:
                    of_path[path] = self._opened(path, store)
                waiting.append(of_path[path])
                meter.tell()
                yield from self._ready(waiting)
            tasks = [task for film in of_path.values() for task in film.left]
            if not tasks:
                return
            try:
                for outcome in self._run(tasks, cancel):
                    film = of_path[outcome.task.path]
                    film.take(outcome, store)
                    meter.tell()
                    yield from self._ready(waiting)
            finally:
                if waiting or self._frees_gpu:
                    self.close()

    @property
    def _frees_gpu(self) -> bool:
        """Whether the workers hold memory of a GPU, which others may need after each film."""
        return any(provider != _CPU for provider in self._setup.engine.providers)

    def _opened(self, path: Path, store: SegmentStore) -> _Film:
        try:
            stamp = stamp_of(path)
            if stamp is None:
                raise ClipUnreadableError(f"there is no film {path.name}, or it cannot be read: check the path")
            content = store.content(stamp, self._content)
            known = store.facts(content)
            if known is None or known[0].duration > self._setup.max_minutes * 60:
                read = partial(_facts_and_starts, max_minutes=self._setup.max_minutes, max_mb=self._setup.max_mb)
                with self._setup.originals.at_hand(path) as opened:
                    known = decoded(read, opened, seconds=_FACTS_S, patient=True)
                store.save_facts(content, *known)
            facts, starts = known
            last = starts[0] + facts.duration
        except PhotoError as error:
            return _Film(path, error)
        tasks = [
            SegmentTask(path, stamp, number, Interval(start, end), float(max(min(end, last) - start, Fraction(0))))
            for number, (start, end) in enumerate(zip(starts, (*starts[1:], _AFTER_ALL), strict=True))
        ]
        return _Film(path, None, facts, tasks, content, looks_key(self._setup)).with_kept(store)

    def _content(self, stamp: FileStamp) -> str:
        with self._setup.originals.at_hand(stamp.path) as path:
            return film_content(replace(stamp, path=path))

    def _run(
        self, tasks: Sequence[SegmentTask], cancel: threading.Event | None
    ) -> Iterator[Outcome[SegmentTask, AnalysedSegment]]:
        timeout_s = None
        if self._photo_timeout_s is not None:
            longest = max(task.seconds for task in tasks)
            timeout_s = self._photo_timeout_s * (1 + ceil(longest / _SECONDS_PER_PHOTO))
        if self._pool is None:
            self._pool = self._make_pool()
        return self._pool.run(analyse_segment_worker, tasks, timeout_s=timeout_s, cancel=cancel)

    def _ready(self, waiting: deque[_Film]) -> Iterator[tuple[Path, FilmAnalysis | PhotoError]]:
        """The films at the head of the queue that are done; they are removed from it."""
        while waiting and not waiting[0].left:
            film = waiting.popleft()
            yield film.path, film.result(self._setup.looks.faces_per_track)
            if film not in waiting:
                film.forget()


class _Film:
    """A film, and what is known of its segments so far."""

    def __init__(
        self,
        path: Path,
        error: PhotoError | None,
        facts: ClipFacts | None = None,
        tasks: Sequence[SegmentTask] = (),
        content: str = "",
        key: str = "",
    ) -> None:
        self.path = path
        self.error = error
        self.facts = facts
        self.tasks = tasks
        self.found: dict[int, AnalysedSegment | MissingSegment | None] = {}
        self.failed = int(error is not None)
        self._content = content
        self._key = key

    @property
    def seconds_done(self) -> float:
        """Of the film, failed ones too."""
        return sum(task.seconds for task in self.tasks if task.number in self.found)

    @property
    def left(self) -> list[SegmentTask]:
        """What is still to be looked at."""
        return [task for task in self.tasks if task.number not in self.found]

    def with_kept(self, store: SegmentStore) -> _Film:
        """The film with what was kept of it by an earlier run."""
        for task in self.tasks:
            kept = store.segment(self._content, self._key, _name(task))
            if kept is not None:
                self.found[task.number] = kept
        return self

    def take(self, outcome: Outcome[SegmentTask, AnalysedSegment], store: SegmentStore) -> None:
        """A segment is done, or failed."""
        task, failure = outcome.task, outcome.failure
        if outcome.result is not None:
            store.save(self._content, self._key, _name(task), outcome.result)
            self.found[task.number] = outcome.result
        elif failure is not None:
            logger.warning("a segment of %s failed: %s", self.path.name, failure.reason)
            span = Interval(task.span.start, task.span.start + Fraction(task.seconds))
            self.found[task.number] = MissingSegment(span, _reason(failure.kind, failure.reason))
            self.failed += 1

    def result(self, faces_per_track: int) -> FilmAnalysis | PhotoError:
        """The film, out of its segments."""
        if self.error is not None or self.facts is None:
            return self.error or ClipUnreadableError("the film cannot be read")
        parts = [part for part in (self.found[task.number] for task in self.tasks) if part is not None]
        return gathered(self.facts, parts, faces_per_track=faces_per_track)

    def forget(self) -> None:
        """Give the memory back; that it is done stays known."""
        self.found = dict.fromkeys(self.found)


class _Meter:
    """Progress in seconds of film, over all films that were opened so far."""

    def __init__(self, films: Mapping[Path, _Film], progress: ProgressListener | None) -> None:
        self._films = films
        self._progress = progress

    def tell(self) -> None:
        if self._progress is None:
            return
        films = self._films.values()
        total = sum(task.seconds for film in films for task in film.tasks)
        done = sum(film.seconds_done for film in films)
        self._progress(Progress(PHASE, round(done), round(total), sum(film.failed for film in films)))


def _facts_and_starts(path: Path, *, max_minutes: float, max_mb: float) -> tuple[ClipFacts, tuple[Fraction, ...]]:
    with open_clip(path, max_minutes=max_minutes, max_mb=max_mb) as clip:
        return clip.facts, clip.segment_starts(_segment_length(clip.facts))


def _segment_length(facts: ClipFacts) -> int:
    """In seconds; by the film alone, so that the number of workers changes nothing."""
    return min(SEGMENT_S, max(_LEAST_SEGMENT_S, round(facts.duration / _SEGMENTS)))


def _name(task: SegmentTask) -> str:
    return f"{rational_text(task.span.start)} {rational_text(task.span.end)}"


def _reason(kind: str, reason: str) -> str:
    if kind == "killed":
        return "the worker process died there (killed, or out of memory); look again with fewer workers (video.num_cpu)"
    if kind == "timeout":
        return "it took too long; raise performance.photo_timeout_s, or re-export the film"
    return reason
