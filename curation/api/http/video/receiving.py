"""Receives films and posters as they arrive; nothing of them is held in memory but a piece."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anyio import to_thread

from curation.api.http.body_limit import MB
from curation.api.http.multipart_stream import FilePart, PartData
from curation.disk.temporaries import OwnFolder
from curation.errors import StorageError, UploadTooLargeError
from curation.jobs.video.film_folders import FilmFolders
from curation.settings import Settings
from curation.storage.atomic import explained

__all__ = ["FilmReceiver", "Received", "refuse_without_room", "shown_name"]

_LONGEST_NAME = 200
_MOST_FILES = 100
"""Of a form, of which one or two count; what comes behind them is not read."""
_ROOM_LEFT_BYTES = 256 * MB
"""What stays free on the disk: results and the rest of the program need some of it."""
_LOOK_EVERY_BYTES = 64 * MB


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was received: where it is, its name, and what is known of its content."""

    path: Path
    name: str
    sha256: str
    size_bytes: int


def shown_name(name: str, instead: str) -> str:
    """A name to show: the last part of a path, without what cannot be written."""
    text = name.replace("\\", "/").encode("utf-8", "replace").decode()
    text = "".join(char for char in text if char.isprintable())
    return PurePosixPath(text).name[-_LONGEST_NAME:] or instead


def refuse_without_room(folder: Path, size_bytes: int) -> None:
    """Make sure that a file fits on the disk.

    Raises:
        StorageError: If it does not; says how much is free.
    """
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        raise explained(error, there, "looked at") from error
    if free - size_bytes < _ROOM_LEFT_BYTES:
        raise StorageError(
            f"the disk of {folder} has {free / 1e9:.1f} GB free, too little for this film; free some space, or set "
            "video.dir to another disk"
        )


class FilmReceiver:
    """Receives the files of a form: a film, and perhaps a poster."""

    def __init__(self, folders: FilmFolders, settings: Settings) -> None:
        """Take the limits; nothing is created yet."""
        self._folders = folders
        self._max_film = settings.video.max_video_mb * MB
        self._max_poster = settings.service.upload_photo_mb * MB
        self.film: Received | None = None
        self.poster: Received | None = None
        self._held: list[OwnFolder] = []

    async def receive(self, parts: AsyncIterator[object], *, only_poster: bool = False) -> None:
        """Receive the files of a form, see `multipart_stream.parts_of`; the first of each kind counts.

        Args:
            parts: Of the form.
            only_poster: Every file is a poster, whatever the name of its field.

        Raises:
            UploadTooLargeError: If one is too large.
            StorageError: If one cannot be written.
        """
        file: _IncomingFile | None = None
        is_poster = False
        files = 0
        try:
            async for part in parts:
                if isinstance(part, FilePart):
                    files += 1
                    if files > _MOST_FILES:
                        break
                    is_poster = only_poster or part.field == "poster"
                    is_wanted = (self.poster if is_poster else self.film) is None
                    file = await to_thread.run_sync(self._begin, part.name, is_poster) if is_wanted else None
                elif file is None:
                    continue
                elif isinstance(part, PartData):
                    await to_thread.run_sync(file.write, part.data)
                else:
                    received = await to_thread.run_sync(file.complete)
                    file = None
                    if is_poster:
                        self.poster = received
                    else:
                        self.film = received
        finally:
            if file is not None:
                file.remove()

    async def fetch(self, fetch: Callable[[str, Path, float], str], trailer: str, poster: str | None) -> None:
        """Fetch a film from its address, and a poster perhaps.

        Args:
            fetch: See `FilmPictures.fetch`.
            trailer: Address of the film.
            poster: Address of the poster.

        Raises:
            AddressRefusedError: If addresses are switched off, or one is not allowed or too large.
            StorageError: If a file cannot be written.
        """
        self.film = await to_thread.run_sync(self._fetched, fetch, trailer, self._max_film)
        if poster is not None:
            self.poster = await to_thread.run_sync(self._fetched, fetch, poster, self._max_poster)

    def _fetched(self, fetch: Callable[[str, Path, float], str], address: str, max_bytes: float) -> Received:
        path = self._incoming()
        try:
            name = fetch(address, path, max_bytes)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Received(path, shown_name(name, "film"), digest, path.stat().st_size)
        except BaseException as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise explained(error, path, "read") from error
            raise

    def remove(self) -> None:
        """Remove what was received and not taken."""
        while self._held:
            self._held.pop().close()

    def _incoming(self) -> Path:
        self._held.append(self._folders.incoming())
        return self._held[-1].path / "file"

    def _begin(self, name: str, is_poster: bool) -> _IncomingFile:
        if is_poster:
            return _IncomingFile(
                self._folders,
                self._incoming(),
                shown_name(name, "poster"),
                self._max_poster,
                "a poster",
                "service.upload_photo_mb",
            )
        return _IncomingFile(
            self._folders, self._incoming(), shown_name(name, "film"), self._max_film, "a film", "video.max_video_mb"
        )


class _IncomingFile:
    """A file that is being received. Not thread-safe."""

    def __init__(self, folders: FilmFolders, path: Path, name: str, max_bytes: float, what: str, setting: str) -> None:
        self._folder = folders.folder
        self._path = path
        self._name = name
        self._max_bytes = max_bytes
        self._what = what
        self._setting = setting
        self._size = 0
        self._looked_at = 0
        self._hash = hashlib.sha256()
        try:
            self._file = self._path.open("xb")
        except OSError as error:
            raise explained(error, self._path, "written") from error

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._max_bytes:
            raise UploadTooLargeError(f"{self._what} may have at most {self._max_bytes / MB:g} MB ({self._setting})")
        if self._size - self._looked_at >= _LOOK_EVERY_BYTES:
            self._looked_at = self._size
            refuse_without_room(self._folder, 0)
        self._hash.update(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise explained(error, self._path.parent, "written") from error

    def complete(self) -> Received:
        try:
            self._file.close()
        except OSError as error:
            raise explained(error, self._path.parent, "written") from error
        return Received(self._path, self._name, self._hash.hexdigest(), self._size)

    def remove(self) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
