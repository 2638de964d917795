"""The unit of work: what a worker does with one photo in each stage.

A worker is prepared once by `prepare_worker`; the engine and the landmark predictor are loaded at the first photo
that needs them. Tasks and results are small and frozen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute
from curation.domain.faces.face import AnalysedFace, Box, DetectedFace, FiveLandmarks, PhotoAnalysis
from curation.domain.measuring.measures import PhotoMeasures
from curation.engines.alignment import detail_scale
from curation.engines.attributes.reader import AttributeReader
from curation.engines.base import FaceEngine
from curation.engines.landmarks import LandmarkPredictor
from curation.engines.spoilt_chips import spoilt_chips
from curation.errors import PhotoError, PhotoUnreadableError
from curation.photos.files.content import read_content
from curation.photos.files.decoding import open_photo
from curation.photos.files.lazy_photo import OpenPhoto
from curation.photos.looks.miniature import miniature
from curation.photos.looks.thumbnails import face_chip_jpeg
from curation.photos.originals import LocalOriginals, Originals
from curation.pipelines.attributes.reading import read_attributes
from curation.pipelines.face_at_place import face_at
from curation.pipelines.known_photos import KnownPhotos, StoredPhotos
from curation.pipelines.measuring import face_quality, measure_photo
from curation.storage.face_attributes import pack_attributes

__all__ = [
    "AnalyseBatch",
    "AnalyseTask",
    "AnalysedPhoto",
    "AttributeKey",
    "MeasureTask",
    "MeasuredPhoto",
    "SpoilTask",
    "WorkerParts",
    "analyse_photo_worker",
    "analyse_photos_worker",
    "judged_face",
    "prepare_worker",
    "score_photo_worker",
    "spoilt_face_worker",
    "swap_worker",
    "worker_engine",
    "worker_originals",
    "worker_parts",
    "worker_photo",
    "worker_predictor",
]


_MAX_CHIP_PX = 256  # larger chips need more pixels than `detail_scale` demands


AttributeKey = tuple[Attribute, str]
"""An attribute, and a key for everything that it depends on besides the content of the photo."""


def _no_readers(asked: Collection[Attribute]) -> Sequence[AttributeReader]:
    raise ValueError("this pool was made for a stage that reads no attributes")


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """The parts of a worker; the functions are called at the first photo that needs their result.

    Attributes:
        make_engine: Loads the networks that find and embed faces.
        make_predictor: Loads the landmark model.
        state_dir: Folder of the analysis store.
        max_megapixels: Larger photos fail.
        chip_px: Longer side of the chips, in pixels.
        make_readers: Loads what reads attributes of faces, given those that are asked for.
        originals: Gets photos and clips to hand before they are opened.
        make_known: Opens what is known of earlier runs, given `state_dir`.
        make_doubting: Loads an engine that also tells faces it is hardly sure of, see `curation.engines.building`; None
            takes the other one.
    """

    make_engine: Callable[[], FaceEngine]
    make_predictor: Callable[[], LandmarkPredictor]
    state_dir: Path
    max_megapixels: float
    chip_px: int
    make_readers: Callable[[Collection[Attribute]], Sequence[AttributeReader]] = _no_readers
    originals: Originals = field(default_factory=LocalOriginals)
    make_known: Callable[[Path], KnownPhotos] = StoredPhotos
    make_doubting: Callable[[], FaceEngine] | None = None


@dataclass(frozen=True, slots=True)
class AnalyseTask:
    """A photo to be analysed.

    Attributes:
        image_path: Of the photo.
        path: To open it.
        key: Names everything that the analysis depends on.
        attributes: What is read of its faces besides, as far as it is not known.
        size_bytes: Of the file when it was listed; None if it is not known.
        box: Where the user drew the only face that is wanted; None for all that the engine finds.
    """

    image_path: str
    path: Path
    key: str
    attributes: tuple[AttributeKey, ...] = ()
    size_bytes: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class AnalyseBatch:
    """Photos whose faces are embedded together, which is faster on a GPU only."""

    tasks: tuple[AnalyseTask, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedPhoto:
    """What was found on a photo.

    Attributes:
        sha256: Of its content.
        analysis: None if it is known already.
        attributes: What was read of the faces: key, and the values as the store takes them.
        unread: Why attributes could not be read; empty if they could, or if there was nothing to read.
    """

    sha256: str
    analysis: PhotoAnalysis | None
    attributes: tuple[tuple[str, bytes], ...] = ()
    unread: str = ""


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """A photo to be measured, with its faces from left to right.

    Attributes:
        image_path: Of the photo.
        path: To open it.
        faces: Box and landmarks of each face, in pixels of the upright full-size photo.
        analysis_key: Of the analysis that found the faces; None if it is not known.
        measures_key: Names everything that the measures depend on; if they are known, the photo is not measured.
        size_bytes: Of the file when it was listed; None if it is not known.
    """

    image_path: str
    path: Path
    faces: tuple[tuple[Box, FiveLandmarks], ...]
    analysis_key: str | None
    measures_key: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class MeasuredPhoto:
    """The SHA-256 of the content and its measures."""

    sha256: str
    measures: PhotoMeasures


@dataclass(frozen=True, slots=True)
class SpoilTask:
    """A face whose chip is spoilt and embedded, to learn what unreadable faces look like to the engine.

    Attributes:
        image_path: Of the photo.
        path: To open it.
        sha256: Of its content when the face was found.
        landmarks: Of the face, in pixels of the upright full-size photo.
    """

    image_path: str
    path: Path
    sha256: str
    landmarks: FiveLandmarks


class _Worker:
    def __init__(self, parts: WorkerParts) -> None:
        self.parts = parts
        self._engine: FaceEngine | None = None
        self._doubting: FaceEngine | None = None
        self._predictor: LandmarkPredictor | None = None
        self._known: KnownPhotos | None = None
        self._readers: dict[tuple[Attribute, ...], Sequence[AttributeReader]] = {}

    def readers(self, asked: tuple[Attribute, ...]) -> Sequence[AttributeReader]:
        if asked not in self._readers:
            self._readers[asked] = self.parts.make_readers(asked)
        return self._readers[asked]

    @property
    def engine(self) -> FaceEngine:
        if self._engine is None:
            self._engine = self.parts.make_engine()
        return self._engine

    @property
    def doubting(self) -> FaceEngine:
        if self._doubting is None:
            self._doubting = self.engine if self.parts.make_doubting is None else self.parts.make_doubting()
        return self._doubting

    @property
    def predictor(self) -> LandmarkPredictor:
        if self._predictor is None:
            self._predictor = self.parts.make_predictor()
        return self._predictor

    @property
    def known(self) -> KnownPhotos:
        if self._known is None:
            self._known = self.parts.make_known(self.parts.state_dir)
        return self._known

    def close(self) -> None:
        if self._known is not None:
            self._known.close()


# A process has one worker; the functions that the pool calls can reach it only in this way.
_current: list[_Worker] = []


def prepare_worker(parts: WorkerParts) -> None:
    """Make this process a worker; a further call replaces the worker."""
    while _current:
        _current.pop().close()
    _current.append(_Worker(parts))


def swap_worker(worker: object | None) -> object | None:
    """Put a worker that was prepared before in the place of this process's.

    Args:
        worker: That an earlier call returned; None for none.

    Returns:
        The worker of until now, with all that it has loaded; None if there was none.
    """
    before = _current.pop() if _current else None
    if isinstance(worker, _Worker):
        _current.append(worker)
    return before


def analyse_photo_worker(task: AnalyseTask) -> AnalysedPhoto:
    """Detect the faces of one photo, compute their embeddings and qualities, unless its content is known.

    Attributes of the faces are read if the task asks for them; if that fails, the faces are kept without them.

    Raises:
        PhotoError: If the photo cannot be used.
        WeightsError: If the engine cannot be loaded.
    """
    (result,) = analyse_photos_worker(AnalyseBatch((task,)))
    if isinstance(result, PhotoError):
        raise result
    return result


def analyse_photos_worker(batch: AnalyseBatch) -> tuple[AnalysedPhoto | PhotoError, ...]:
    """The same as `analyse_photo_worker` for several photos, whose faces are embedded together.

    Returns:
        For each photo its result, or the error if it cannot be used.

    Raises:
        WeightsError: If the engine cannot be loaded.
    """
    worker = _current[-1]
    with ExitStack() as held:  # all files of the batch are read until its last face is embedded
        return _analysed(worker, batch, held)


def _analysed(worker: _Worker, batch: AnalyseBatch, held: ExitStack) -> tuple[AnalysedPhoto | PhotoError, ...]:
    results: list[AnalysedPhoto | PhotoError | None] = []
    new: list[tuple[int, AnalyseTask, str, OpenPhoto]] = []
    for number, task in enumerate(batch.tasks):
        try:
            path, sha256, content = held.enter_context(_content(worker, task.path))
            if worker.known.is_analysed(sha256, task.key):
                results.append(_known_photo(worker, task, path, sha256, content))
                continue
            new.append((number, task, sha256, _opened(path, content, worker.parts)))
            results.append(None)
        except PhotoError as error:
            results.append(error)
    plain = [photo for _, task, _, photo in new if task.box is None]
    found = iter(worker.engine.analyse_many(plain) if plain else [])
    for number, task, sha256, photo in new:
        faces = next(found) if task.box is None else _drawn(worker, photo, task.box)
        if isinstance(faces, PhotoError):
            results[number] = faces
            continue
        analysis = _judged(photo, faces, worker.parts.chip_px)
        if task.box is not None:
            # That of the photo is made of its whole analysis, at the size that this decoded.
            analysis = replace(analysis, miniature=None, capture_time=None)
        places = [(face.box, face.landmarks) for face in faces]
        results[number] = AnalysedPhoto(
            sha256, analysis, *_attributes(worker, task, sha256, places, partial(_same, photo))
        )
    return tuple(result for result in results if result is not None)


def _drawn(worker: _Worker, photo: OpenPhoto, box: Box) -> Sequence[DetectedFace] | PhotoError:
    try:
        return [face_at(photo, box, worker.doubting)]
    except PhotoError as error:
        return error


def _same(photo: OpenPhoto) -> OpenPhoto:
    return photo


def _known_photo(worker: _Worker, task: AnalyseTask, path: Path, sha256: str, content: bytes | None) -> AnalysedPhoto:
    """A photo whose analysis is known."""
    if not task.attributes:
        return AnalysedPhoto(sha256, None)
    places = worker.known.faces(sha256, task.key)

    def opened() -> OpenPhoto:
        return open_photo(path, max_megapixels=worker.parts.max_megapixels, content=content)

    return AnalysedPhoto(sha256, None, *_attributes(worker, task, sha256, places, opened))


def _attributes(
    worker: _Worker,
    task: AnalyseTask,
    sha256: str,
    faces: Sequence[tuple[Box, FiveLandmarks]],
    opened: Callable[[], OpenPhoto],
) -> tuple[tuple[tuple[str, bytes], ...], str]:
    """What is read of the faces, and why it could not be read; see `AnalysedPhoto`."""
    wanted = [(name, key) for name, key in task.attributes if not worker.known.has_attribute(sha256, key)]
    if not wanted:
        return (), ""
    asked = tuple(name for name, _ in wanted)
    try:
        readers = worker.readers(asked) if faces else ()
        read = read_attributes(opened(), faces, readers, lambda: worker.predictor) if faces else []
    except PhotoError as error:
        return (), str(error)
    return tuple((key, pack_attributes(read, name)) for name, key in wanted), ""


def _opened(path: Path, content: bytes | None, parts: WorkerParts) -> OpenPhoto:
    photo = open_photo(path, max_megapixels=parts.max_megapixels, content=content)
    if parts.chip_px > _MAX_CHIP_PX:
        photo.full()  # first, so that smaller sizes are made from it and the file is decoded only once
    return photo


def _judged(photo: OpenPhoto, faces: Sequence[DetectedFace], chip_px: int) -> PhotoAnalysis:
    judged = [judged_face(photo, face, chip_px) for face in faces]
    small = miniature(photo.already_decoded(0.0).array)
    # By content, so that the name of the file, which may change, has no part in it.
    told = photo.told
    return PhotoAnalysis(
        photo.width,
        photo.height,
        tuple(judged),
        small,
        None if told is None else told.time.isoformat(),
        "" if told is None else told.source,
        photo.faults,
        photo.clock,
    )


def judged_face(photo: OpenPhoto, face: DetectedFace, chip_px: int) -> AnalysedFace:
    """A face with its quality and chip.

    Args:
        photo: On which it was found, decoded as far as the face needs.
        face: The face.
        chip_px: Longer side of the chip, in pixels.
    """
    # The engine has decoded as much as the faces need; nothing is decoded again.
    pixels = photo.already_decoded(detail_scale([face.landmarks]))
    return AnalysedFace(
        detected=face,
        quality=face_quality(pixels, face),
        chip_jpeg=face_chip_jpeg(pixels, face.box, long_side_px=chip_px),
    )


def spoilt_face_worker(task: SpoilTask) -> NDArray[np.float32]:
    """Embed a face after each of the ways to spoil its chip, see `engines.spoilt_chips`.

    Returns:
        (W, D) float32 of unit length.

    Raises:
        PhotoError: If the photo cannot be used, or is not the one that was analysed.
        WeightsError: If the engine cannot be loaded.
    """
    worker = _current[-1]
    with _content(worker, task.path) as (path, sha256, content):
        if sha256 != task.sha256:
            raise PhotoUnreadableError("the photo was changed during the run")
        photo = open_photo(path, max_megapixels=worker.parts.max_megapixels, content=content)
        return worker.engine.embed_changed(photo, task.landmarks, spoilt_chips)


def score_photo_worker(task: MeasureTask) -> MeasuredPhoto:
    """Measure one photo and its faces: eyes, smile, focus, exposure. The parent applies the rules later.

    Raises:
        PhotoError: If the photo cannot be used, or is not the one that was clustered.
        WeightsError: If the landmark predictor cannot be loaded.
    """
    worker = _current[-1]
    with _content(worker, task.path) as (path, sha256, content):
        if task.analysis_key is not None and not worker.known.is_analysed(sha256, task.analysis_key):
            raise PhotoUnreadableError("the photo was changed after the clustering: run the clustering again")
        cached = worker.known.measures(sha256, task.measures_key)
        if cached is not None:
            return MeasuredPhoto(sha256, cached)
        photo = open_photo(path, max_megapixels=worker.parts.max_megapixels, content=content)
        for box, _ in task.faces:
            if box.x + box.w > photo.width or box.y + box.h > photo.height:
                raise PhotoUnreadableError(
                    f"a face at {list(box)} lies outside the photo of {photo.width} x {photo.height} pixels: "
                    "the photo or face_data.csv was changed; run the clustering again"
                )
        measures = measure_photo(
            photo, task.faces, worker.predictor, capture_time=None if photo.told is None else photo.told.time
        )
        return MeasuredPhoto(sha256, measures)


def worker_predictor() -> LandmarkPredictor:
    """The landmark predictor of this worker, for work on other pictures than photos.

    Raises:
        WeightsError: If it cannot be loaded.
    """
    return _current[-1].predictor


def worker_engine(*, doubting: bool = False) -> FaceEngine:
    """The engine of this worker.

    Args:
        doubting: Take the one that also tells faces it is hardly sure of.

    Raises:
        WeightsError: If it cannot be loaded.
    """
    return _current[-1].doubting if doubting else _current[-1].engine


def worker_parts() -> WorkerParts:
    """What this worker was made of."""
    return _current[-1].parts


@contextmanager
def worker_photo(path: Path) -> Iterator[tuple[str, OpenPhoto]]:
    """The SHA-256 of a photo and the photo, which can be decoded while the block lasts.

    Raises:
        PhotoError: If the photo cannot be used.
    """
    worker = _current[-1]
    with _content(worker, path) as (at_hand, sha256, content):
        yield sha256, _opened(at_hand, content, worker.parts)


def worker_originals() -> Originals:
    """What gets photos and clips to hand in this worker."""
    return _current[-1].parts.originals


@contextmanager
def _content(worker: _Worker, photo: Path) -> Iterator[tuple[Path, str, bytes | None]]:
    """Where the file of a photo can be opened now, its SHA-256, and its content unless it is too large to be held."""
    with worker.parts.originals.at_hand(photo) as path:
        if not os.path.lexists(path):  # false, too, on a disk that is gone: the parent asks for the folder
            raise PhotoUnreadableError("the photo is gone: put it back, or run the clustering again")
        yield path, *read_content(path)
