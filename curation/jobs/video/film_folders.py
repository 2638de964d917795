"""The folder of films: one sub-folder for each, with its file, its record and everything that was made of it."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from curation.disk.temporaries import TEMPORARY_SUFFIX, OwnFolder, own_name, remove_left, sweep_left
from curation.errors import StorageError, VideoNotFoundError
from curation.jobs.video.film_record import FilmRecord
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, make_folder, write_bytes
from curation.storage.locks import hold_file_lock

__all__ = ["ANNOTATED", "FILM_ID", "INCOMING", "KNOWN_REFUSED", "FilmFolders", "no_film"]

logger = logging.getLogger(__name__)

FILM_ID = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")
RECORD = "film.json"
RESULT_DIR = "result"
NAMES = "names.json"
KNOWN_REFUSED = "known_refused.json"
ANNOTATED = "annotated.mp4"
INCOMING = "incoming"
_GOING = ".deleted-"
_LOCK = ".films.lock"
_ORIGINAL = "original"


def no_film(film_id: str) -> VideoNotFoundError:
    """The error of an unknown id."""
    return VideoNotFoundError(f"there is no film {film_id}")


class FilmFolders:
    """The films below one folder; records are written whole and under a lock. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder; it is made with the first film."""
        self.folder = folder
        self._changing = threading.Lock()
        self._guard = threading.Lock()
        self._read: dict[str, tuple[tuple[int, int, int], FilmRecord]] = {}

    def of(self, film_id: str) -> Path:
        """The folder of a film.

        Raises:
            VideoNotFoundError: If this cannot be an id.
        """
        if FILM_ID.fullmatch(film_id) is None:
            raise no_film(film_id)
        return self.folder / film_id

    def original(self, film_id: str) -> Path:
        """The film as it came; its folder names no kind of file, as FFmpeg looks at the content."""
        return self.of(film_id) / _ORIGINAL

    def holds(self, path: Path) -> bool:
        """Whether a file is a film that was handed in."""
        return path.name == _ORIGINAL and path.parent.parent == self.folder

    def result(self, film_id: str) -> Path:
        """The folder of its result."""
        return self.of(film_id) / RESULT_DIR

    def names(self, film_id: str) -> Path:
        """The file of names that were typed for its characters."""
        return self.of(film_id) / NAMES

    def known_refused(self, film_id: str) -> Path:
        """The file of known people whom characters are not, as a user said; it has the form of that of names."""
        return self.of(film_id) / KNOWN_REFUSED

    def annotated(self, film_id: str) -> Path:
        """The film with boxes and names drawn in."""
        return self.of(film_id) / ANNOTATED

    def poster(self, film_id: str, poster_id: str) -> Path:
        """The folder of a poster."""
        return self.of(film_id) / "posters" / poster_id

    def records(self) -> list[FilmRecord]:
        """All records; one that cannot be read is logged and left out."""
        try:
            names = [entry.name for entry in os.scandir(self.folder) if FILM_ID.fullmatch(entry.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explained(error, self.folder, "read") from error
        found = []
        for name in sorted(names):
            try:
                record = self.get(name)
            except StorageError as error:
                logger.warning("a film is left out: %s", error)
                continue
            if record is not None:
                found.append(record)
        return found

    def get(self, film_id: str) -> FilmRecord | None:
        """The record of a film; None without one.

        Raises:
            StorageError: If it cannot be read, or is damaged.
        """
        if FILM_ID.fullmatch(film_id) is None:
            return None
        path = self.folder / film_id / RECORD
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            with self._guard:
                known = self._read.get(film_id)
            if known is not None and known[0] == stamp:
                return known[1]
            record = FilmRecord.from_json(read_json(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise explained(error, path, "read") from error
        except PARSER_ERRORS as error:
            raise StorageError(f"{path} is damaged ({error}): delete the folder, and hand the film in again") from error
        with self._guard:
            self._read[film_id] = stamp, record
        return record

    def change(self, film_id: str, change: Callable[[FilmRecord], FilmRecord]) -> FilmRecord:
        """Change a record.

        Args:
            film_id: Of which film.
            change: Gets the present record, and gives the new one.

        Raises:
            VideoNotFoundError: If there is no such film (any more).
            BusyError: If another process holds the lock for long.
            StorageError: If it cannot be written.
        """
        with self.locked():
            before = self.get(film_id)
            if before is None:
                raise no_film(film_id)
            after = change(before)
            if after != before:
                self._write(after)
            return after

    def add(self, record: FilmRecord, original: Path | None = None) -> FilmRecord:
        """Add a film, unless there is one with this id.

        Args:
            record: Of the film.
            original: Its file on the same disk, which is moved into its folder.

        Returns:
            The record that is there now.
        """
        with self.locked():
            known = self.get(record.id)
            if known is not None:
                return known
            folder = self.of(record.id)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                if original is not None:
                    original.replace(self.original(record.id))
            except OSError as error:
                raise explained(error, folder, "written") from error
            self._write(record)
            return record

    def remove(self, film_id: str) -> None:
        """Delete a film with everything in its folder.

        Raises:
            VideoNotFoundError: If there is none.
            StorageError: If it cannot be removed.
        """
        with self.locked():
            folder = self.of(film_id)
            going = self.folder / f"{_GOING}{uuid.uuid4().hex}"
            try:
                # It is gone at once, even for a player that still reads the file.
                folder.rename(going)
            except FileNotFoundError:
                raise no_film(film_id) from None
            except OSError as error:
                raise explained(error, folder, "removed") from error
            with self._guard:
                self._read.pop(film_id, None)
        shutil.rmtree(going, ignore_errors=True)

    def incoming(self) -> OwnFolder:
        """A folder for one file that is being received; hold it until the file was taken or is not wanted.

        Raises:
            StorageError: If it cannot be made.
        """
        folder = self.folder / INCOMING
        make_folder(folder)
        try:
            return OwnFolder(lambda: folder / own_name("film"))
        except OSError as error:
            raise explained(error, folder, "written into") from error

    def sweep(self) -> None:
        """Remove what processes left that have ended: files received or written by half, and films half deleted."""
        with suppress(OSError):
            deque(sweep_left(self.folder / INCOMING), maxlen=0)
            # Earlier versions named them by the number of their process.
            deque(sweep_left(self.folder / INCOMING, "[0-9a-f]*.[0-9]*", holds=False), maxlen=0)
        with suppress(OSError):
            for path in self.folder.glob(f"{_GOING}*"):
                shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            for path in self.folder.glob(f"*/**/.*{TEMPORARY_SUFFIX}"):
                remove_left(path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock under which films are changed."""
        with self._changing, hold_file_lock(self.folder / _LOCK):
            yield

    def _write(self, record: FilmRecord) -> None:
        content = json.dumps(record.to_json(), ensure_ascii=True, indent=1, sort_keys=True).encode()
        write_bytes(self.of(record.id) / RECORD, content)
