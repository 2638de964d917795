"""The unit of work: what a worker does with one photo in each stage.

A worker is prepared once by `prepare_worker`; engine and landmark predictor are loaded at the first photo
that needs them. Tasks and results are small and frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curation.domain.faces.face import AnalysedFace, Box, DetectedFace, FiveLandmarks, PhotoAnalysis
from curation.domain.grouping.face_groups import group_faces
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.remaining_faces import join_poor_faces, join_single_faces
from curation.domain.judging.measures import PhotoMeasures
from curation.engines.alignment import detail_scale
from curation.engines.base import FaceEngine
from curation.engines.landmarks import LandmarkPredictor
from curation.errors import PhotoError, PhotoUnreadableError, StorageError
from curation.photos.files.decoding import OpenPhoto, open_photo, read_content
from curation.photos.looks.thumbnails import face_chip_jpeg
from curation.pipelines.measuring import face_quality, measure_photo
from curation.storage.analysis_store import AnalysisStore

__all__ = [
    "AnalyseBatch",
    "AnalyseTask",
    "AnalysedPhoto",
    "ClusterTask",
    "MeasureTask",
    "MeasuredPhoto",
    "WorkerParts",
    "analyse_photo_worker",
    "analyse_photos_worker",
    "cluster_faces_worker",
    "prepare_worker",
    "score_photo_worker",
]


_MAX_CHIP_PX = 256  # larger pictures of faces than this need more pixels than `detail_scale` asks for


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker is made of. The makers are called at the first photo that needs their work."""

    make_engine: Callable[[], FaceEngine]
    make_predictor: Callable[[], LandmarkPredictor]
    state_dir: Path
    max_megapixels: float
    chip_px: int


@dataclass(frozen=True, slots=True)
class AnalyseTask:
    """A photo whose faces are wanted; `key` names everything that the result depends on."""

    image_path: str
    path: Path
    key: str


