"""Pictures that were made of photos, kept on the disk so that each is made once.

The folder is a cache: any file in it may be removed at any time, and one that cannot be used is made again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from curation.errors import StorageError
from curation.storage.atomic import open_atomic, sweep_temporaries
from curation.storage.file_stamps import FileStamp

__all__ = ["PictureCache", "picture_key"]

logger = logging.getLogger(__name__)

_SUFFIX = ".jpg"
_START, _END = b"\xff\xd8", b"\xff\xd9"
_KEPT_SHARE = 0.8  # what is left after making room, so that room is not made for every picture
_NOTED_EVERY_S = 3600.0  # how exactly it is known when a picture was last asked for


def picture_key(stamp: FileStamp, *what: object) -> str:
    """The name of a picture: 32 hex digits that change with the photo's file and with what is made of it.

    Args:
        stamp: Of the photo's file.
        *what: All that the picture depends on beside the file: sizes, places, versions.
    """
    digest = hashlib.sha256(os.fsencode(stamp.path))
    digest.update(repr((stamp.size_bytes, stamp.mtime_ns, *map(str, what))).encode())
    return digest.hexdigest()[:32]


class PictureCache:
    """The pictures of one folder. May be used from several threads, and by several processes."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        """Note the folder; nothing is read or made yet.

        Args:
            folder: Made when the first picture is kept.
            max_bytes: Of all pictures together; those that nobody asked for longest go first.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        self._guard = threading.Lock()
        self._making: dict[str, tuple[threading.Lock, list[None]]] = {}
        self._bytes: int | None = None
        self._has_failed = False
        self._made = 0

    @property
    def made_count(self) -> int:
        """How many pictures were made since the start, not taken from the folder."""
        return self._made

    def get(self, key: str) -> bytes | None:
        """A picture, or None if it is not kept."""
        path = self._path(key)
        try:
            picture = path.read_bytes()
            # Written without waiting for the disk: after a power cut a file may hold less than was written.
            if not (picture.startswith(_START) and picture.endswith(_END)):
                return None
            if time.time() - path.stat().st_mtime > _NOTED_EVERY_S:
                os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._tell(error)
            return None
        return picture

    def made(self, key: str, make: Callable[[], bytes]) -> bytes:
        """A picture: the kept one, or what `make` gives, which is kept then. Raises what `make` raises.

        Threads that want the same picture wait for the one that makes it. A picture that cannot be kept is given
        all the same.
        """
        with self._alone(key):
            picture = self.get(key)
            if picture is None:
                picture = make()
                with self._guard:
                    self._made += 1
                self._keep(key, picture)
            return picture

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}{_SUFFIX}"

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        with self._guard:
            lock, waiting = self._making.setdefault(key, (threading.Lock(), []))
            waiting.append(None)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                waiting.pop()
                if not waiting:
                    del self._making[key]

    def _keep(self, key: str, picture: bytes) -> None:
        path = self._path(key)
        try:
            with open_atomic(path, durable=False) as file:
                file.write(picture)
            with self._guard:
                if self._bytes is None:
                    self._bytes = sum(size for _, size, _ in self._kept(sweep=True))
                else:
                    self._bytes += len(picture)
                if self._bytes > self._max_bytes:
                    self._make_room()
        except (OSError, StorageError) as error:
            self._tell(error)

    def _kept(self, *, sweep: bool = False) -> Iterator[tuple[float, int, Path]]:
        """When each picture was last asked for, its size in bytes, and its path."""
        with os.scandir(self._folder) as folders:
            names = [entry.path for entry in folders if entry.is_dir(follow_symlinks=False) and len(entry.name) == 2]
        for name in names:
            if sweep:
                sweep_temporaries(Path(name))
            with os.scandir(name) as files:
                for entry in files:
                    if entry.name.endswith(_SUFFIX):
                        with suppress(FileNotFoundError):  # another process may make room too
                            status = entry.stat(follow_symlinks=False)
                            yield status.st_mtime, status.st_size, Path(entry.path)

    def _make_room(self) -> None:
        pictures = sorted(self._kept())
        left = sum(size for _, size, _ in pictures)
        for _, size, path in pictures:
            if left <= _KEPT_SHARE * self._max_bytes:
                break
            path.unlink(missing_ok=True)
            left -= size
        self._bytes = left

    def _tell(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            logger.warning("pictures cannot be kept in %s (%s); they are made anew each time", self._folder, error)
