"""The unit of work: what a worker does with one segment of a film.

A worker is prepared once by `prepare_video_worker`; networks are loaded at the first segment. What crosses processes is
small: tracks with the chips and embeddings of their best faces, never pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.domain.film.times import Interval
from curation.domain.film.tracking.segments import AnalysedSegment
from curation.engines.attributes.reader import AttributeReader
from curation.engines.base import FaceEngine
from curation.engines.landmarks import LandmarkPredictor
from curation.errors import ClipUnreadableError
from curation.pipelines.per_photo import WorkerParts
from curation.pipelines.video.looking import Looker
from curation.pipelines.video.segment_walk import analyse_segment
from curation.pipelines.video.setup import VideoSetup
from curation.pipelines.video.track_reading import TrackReader
from curation.storage.file_stamps import FileStamp, stamp_of
from curation.video.opening import open_clip

__all__ = ["SegmentTask", "analyse_segment_worker", "prepare_video_worker", "swap_video_worker"]


@dataclass(frozen=True, slots=True)
class SegmentTask:
    """A segment to be looked at.

    Attributes:
        path: Of the film.
        stamp: Of the file as the parent saw it.
        number: Of the segment, 0-based.
        span: From its key frame to that of the next segment.
        seconds: How long it is, as far as the file tells.
    """

    path: Path
    stamp: FileStamp | None
    number: int
    span: Interval
    seconds: float


class _Worker:
    def __init__(self, setup: VideoSetup) -> None:
        self.setup = setup
        self.parts: WorkerParts = setup.build(setup)
        self._engine: FaceEngine | None = None
        self._predictor: LandmarkPredictor | None = None
        self._readers: Sequence[AttributeReader] | None = None

    @property
    def engine(self) -> FaceEngine:
        if self._engine is None:
            self._engine = self.parts.make_engine()
        return self._engine

    def predictor(self) -> LandmarkPredictor:
        if self._predictor is None:
            self._predictor = self.parts.make_predictor()
        return self._predictor

    def readers(self) -> Sequence[AttributeReader]:
        if self._readers is None:
            self._readers = self.parts.make_readers([name for name, _ in self.setup.looks.attributes])
        return self._readers


# A process has one worker; the function that the pool calls can reach it only in this way.
_current: list[_Worker] = []


def prepare_video_worker(setup: VideoSetup) -> None:
    """Make this process a worker for films; a further call replaces the worker."""
    _current.clear()
    _current.append(_Worker(setup))


def swap_video_worker(worker: object | None) -> object | None:
    """The same as `curation.pipelines.per_photo.swap_worker` for workers of films."""
    before = _current.pop() if _current else None
    if isinstance(worker, _Worker):
        _current.append(worker)
    return before


def analyse_segment_worker(task: SegmentTask) -> AnalysedSegment:
    """Look at one segment.

    Raises:
        ClipUnreadableError: If the film cannot be decoded from there, is gone, or was changed.
        FaceAnalysisError: If a network fails.
        WeightsError: If a model file is missing or broken.
    """
    worker = _current[-1]
    options = worker.setup.looks
    looker = Looker(worker.engine, options)
    reader = TrackReader(options, looker, worker.readers, worker.predictor, chip_px=worker.parts.chip_px)
    with worker.setup.originals.at_hand(task.path) as path:
        if not _is_same(stamp_of(path), task.stamp):
            raise ClipUnreadableError("the film was changed or removed while it was looked at: look at it again")
        with open_clip(path) as clip:
            return analyse_segment(clip, task.span, looker, reader, options)


def _is_same(now: FileStamp | None, then: FileStamp | None) -> bool:
    """Whether a file is the one that the parent saw; on another machine it may lie elsewhere."""
    if now is None or then is None:
        return now is then
    return (now.size_bytes, now.mtime_ns) == (then.size_bytes, then.mtime_ns)
