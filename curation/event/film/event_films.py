"""The clips of an event for pages and requests: who is in them, stills of them, and their best pictures."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from curation.decoders import decoded
from curation.domain.choosing.best_frames import BestFrame, ClipScore, Worth
from curation.domain.faces.ids import photo_id
from curation.domain.film.clip import ClipFacts, ClipStatus
from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.film.track import FilmAnalysis
from curation.domain.labelling.labels import Category, Labels, parse_labels
from curation.errors import CurationError, FilmDocumentError, NotClusteredError, PhotoGoneError, VideoNotFoundError
from curation.event.catalog import Catalog
from curation.event.file_cache import Derived, FileCache
from curation.event.film.kept_results import found_result
from curation.photos.files.listing import photo_path
from curation.pipelines.originals import originals_of
from curation.settings import Settings
from curation.storage.file_stamps import content_name, stamp_of
from curation.storage.picture_cache import PictureCache, picture_key
from curation.storage.run_records import VIDEO_RUN, read_run_record
from curation.storage.said.labels_file import read_labels
from curation.storage.together.finishing import finish_pending
from curation.storage.video.clip_scores_file import BEST_FRAMES, CLIP_SCORES, read_best_frames, read_clip_scores
from curation.storage.video.result_files import RESULT, read_result

__all__ = ["STILL_SIZES_PX", "EventFilm", "EventFilms", "film_id", "named"]

STILLS_DIR = "clip_stills"
"""The folder of cached stills in `io.state_dir`."""
STILL_SIZES_PX = (160, 320, 640, 1280, 2560)
"""Longer sides of stills; a request gets the next larger one."""
_STILLS_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class EventFilm:
    """One clip of the event.

    Attributes:
        film_id: 16 hex digits, as ids of photos.
        video_path: Path relative to the input folder.
        path: To open it; the file may be gone.
        status: How much of it could be looked at.
        error: Why it could not be looked at, or not to its end; empty if it could.
        duration_s: Length in seconds; 0 if unknown.
        capture_time: ISO 8601; empty if unknown.
        content: What its result is kept under; empty if it failed.
        result: Who is in it, with the names and categories that the user has given by now; nobody if it failed, or its
            result has to be made again by a run over the clips.
    """

    film_id: str
    video_path: str
    path: Path
    status: ClipStatus
    error: str
    duration_s: float
    capture_time: str
    content: str
    result: TrailerResult

    def person(self, cluster_id: int) -> FilmPerson | None:
        """A person of the clip; None if somebody else, or nobody, is in it."""
        return next((person for person in self.result.people if person.cluster_id == cluster_id), None)


def film_id(video_path: str) -> str:
    """The id of a clip in requests."""
    return photo_id(video_path)


class EventFilms:
    """The clips as the last run over them left them, under the names that the user gives. Thread-safe."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Remember the paths; nothing is read yet.

        Args:
            settings: Of the service.
            catalog: Of the event, for the labels.
        """
        self._catalog = catalog
        self._originals = originals_of(settings)
        self._io = settings.io
        self._settings = settings
        self._labels_path = settings.io.output_dir / settings.scoring.labels_json
        output_dir = settings.io.output_dir
        self._record = FileCache(output_dir / VIDEO_RUN, lambda path: read_run_record(path) or {})
        self._scores = FileCache(output_dir / CLIP_SCORES, lambda path: tuple(read_clip_scores(path)))
        self._frames = FileCache(output_dir / BEST_FRAMES, lambda path: tuple(read_best_frames(path)))
        self._guard = threading.Lock()
        self._last_labels = Labels({}, Category.OTHER)
        self._results: dict[str, FileCache[TrailerResult | None]] = {}
        self._films: Derived[tuple[EventFilm, ...]] = Derived()
        self._stills = PictureCache(
            settings.event_dir / STILLS_DIR, max_bytes=settings.service.picture_cache_mb * 10**6
        )

    def record(self) -> Mapping[str, Any]:
        """The record of the last run over the clips; empty if there was none.

        Raises:
            StorageError: If it cannot be read.
        """
        return self._record.get() or _NO_RECORD

    def labels(self) -> Labels:
        """The labels of the event, also if it has clips only.

        Raises:
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        try:
            return self._catalog.labels()
        except NotClusteredError:
            finish_pending(self._io.output_dir)
            data = read_labels(self._labels_path)
            known = frozenset(range(self._catalog.faces.clips().next_id))
            return parse_labels({} if data is None else data, known_ids=known)

    def films(self) -> tuple[EventFilm, ...]:
        """All clips by path, without short films that belong to photos; the same object until something changes.

        Raises:
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        record = self.record()
        rows = record.get("clips")
        clips = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if not clips:
            return ()
        labels = self.labels()
        results = [self._result(str(row.get("content") or "")) for row in clips]
        with self._guard:
            # Labels are read anew each time, and the cache below compares by identity.
            if dict(labels.by_cluster) != dict(self._last_labels.by_cluster):
                self._last_labels = labels
            labels = self._last_labels
        return self._films.get(
            (record, *results, labels),
            lambda: tuple(self._film(row, result, labels) for row, result in zip(clips, results, strict=True)),
        )

    def film(self, video_path: str) -> EventFilm:
        """A clip by its path or its id.

        Raises:
            VideoNotFoundError: If the event has no such clip.
        """
        for film in self.films():
            if video_path in (film.video_path, film.film_id):
                return film
        raise VideoNotFoundError(f"the event has no clip {video_path}: GET /event/clips lists them")

    def clusters(self) -> frozenset[int]:
        """The cluster ids of everybody in the clips."""
        return frozenset(person.cluster_id for film in self.films() for person in film.result.people)

    def scores(self) -> tuple[ClipScore, ...]:
        """The clips as the last scoring ranked them, best first; empty before.

        Raises:
            FaceDataError: If clip_scores.csv is not valid.
            StorageError: If it cannot be read.
        """
        return self._scores.get() or ()

    def best_frames(self) -> tuple[BestFrame, ...]:
        """The best pictures of each person in the clips, the most useful first; empty before the scoring.

        Raises:
            FaceDataError: If best_frames.csv is not valid.
            StorageError: If it cannot be read.
        """
        return self._frames.get() or ()

    def candidates(self) -> tuple[BestFrame, ...]:
        """Those of the best pictures that have what no photo of the person has. Raises what `best_frames` raises."""
        return tuple(frame for frame in self.best_frames() if frame.worth is not Worth.ALSO)

    def frame(self, frame_id: str) -> BestFrame:
        """One of the best pictures by its id.

        Raises:
            VideoNotFoundError: If there is none. Also what `best_frames` raises.
        """
        for frame in self.best_frames():
            if frame.frame_id == frame_id:
                return frame
        raise VideoNotFoundError(f"there is no picture {frame_id} of a clip: GET /event/best-frames lists them")

    def still(self, video_path: str, time: Fraction, long_side_px: int = 640) -> bytes:
        """A picture of a clip as a JPEG; made once and kept.

        Args:
            video_path: Path or id of the clip.
            time: Seconds since the clip's start.
            long_side_px: The next larger of `STILL_SIZES_PX` is taken; pictures are never enlarged.

        Raises:
            VideoNotFoundError: If the event has no such clip.
            PhotoGoneError: If its file is gone.
            PhotoError: If it cannot be decoded there.
            ExtraMissingError: If what films need is not installed.
        """
        film = self.film(video_path)
        stamp = stamp_of(film.path)
        if stamp is None:
            raise PhotoGoneError(f"the clip {film.video_path} is gone: put it back, or look at the clips again")
        side = next((side for side in STILL_SIZES_PX if side >= long_side_px), STILL_SIZES_PX[-1])
        key = picture_key(stamp, _STILLS_VERSION, time, side)

        def make() -> bytes:
            # Imported here, as the program works without the extra.
            from curation.video.stills import still_jpeg

            with self._originals.at_hand(film.path) as path:
                return decoded(partial(still_jpeg, time=time, long_side_px=side), path, about=content_name(stamp))

        kept = self._stills.get(key)
        return self._stills.made(key, make) if kept is None else kept

    def _result(self, content: str) -> TrailerResult | None:
        if not content:
            return None
        with self._guard:
            cache = self._results.get(content)
            if cache is None:
                path = found_result(self._settings, content) / RESULT
                cache = self._results[content] = FileCache(path, _read)
        return cache.get()

    def _film(self, row: Mapping[str, Any], result: TrailerResult | None, labels: Labels) -> EventFilm:
        video_path = str(row.get("video_path"))
        status = str(row.get("status"))
        error = str(row.get("error") or "")
        if result is None and status != ClipStatus.FAILED.value:
            error = "its result is gone: look at the clips again (python -m curation video event)"
        try:
            path = photo_path(self._io.input_dir, video_path)
        except CurationError:
            path = self._io.input_dir / film_id(video_path)  # the record was edited: a file that is not there
        return EventFilm(
            film_id=film_id(video_path),
            video_path=video_path,
            path=path,
            status=ClipStatus(status) if status in set(ClipStatus) else ClipStatus.FAILED,
            error=error,
            duration_s=_number(row.get("duration_s")),
            capture_time=str(row.get("capture_time") or ""),
            content=str(row.get("content") or ""),
            result=_nobody(error) if result is None else named(result, labels),
        )


_NO_RECORD: Mapping[str, Any] = {}


def _nobody(problem: str) -> TrailerResult:
    """The result of a clip that could not be looked at."""
    film = FilmAnalysis(ClipFacts(Fraction(0), 0, 0), ClipStatus.FAILED, problem, (), 0, 0, 0, 0.0, (), ())
    return TrailerResult(film, (), (), "")


def _read(path: Path) -> TrailerResult | None:
    try:
        return read_result(path)
    except FilmDocumentError:
        return None  # of another version, or damaged: the next run writes it anew


def named(result: TrailerResult, labels: Labels) -> TrailerResult:
    """A result with the names and categories that the user has given by now."""
    people = tuple(_named(person, labels) for person in result.people)
    return replace(result, people=people)


def _named(person: FilmPerson, labels: Labels) -> FilmPerson:
    label = labels.by_cluster.get(person.cluster_id)
    name = "" if label is None or label.name is None else label.name
    category = "" if label is None else label.category.value
    if (name, category) == (person.name, person.category):
        return person
    return replace(person, name=name, category=category)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
