"""All films in one list: those that were handed in and the clips of the event, with the names of their characters."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from curation.domain.faces.ids import photo_id
from curation.domain.film.clip import ClipStatus
from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.labelling.labels import Labels, same_name
from curation.errors import (
    CharacterNotFoundError,
    CurationError,
    FilmNotReadyError,
    NotClusteredError,
    VideoFileNotFoundError,
)
from curation.jobs.video.film_folders import FilmFolders, no_film
from curation.jobs.video.film_names import FilmName, anchors_of, names_version, read_names, write_names
from curation.jobs.video.film_record import FilmRecord, FilmSummary, FilmTask, TaskKind, TaskState
from curation.jobs.video.media_types import UNKNOWN_TYPE, media_type_by_name, media_type_of
from curation.jobs.video.video_jobs import VideoJobs, summary_of
from curation.storage.objects.listed import size_and_time

__all__ = ["Character", "EventFilmsPort", "Film", "FilmSource", "FilmState", "Films", "LabelsPort"]

logger = logging.getLogger(__name__)

_KEPT_RESULTS = 6
"""Results that stay in memory; one of an hour has some thousand tracks."""


class FilmSource(StrEnum):
    """Where a film comes from."""

    UPLOAD = "upload"
    EVENT = "event"


class FilmState(StrEnum):
    """What is known of a film so far."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    STOPPED = "stopped"


_OF_STATUS = {ClipStatus.OK: FilmState.DONE, ClipStatus.PARTIAL: FilmState.PARTIAL, ClipStatus.FAILED: FilmState.FAILED}


class EventFilmPort(Protocol):
    """A clip of the event, see `curation.event.film.event_films.EventFilm`."""

    @property
    def video_path(self) -> str:
        """Relative to the folder of photos."""

    @property
    def path(self) -> Path:
        """Its file, which may be gone."""

    @property
    def status(self) -> ClipStatus:
        """How much of it could be looked at."""

    @property
    def error(self) -> str:
        """Why it could not be looked at, or not to its end; else empty."""

    @property
    def result(self) -> TrailerResult | None:
        """Its people, with the names of the event; None if it failed."""


class EventFilmsPort(Protocol):
    """The clips of the event, see `curation.event.film.event_films.EventFilms`."""

    def films(self) -> Sequence[EventFilmPort]:
        """All clips."""


class LabelsPort(Protocol):
    """The labels of the event, see `curation.event.people.edits.PeopleEdits`."""

    def labels(self) -> tuple[str, Labels]:
        """The entity tag and the labels; NotClusteredError before the first clustering."""


@dataclass(frozen=True, slots=True)
class Film:
    """A film in the list.

    Attributes:
        id: 32 hexadecimal digits, or 16 for a clip of the event.
        source: Where it comes from.
        name: Its file name; for a clip its path in the folder of photos.
        created_at: When it came, UTC, ISO 8601; for a clip the time of its file.
        path: Its file.
        size_bytes: Likewise.
        media_type: Likewise.
        state: What is known of it.
        code: Why it failed; else empty.
        message: What the user should know of the state, as a sentence; else empty.
        job_id: Of the job that looks at it, or did; empty if there is none.
        summary: Of its result; None without one.
        record: Of the service; None for a clip for which nothing was done here.
    """

    id: str
    source: FilmSource
    name: str
    created_at: str
    path: Path
    size_bytes: int
    media_type: str
    state: FilmState
    code: str
    message: str
    job_id: str
    summary: FilmSummary | None
    record: FilmRecord | None

    def task(self, kind: TaskKind, key: str = "") -> FilmTask | None:
        """A task of this film; None if it was never asked for."""
        return None if self.record is None else self.record.task(kind, key)


@dataclass(frozen=True, slots=True)
class Character:
    """A character with the name that counts now.

    Attributes:
        person: As found; with name and category of now.
        of_event: Whether it is a person of the event, so that a name typed here labels the event's person.
    """

    person: FilmPerson
    of_event: bool