@dataclass(frozen=True, slots=True)
class AnalyseBatch:
    """Photos whose faces are embedded together; only where that pays, on a GPU."""

    tasks: tuple[AnalyseTask, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedPhoto:
    """The content's SHA-256 and its analysis, or None if the store had it already."""

    sha256: str
    analysis: PhotoAnalysis | None


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """A photo whose measures are wanted, with its faces from left to right.

    Attributes:
        image_path: Of the photo.
        path: To open it.
        faces: Box and landmarks of each face, in pixels of the upright full-size photo.
        analysis_key: Of the analysis that found the faces; None if it is not known.
        measures_key: Names everything that the measures depend on; if the store has them, they are not taken again.
    """

    image_path: str
    path: Path
    faces: tuple[tuple[Box, FiveLandmarks], ...]
    analysis_key: str | None
    measures_key: str


@dataclass(frozen=True, slots=True)
class MeasuredPhoto:
    """The content's SHA-256 and its measures."""

    sha256: str
    measures: PhotoMeasures


@dataclass(frozen=True, slots=True)
class ClusterTask:
    """Faces to be grouped, on so many threads.

    Attributes:
        embeddings: A .npy file, (N, D) float32 of unit length.
        faces: A .npy file, (N, 3) int64: the number of the face's photo; 1 if it is good enough to be judged, 0 if it
            is too poor, -1 if it is left out; and from 0 on equal for faces that the user says are one person.
        apart: A .npy file, (M, 2) int64: faces that the user says are two people; None if there are none.
        rule: When faces are one person.
        second_look: Whether single and poor faces may join a cluster that they clearly belong to.
        threads: Of the CPU.
    """

    embeddings: Path
    faces: Path
    apart: Path | None
    rule: GroupingRule
    second_look: bool
    threads: int


class _Worker:
    def __init__(self, parts: WorkerParts) -> None:
        self.parts = parts
        self._engine: FaceEngine | None = None
        self._predictor: LandmarkPredictor | None = None
        self._store: AnalysisStore | None = None

    @property
    def engine(self) -> FaceEngine:
        if self._engine is None:
            self._engine = self.parts.make_engine()
        return self._engine

    @property
    def predictor(self) -> LandmarkPredictor:
        if self._predictor is None:
            self._predictor = self.parts.make_predictor()
        return self._predictor

    @property
    def store(self) -> AnalysisStore:
        if self._store is None:
            self._store = AnalysisStore(self.parts.state_dir, read_only=True)
        return self._store

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


# A process has one worker; functions that the pool calls have no other way to reach it.
_current: list[_Worker] = []


def prepare_worker(parts: WorkerParts) -> None:
    """Make this process a worker; the last call counts."""
    while _current:
        _current.pop().close()
    _current.append(_Worker(parts))


def analyse_photo_worker(task: AnalyseTask) -> AnalysedPhoto:
    """Find, embed and judge the faces of one photo, unless its content is known already.

    Raises:
        PhotoError: If the photo cannot be used.
        WeightsError: If the engine cannot be loaded.
    """
    (result,) = analyse_photos_worker(AnalyseBatch((task,)))
    if isinstance(result, PhotoError):
        raise result
    return result


def analyse_photos_worker(batch: AnalyseBatch) -> tuple[AnalysedPhoto | PhotoError, ...]:
    """Do what `analyse_photo_worker` does with several photos, whose faces are embedded together.

    Returns:
        For each photo its result, or why it cannot be used.

    Raises:
        WeightsError: If the engine cannot be loaded.
    """
    worker = _current[-1]
    results: list[AnalysedPhoto | PhotoError | None] = []
    new: list[tuple[int, str, OpenPhoto]] = []
    for number, task in enumerate(batch.tasks):
        try:
            sha256, content = _content(task.path)
            if worker.store.has_analysis(sha256, task.key):
                results.append(AnalysedPhoto(sha256, None))
                continue
            new.append((number, sha256, _opened(task.path, content, worker.parts)))
            results.append(None)
        except PhotoError as error:
            results.append(error)
    found = worker.engine.analyse_many([photo for _, _, photo in new]) if new else []
    for (number, sha256, photo), faces in zip(new, found, strict=True):
        results[number] = (
            faces
            if isinstance(faces, PhotoError)
            else AnalysedPhoto(sha256, _judged(photo, faces, worker.parts.chip_px))
        )
    return tuple(result for result in results if result is not None)


def _opened(path: Path, content: bytes | None, parts: WorkerParts) -> OpenPhoto:
    photo = open_photo(path, max_megapixels=parts.max_megapixels, content=content)
    if parts.chip_px > _MAX_CHIP_PX:
        photo.full()  # first, so that everything else is made from it and the file is decoded once
    return photo


def _judged(photo: OpenPhoto, faces: Sequence[DetectedFace], chip_px: int) -> PhotoAnalysis:
    judged = []
    for face in faces:
        # The engine decoded what its faces need; nothing is decoded again.
        pixels = photo.at_hand(detail_scale([face.landmarks]))
        judged.append(
            AnalysedFace(
                detected=face,
                quality=face_quality(pixels, face),
                chip_jpeg=face_chip_jpeg(pixels, face.box, long_side_px=chip_px),
            )
        )
    return PhotoAnalysis(photo.width, photo.height, tuple(judged))


def score_photo_worker(task: MeasureTask) -> MeasuredPhoto:
    """Measure one photo and its faces: eyes, smile, focus, exposure. Rules come later, in the parent.

    Raises:
        PhotoError: If the photo cannot be used, or is not the one that was clustered.
        WeightsError: If the landmark predictor cannot be loaded.
    """
    worker = _current[-1]
    sha256, content = _content(task.path)
    if task.analysis_key is not None and not worker.store.has_analysis(sha256, task.analysis_key):
        raise PhotoUnreadableError("the photo was changed after the clustering: run the clustering again")
    kept = worker.store.measures({sha256: (sha256, task.measures_key)})
    if kept:
        return MeasuredPhoto(sha256, kept[sha256])
    photo = open_photo(task.path, max_megapixels=worker.parts.max_megapixels, content=content)
    for box, _ in task.faces:
        if box.x + box.w > photo.width or box.y + box.h > photo.height:
            raise PhotoUnreadableError(
                f"a face at {list(box)} lies outside the photo of {photo.width} x {photo.height} pixels: "
                "the photo or face_data.csv was changed; run the clustering again"
            )
    measures = measure_photo(photo, task.faces, worker.predictor, capture_time=photo.capture_time)
    return MeasuredPhoto(sha256, measures)


def cluster_faces_worker(task: ClusterTask) -> list[int]:
    """Group faces; in a worker, so that the memory it takes goes back when the worker ends.

    Returns:
        The cluster of each face, -1 for those that are too poor or left out.

    Raises:
        StorageError: If the files cannot be read.
    """
    try:
        embeddings = np.load(task.embeddings, mmap_mode="r", allow_pickle=False)
        photo, is_good, together = np.load(task.faces, allow_pickle=False).T
        pairs = np.zeros((0, 2), dtype=np.int64) if task.apart is None else np.load(task.apart, allow_pickle=False)
        good, poor = np.flatnonzero(is_good == 1), np.flatnonzero(is_good == 0)
        vectors = task.rule.compared(embeddings[good])
        poor_vectors = task.rule.compared(embeddings[poor if task.second_look else poor[:0]])
    except (OSError, ValueError) as error:
        raise StorageError(f"{task.embeddings} cannot be read ({error}); is the disk full?") from error
    labels = np.full(len(photo), -1, dtype=np.int64)
    place = np.full(len(photo), -1)
    place[good] = np.arange(len(good))
    apart = place[pairs]
    apart = apart[(apart >= 0).all(axis=1)]
    labels[good] = group_faces(
        vectors, photo[good], task.rule, together=together[good], apart=apart, threads=task.threads
    )
    if task.second_look:
        settled = together[good] >= 0
        settled[apart.ravel()] = True
        labels[good] = join_single_faces(vectors, photo[good], labels[good], task.rule, settled=settled)
        labels[poor] = join_poor_faces(vectors, photo[good], labels[good], poor_vectors, photo[poor], task.rule)
    return [int(label) for label in labels]


def _content(path: Path) -> tuple[str, bytes | None]:
    if not path.exists():
        raise PhotoUnreadableError("the photo is gone: put it back, or run the clustering again")
    return read_content(path)
