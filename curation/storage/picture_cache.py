"""A cache of pictures made from photos, on the disk, so that each is made once.

Any file in the folder may be removed at any time; a damaged one is made again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from curation.errors import StorageError
from curation.storage.atomic import open_atomic, sweep_temporaries
from curation.storage.file_stamps import FileStamp
from curation.turns import Turns

__all__ = ["PictureCache", "picture_key"]

logger = logging.getLogger(__name__)

_SUFFIX = ".jpg"
_CHECKSUM_BYTES = 16  # behind the picture, where a program that shows the file does not look
_SHARE_AFTER_EVICTION = 0.8  # of the size limit, so that not every new picture evicts others
_USE_PRECISION_S = 3600.0  # how precisely the time of the last use is recorded


def picture_key(stamp: FileStamp, *what: object) -> str:
    """The key of a picture: 32 hex digits that depend on the photo's file and on what is made from it.

    Args:
        stamp: Of the photo's file.
        *what: Everything else that the picture depends on: sizes, places, versions.
    """
    digest = hashlib.sha256(os.fsencode(stamp.path))
    digest.update(repr((stamp.size_bytes, stamp.mtime_ns, *map(str, what))).encode())
    return digest.hexdigest()[:32]


def _checksum(picture: bytes) -> bytes:
    return hashlib.blake2b(picture, digest_size=_CHECKSUM_BYTES).digest()


def _checked(content: bytes) -> bytes | None:
    """The picture of a file, or None if it is damaged, or of an earlier version without a checksum."""
    picture = content[:-_CHECKSUM_BYTES]
    return picture if picture and content[-_CHECKSUM_BYTES:] == _checksum(picture) else None


class PictureCache:
    """The cached pictures of one folder. May be used from several threads, and by several processes."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        """Set the folder; nothing is read or created yet.

        Args:
            folder: Created with the first picture.
            max_bytes: Of all pictures together; the least recently used ones are removed.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        self._guard = threading.Lock()
        self._making = Turns()
        self._bytes: int | None = None
        self._has_failed = False
        self._made = 0

    @property
    def made_count(self) -> int:
        """How many pictures were made by this object, not read from the folder."""
        return self._made

    def get(self, key: str) -> bytes | None:
        """A cached picture, or None."""
        path = self._path(key)
        try:
            # Written without waiting for the disk: after a power cut a file may be cut off, and disks spoil bytes.
            picture = _checked(path.read_bytes())
            if picture is None:
                return None
            if time.time() - path.stat().st_mtime > _USE_PRECISION_S:
                os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn_once(error)
            return None
        return picture

    def put(self, key: str, picture: bytes) -> None:
        """Cache a picture that was made beside another one; one that cannot be cached is left out."""
        with self._guard:
            self._made += 1
        self._save(key, picture)

    def made(self, key: str, make: Callable[[], bytes]) -> bytes:
        """A picture from the cache, or from `make`, which is then cached. Raises what `make` raises.

        Threads that want the same picture wait for the one that makes it. A picture that cannot be cached is returned
        all the same.
        """
        with self._making.of(key):
            picture = self.get(key)
            if picture is None:
                picture = make()
                with self._guard:
                    self._made += 1
                self._save(key, picture)
            return picture

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}{_SUFFIX}"

    def _save(self, key: str, picture: bytes) -> None:
        path = self._path(key)
        try:
            with open_atomic(path, durable=False) as file:
                file.write(picture + _checksum(picture))
            with self._guard:
                if self._bytes is None:
                    self._bytes = sum(size for _, size, _ in self._pictures(sweep=True))
                else:
                    self._bytes += len(picture)
                if self._bytes > self._max_bytes:
                    self._evict()
        except (OSError, StorageError) as error:
            self._warn_once(error)

    def _pictures(self, *, sweep: bool = False) -> Iterator[tuple[float, int, Path]]:
        """When each picture was last used, its size in bytes, and its path."""
        with os.scandir(self._folder) as folders:
            names = [entry.path for entry in folders if entry.is_dir(follow_symlinks=False) and len(entry.name) == 2]
        for name in names:
            if sweep:
                sweep_temporaries(Path(name))
            with os.scandir(name) as files:
                for entry in files:
                    if entry.name.endswith(_SUFFIX):
                        with suppress(FileNotFoundError):  # another process may remove pictures, too
                            status = entry.stat(follow_symlinks=False)
                            yield status.st_mtime, status.st_size, Path(entry.path)

    def _evict(self) -> None:
        pictures = sorted(self._pictures())
        left = sum(size for _, size, _ in pictures)
        for _, size, path in pictures:
            if left <= _SHARE_AFTER_EVICTION * self._max_bytes:
                break
            path.unlink(missing_ok=True)
            left -= size
        self._bytes = left

    def _warn_once(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            logger.warning("pictures cannot be cached in %s (%s); they are made again each time", self._folder, error)