class Films:
    """Finds films, their results and the names of their characters. Thread-safe."""

    def __init__(
        self,
        folders: FilmFolders,
        input_dir: Path,
        event: EventFilmsPort | None,
        labels: LabelsPort,
    ) -> None:
        """Take the parts; nothing is read yet.

        Args:
            folders: Of films that were handed in.
            input_dir: The folder of the event's photos and clips.
            event: The clips of the event; None if there are none.
            labels: Of the event.
        """
        self._folders = folders
        self._input_dir = input_dir
        self._event = event
        self._labels = labels
        self._guard = threading.Lock()
        self._results: OrderedDict[str, tuple[object, TrailerResult]] = OrderedDict()

    # Finding

    def all(self) -> list[Film]:
        """All films, the newest first. Raises what reading the event's results raises."""
        records = {record.id: record for record in self._folders.records()}
        found = [self._handed_in(record) for record in records.values() if not record.video_path]
        found += [self._clip(clip, records.get(photo_id(clip.video_path))) for clip in self._clips()]
        return sorted(found, key=lambda film: (film.created_at, film.id), reverse=True)

    def get(self, film_id: str) -> Film:
        """One film.

        Raises:
            VideoNotFoundError: If there is none.
        """
        record = self._folders.get(film_id)
        if record is not None and not record.video_path:
            return self._handed_in(record)
        for clip in self._clips():
            if photo_id(clip.video_path) == film_id:
                return self._clip(clip, record)
        raise no_film(film_id)

    def with_person(self, films: Sequence[Film], name: str) -> list[Film]:
        """Those in which somebody of this name is seen."""
        wanted = same_name(name)
        labels = self._event_labels()
        return [film for film in films if any(same_name(one) == wanted for one in self._names(film, labels).values())]

    def names_of(self, film: Film) -> Mapping[int, str]:
        """The names of a film's characters by cluster id; only those that have one."""
        return self._names(film, self._event_labels())

    def file_of(self, record: FilmRecord) -> Path:
        """The file of a film."""
        return self._input_dir / record.video_path if record.video_path else self._folders.original(record.id)

    def record_of(self, film: Film, jobs: VideoJobs) -> FilmRecord:
        """The record of a film; for a clip of the event one is made when it is first needed."""
        if film.source is FilmSource.UPLOAD:
            assert film.record is not None
            return film.record
        made = FilmRecord(film.id, film.name, film.created_at, video_path=film.name, summary=film.summary)
        return jobs.keep_clip(made)

    # Results

    def result(self, film: Film) -> TrailerResult:
        """The result of a film with the names of now.

        Raises:
            FilmNotReadyError: If there is none yet.
            FilmDocumentError: If its files are damaged.
        """
        found = replace(self._result(film), people=tuple(one.person for one in self.characters(film)))
        return found

    def found(self, film: Film) -> TrailerResult:
        """The result with the names that it had when the film was looked at; needs no labels of now.

        Raises what `result` raises.
        """
        return self._result(film)

    def found_person(self, film: Film, cluster_id: int) -> FilmPerson:
        """A character with the name of then. Raises what `character` raises."""
        for person in self._result(film).people:
            if person.cluster_id == cluster_id:
                return person
        raise _no_character(film, cluster_id)

    def result_of(self, record: FilmRecord) -> TrailerResult:
        """The same by a record."""
        return self.result(self.get(record.id))

    def characters(self, film: Film) -> tuple[Character, ...]:
        """The characters by time on screen, the longest first, with the names of now. Raises what `result` raises."""
        labels = self._event_labels()
        said = self._said(film)
        out = []
        for person in self._result(film).people:
            of_event = self._is_of_event(film, person.cluster_id)
            name, category = _named(person.cluster_id, labels if of_event else None, said)
            if film.source is FilmSource.EVENT:
                name, category = person.name, person.category
            out.append(Character(replace(person, name=name, category=category), of_event))
        return tuple(sorted(out, key=lambda one: (-one.person.screen_time, one.person.cluster_id)))

    def character(self, film: Film, cluster_id: int) -> Character:
        """One of them.

        Raises:
            CharacterNotFoundError: If there is none with this id.
        """
        for one in self.characters(film):
            if one.person.cluster_id == cluster_id:
                return one
        raise _no_character(film, cluster_id)

    # Names

    def etag(self, film: Film) -> str:
        """The entity tag of the names: that of the event's labels, and that of the film's own."""
        return f'"{self.event_version()}.{names_version(self._said(film))}"'

    def event_version(self) -> str:
        """The entity tag of the event's labels without quotes; `none` before the first clustering."""
        try:
            return self._labels.labels()[0].strip('"')
        except NotClusteredError:
            return "none"

    def own_version(self, film: Film) -> str:
        """The version of the names that are kept with the film."""
        return names_version(self._said(film))

    def say(self, film: Film, cluster_id: int, name: str, category: str) -> None:
        """Keep a name and a category with a film, for a character who is no person of the event.

        Args:
            film: That was handed in.
            cluster_id: Of the character.
            name: Empty for none.
            category: Empty for none.

        Raises:
            CharacterNotFoundError: If there is no such character.
            StorageError: If it cannot be stored.
        """
        result = self._result(film)
        person = next((one for one in result.people if one.cluster_id == cluster_id), None)
        if person is None:
            raise CharacterNotFoundError(f"{film.name} has no character {cluster_id}")
        path = self._folders.names(film.id)
        with self._folders.locked():
            said = read_names(path)
            said.pop(cluster_id, None)
            if name or category:
                said[cluster_id] = FilmName(name, category, anchors_of(result, person))
            write_names(path, said)

    # Inside

    def _clips(self) -> Sequence[EventFilmPort]:
        if self._event is None:
            return ()
        try:
            return self._event.films()
        except NotClusteredError:
            return ()

    def _handed_in(self, record: FilmRecord) -> Film:
        look = record.task(TaskKind.LOOK)
        summary = record.summary
        state, code, message = FilmState.DONE, "", ""
        if look is not None and look.state is not TaskState.DONE:
            state, code, message = FilmState(look.state.value), look.code, look.message
        elif summary is not None and summary.status == "partial":
            state, message = FilmState.PARTIAL, summary.problem
        return Film(
            id=record.id,
            source=FilmSource.UPLOAD,
            name=record.name,
            created_at=record.created_at,
            path=self._folders.original(record.id),
            size_bytes=record.size_bytes,
            media_type=record.media_type,
            state=state,
            code=code,
            message=message,
            job_id="" if look is None else look.job_id,
            summary=summary,
            record=record,
        )

    def _clip(self, clip: EventFilmPort, record: FilmRecord | None) -> Film:
        try:
            size, created = size_and_time(clip.path)
            media_type = media_type_of(clip.path) if clip.path.is_file() else media_type_by_name(clip.path)
        except (OSError, CurationError):
            size, created, media_type = 0, 0.0, UNKNOWN_TYPE
        state = _OF_STATUS[clip.status] if clip.result is not None else FilmState.FAILED
        return Film(
            id=photo_id(clip.video_path),
            source=FilmSource.EVENT,
            name=clip.video_path,
            created_at=datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds"),
            path=clip.path,
            size_bytes=size,
            media_type=media_type,
            state=state,
            code="clip_unreadable" if state is FilmState.FAILED else "",
            message=clip.error,
            job_id="",
            summary=None if clip.result is None else summary_of(clip.result),
            record=record,
        )

    def _result(self, film: Film) -> TrailerResult:
        if film.source is FilmSource.EVENT:
            for clip in self._clips():
                if photo_id(clip.video_path) == film.id and clip.result is not None:
                    return clip.result
            raise FilmNotReadyError(f"{film.name} could not be looked at: {film.message}")
        if film.summary is None:
            raise FilmNotReadyError(f"{film.name} has no result yet: it is {film.state}")
        from curation.storage.video.result_files import read_result

        folder = self._folders.result(film.id)
        try:
            stat = (folder / "result.json").stat()
        except OSError as error:
            raise VideoFileNotFoundError(f"the result of {film.name} is gone; try the film again") from error
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        with self._guard:
            known = self._results.get(film.id)
            if known is not None and known[0] == stamp:
                self._results.move_to_end(film.id)
                return known[1]
        result = read_result(folder)
        with self._guard:
            self._results[film.id] = stamp, result
            while len(self._results) > _KEPT_RESULTS:
                self._results.popitem(last=False)
        return result

    def _said(self, film: Film) -> dict[int, FilmName]:
        return read_names(self._folders.names(film.id)) if film.source is FilmSource.UPLOAD else {}

    def _event_labels(self) -> Labels | None:
        try:
            return self._labels.labels()[1]
        except NotClusteredError:
            return None

    def _is_of_event(self, film: Film, cluster_id: int) -> bool:
        if film.source is FilmSource.EVENT:
            return True
        return film.record is not None and cluster_id in film.record.joined

    def _names(self, film: Film, labels: Labels | None) -> dict[int, str]:
        if film.summary is None:
            return {}
        if film.source is FilmSource.EVENT:
            return {person.cluster_id: person.name for person in self._result(film).people if person.name}
        said = self._said(film)
        out = {}
        for person in film.summary.people:
            cluster = person.cluster_id
            name, _ = _named(cluster, labels if self._is_of_event(film, cluster) else None, said)
            if name:
                out[cluster] = name
        return out


def _no_character(film: Film, cluster_id: int) -> CharacterNotFoundError:
    return CharacterNotFoundError(f"{film.name} has no character {cluster_id}")


def _named(cluster: int, labels: Labels | None, said: Mapping[int, FilmName]) -> tuple[str, str]:
    """Name and category of a character: of the event's labels if it is of the event, else as kept with the film."""
    if labels is not None:
        label = labels.by_cluster.get(cluster)
        if label is not None:
            return label.name or "", label.category.value
        return "", ""
    own = said.get(cluster)
    return ("", "") if own is None else (own.name, own.category)
