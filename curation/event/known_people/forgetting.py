"""Forgetting a known person: what is removed, and where else traces of the person may be."""

from __future__ import annotations

import json
import logging
import mmap
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from curation.event.catalog import Catalog
from curation.event.known_people.enrolment import event_name
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.known_people.recognition import EventRecognition
from curation.event.people.edits import PeopleEdits
from curation.event.pictures import PICTURES_DIR
from curation.gallery.store import KnownPerson
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.settings import Settings
from curation.storage.analysis_store import STORE_NAME
from curation.storage.atomic import explained, write_bytes
from curation.storage.cluster_pictures import CLUSTERS_DIR
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA
from curation.storage.said.known_refused_file import KNOWN_REFUSED
from curation.storage.said.undo_journal import UNDO

__all__ = ["EventForgetting", "Forgotten", "Trace", "forget_expired", "forget_person"]

logger = logging.getLogger(__name__)

_TEXTS = frozenset({".json", ".jsonl", ".csv", ".txt", ".xmp", ".html", ".log", ".srt", ".vtt", ".otio", ".md"})
_MOST_BYTES = 1 << 30
"""Larger text files are reported without being searched."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A place where something of a person may be left.

    Attributes:
        path: A file or folder.
        what: What is there, in words.
        todo: What removes it, in words.
    """

    path: Path
    what: str
    todo: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What forgetting a person did.

    Attributes:
        person: As the gallery had it.
        removed: Where something was removed, in words.
        left: Where traces may be left.
        events: Other events in which the person was enrolled: their folders are not known here.
    """

    person: KnownPerson
    removed: tuple[str, ...]
    left: tuple[Trace, ...]
    events: tuple[str, ...]


class EventForgetting:
    """What one output folder has of a known person."""

    def __init__(self, settings: Settings, catalog: Catalog, edits: PeopleEdits, recognition: EventRecognition) -> None:
        """Remember the parts; nothing is read yet."""
        self._catalog = catalog
        self._edits = edits
        self._recognition = recognition
        self._settings = settings
        self.event = event_name(settings)

    def clear(self, person: KnownPerson) -> list[str]:
        """Remove a person from proposals, answers and the cache of pictures; returns what was removed, in words.

        The cache goes as a whole, as it does not say whom a picture shows; its pictures are made again when needed.

        Raises:
            StorageError: If something cannot be read or written.
            RefusalsError: If known_refused.json is not valid.
        """
        out = []
        io = self._settings.io
        if self._recognition.forget([person.person_id]):
            out.append(f"proposals in {io.output_dir}")
        answers = self._edits.forget_refusals([person.person_id]) if self._catalog.refusals.written() else 0
        if answers:
            out.append(f"{answers} answers to proposals in {io.output_dir}")
        films = self._forget_films(person.person_id)
        if films:
            out.append(f"answers to proposals beside {films} films")
        pictures = self._settings.event_dir / PICTURES_DIR
        if pictures.exists():
            try:
                shutil.rmtree(pictures)
            except OSError as error:
                raise explained(error, pictures, "removed") from error
            out.append(f"the cache of pictures {pictures}")
        return out

    def _forget_films(self, person_id: str) -> int:
        """Remove the answers beside films; returns in how many there were some."""
        count = 0
        for path in sorted(self._settings.video.dir.glob(f"*/{KNOWN_REFUSED}")):
            try:
                data = read_json(path)
                names = data["names"]
                kept = {cluster: _without(entry, person_id) for cluster, entry in names.items()}
            except OSError as error:
                raise explained(error, path, "read") from error
            except PARSER_ERRORS:
                continue  # damaged: it is begun anew
            if kept != names:
                left = {cluster: entry for cluster, entry in kept.items() if entry["name"]}
                write_bytes(path, json.dumps({**data, "names": left}, indent=1).encode())
                count += 1
        return count

    def traces(self, name: str) -> list[Trace]:
        """Where something of a person may be left: places that hold faces of everybody, and files that have the name.

        Raises:
            StorageError: If a folder cannot be searched.
        """
        return [*self._of_faces(), *self._of_name(name)]

    def _of_faces(self) -> Iterator[Trace]:
        io, settings = self._settings.io, self._settings
        again = "remove the photos of the person from the folder of photos, delete this, and run the clustering again"
        labels = "it is written anew by the next run; delete the folder to remove all"
        places = [
            (io.state_dir / STORE_NAME, "faces, vectors and small pictures of all photos that were analysed", again),
            (io.state_dir / f"{STORE_NAME}-wal", "what was written last into the file before", again),
            (io.output_dir / EMBEDDINGS, "the vectors of all faces of the event", again),
            (io.output_dir / FACE_DATA, "where the faces of all people of the event are, and who is with whom", again),
            (io.output_dir / CLUSTERS_DIR, "pictures of all people of the event", again),
            (
                io.exports,
                "copies of photos that were exported, and lists of names",
                "delete the exports that show the person",
            ),
            (io.state_dir / "event_clips", "what was seen in clips", labels),
            (settings.video.dir, "films with their people", "delete the films that show the person"),
            (
                settings.assets.dir,
                "pictures that were taken apart, with their people",
                "delete the pictures that show the person",
            ),
        ]
        for path, what, todo in places:
            if path.exists():
                yield Trace(path, what, todo)

    def _of_name(self, name: str) -> Iterator[Trace]:
        io = self._settings.io
        labels = Path(self._settings.scoring.labels_json).name
        todo = {
            labels: "the event still calls somebody so: take the name away on the page People, or in the file",
            UNDO: "delete it: the last changes cannot be undone then",
        }
        usual = "it is written anew without the name by the next run, once the label is gone; or delete it"
        for folder in dict.fromkeys((io.output_dir, self._settings.event_dir, io.state_dir)):
            for path in _files(folder, skipped=(io.input_dir, io.models_dir, io.exports, self._settings.video.dir)):
                if _has_name(path, name):
                    yield Trace(path, f"the name {name!r}", todo.get(path.name, usual))


def forget_person(gallery: OpenGallery, person: KnownPerson, events: Sequence[EventForgetting]) -> Forgotten:
    """Remove a person from the gallery and from all that events have of the gallery.

    The gallery comes last: whoever is interrupted finds the person there and can forget again.

    Args:
        gallery: Of known people.
        person: To be forgotten.
        events: That this is told of.

    Raises:
        KnownPersonNotFoundError: If the person is not there any more.
        GalleryError: If the gallery cannot be changed.
        CurationError: What `EventForgetting` raises.
    """
    removed = [text for event in events for text in event.clear(person)]
    gallery.store().forget(person.person_id)
    removed.insert(0, f"{person.exemplars} faces, the name and the vectors in the gallery")
    told = {event.event for event in events}
    left = [trace for event in events for trace in event.traces(person.name)]
    others = tuple(name for name in person.events if name not in told)
    logger.info("a known person was forgotten: %d faces", person.exemplars)
    return Forgotten(person, tuple(removed), tuple({trace.path: trace for trace in left}.values()), others)


def forget_expired(
    gallery: OpenGallery, expire_days: int | None, events: Sequence[EventForgetting], *, now: datetime | None = None
) -> list[Forgotten]:
    """Forget everybody who was not seen for `gallery.expire_days`; nobody without that setting.

    Takes and raises what `forget_person` does.
    """
    if expire_days is None:
        return []
    before = (now or datetime.now(UTC)) - timedelta(days=expire_days)
    return [
        forget_person(gallery, person, events)
        for person in gallery.store().people()
        if _is_before(person.last_seen or person.added, before)
    ]


def _without(entry: dict[str, Any], person_id: str) -> dict[str, Any]:
    return {**entry, "name": " ".join(id_ for id_ in entry["name"].split() if id_ != person_id)}


def _is_before(when: str, limit: datetime) -> bool:
    try:
        seen = datetime.fromisoformat(when)
    except ValueError:
        return False  # nobody is forgotten because a date cannot be read
    return (seen if seen.tzinfo is not None else seen.replace(tzinfo=UTC)) < limit


def _files(folder: Path, skipped: Iterable[Path]) -> Iterator[Path]:
    """The text files of a folder, without those of other kinds of folders that lie in it."""
    apart = {path.resolve() for path in skipped}
    try:
        waiting = [folder] if folder.is_dir() else []
        while waiting:
            for path in sorted(waiting.pop().iterdir()):
                if path.is_symlink():
                    continue
                if path.is_dir():
                    if path.resolve() not in apart and not path.name.startswith(".git"):
                        waiting.append(path)
                elif path.suffix.lower() in _TEXTS:
                    yield path
    except OSError as error:
        raise explained(error, folder, "read") from error


def _has_name(path: Path, name: str) -> bool:
    wanted = {name.encode("utf-8", "backslashreplace"), json.dumps(name)[1:-1].encode()}
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                return False
            if size > _MOST_BYTES:
                return True
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return any(content.find(text) >= 0 for text in wanted)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise explained(error, path, "read") from error
