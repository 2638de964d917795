"""Caches: the content of a file until the file changes, and a value until its inputs change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from curation.storage.atomic import explained
from curation.storage.together.finishing import finish_pending

__all__ = ["Derived", "FileCache"]

T = TypeVar("T")


class FileCache(Generic[T]):
    """Caches the parsed content of a file, and reads it again when the file changed. Thread-safe."""

    def __init__(self, path: Path, read: Callable[[Path], T], *, output_dir: Path | None = None) -> None:
        """Cache the content of a file; nothing is read yet.

        Args:
            path: The file.
            read: Reads and parses it.
            output_dir: With whose files it is written together; None is the folder of the file.
        """
        self.path = path
        self._output_dir = path.parent if output_dir is None else output_dir
        self._read = read
        self._guard = threading.Lock()
        self._cached: tuple[tuple[int, int, int], T] | None = None

    def get(self) -> T | None:
        """The content: the same object until the file changes; None if there is no file.

        Raises:
            BusyError: If a run that is just moving its files to their places does not end.
            StorageError: If the file's status cannot be read; also what `read` raises.
        """
        finish_pending(self._output_dir)
        with self._guard:
            try:
                stat = self.path.stat()
            except (FileNotFoundError, NotADirectoryError):
                self._cached = None
                return None
            except OSError as error:
                raise explained(error, self.path, "read") from error
            # The status is read before the content: if the file is replaced in between, the next call reads it again.
            version = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._cached is None or self._cached[0] != version:
                self._cached = (version, self._read(self.path))
            return self._cached[1]

    def put(self, value: T) -> None:
        """Cache `value` as the content of the file as it is now; call it after writing the file."""
        with self._guard, suppress(OSError):
            stat = self.path.stat()
            self._cached = ((stat.st_mtime_ns, stat.st_size, stat.st_ino), value)


class Derived(Generic[T]):
    """Caches a value that is computed from other objects, as long as these are the same objects. Thread-safe."""

    def __init__(self) -> None:
        """Begin empty."""
        self._guard = threading.Lock()
        self._cached: tuple[tuple[object, ...], T] | None = None

    def put(self, sources: tuple[object, ...], value: T) -> None:
        """Cache `value` for these sources."""
        with self._guard:
            self._cached = (sources, value)

    def get(self, sources: tuple[object, ...], make: Callable[[], T]) -> T:
        """The cached value for these sources, else the result of `make`.

        Args:
            sources: The objects that the value depends on, compared by identity.
            make: Computes the value.
        """
        with self._guard:
            cached = self._cached
            if (
                cached is None
                or len(cached[0]) != len(sources)
                or any(old is not new for old, new in zip(cached[0], sources, strict=True))
            ):
                cached = self._cached = (sources, make())
            return cached[1]
