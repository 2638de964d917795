"""What was read from a file, kept as long as the file does not change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from curation.storage.atomic import explained

__all__ = ["Derived", "FileCache"]

T = TypeVar("T")


class FileCache(Generic[T]):
    """The content of a file, read again only when the file changed. May be used from any thread."""

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        """Note the file; nothing is read yet."""
        self.path = path
        self._read = read
        self._guard = threading.Lock()
        self._kept: tuple[tuple[int, int, int], T] | None = None

    def get(self) -> T | None:
        """The content, the same object until the file changes; None if there is no file.

        Raises:
            StorageError: If the file cannot be looked at; and whatever reading it raises.
        """
        with self._guard:
            try:
                stat = self.path.stat()
            except (FileNotFoundError, NotADirectoryError):
                self._kept = None
                return None
            except OSError as error:
                raise explained(error, self.path, "read") from error
            # Looked at before reading: a file that is replaced in between is then read again next time.
            version = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._kept is None or self._kept[0] != version:
                self._kept = (version, self._read(self.path))
            return self._kept[1]

    def put(self, value: T) -> None:
        """Take `value` for the content of the file as it is now; for whoever has just written it."""
        with self._guard, suppress(OSError):
            stat = self.path.stat()
            self._kept = ((stat.st_mtime_ns, stat.st_size, stat.st_ino), value)


class Derived(Generic[T]):
    """What was worked out of other values, kept as long as these are the same objects."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._guard = threading.Lock()
        self._kept: tuple[tuple[object, ...], T] | None = None

    def get(self, sources: tuple[object, ...], make: Callable[[], T]) -> T:
        """What `make` gave for these sources, or gives now."""
        with self._guard:
            kept = self._kept
            if (
                kept is None
                or len(kept[0]) != len(sources)
                or any(old is not new for old, new in zip(kept[0], sources, strict=True))
            ):
                kept = self._kept = (sources, make())
            return kept[1]
