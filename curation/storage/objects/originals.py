"""Photos of object storage, fetched into a folder of this machine when they are opened."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from curation.errors import CurationError, ObjectChangedError, ObjectMissingError, PhotoUnreadableError
from curation.storage.objects.fetched_files import FetchedFiles
from curation.storage.objects.file_names import key_of, stamp_ns
from curation.storage.objects.opening import open_store
from curation.storage.objects.store import ObjectInfo, ObjectStore

__all__ = ["ObjectOriginals"]

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_TRUSTED_S = 15.0  # a copy that was compared with the object a moment ago is not compared again
_AHEAD = 8
_THREADS = 4
_CHANGES = 5


class ObjectOriginals:
    """See `Originals`. Safe in several threads and processes at once; picklable, without credentials.

    A file lies at `root / file_name_of(key)`, with the size of the object and, as its time of writing, its `stamp_ns`.
    """

    def __init__(self, address: str, root: Path, cache_mb: int, timeout_s: float) -> None:
        """Take a place in object storage and a folder.

        Args:
            address: As `open_store` takes it.
            root: Where files are fetched to; no other program writes there.
            cache_mb: All files together, in MB of 10^6 bytes; those in use at the same time may be more.
            timeout_s: As `open_store` takes it.
        """
        self._address = address
        self._root = root
        self._cache_mb = cache_mb
        self._timeout_s = timeout_s
        self._start()

    def __getstate__(self) -> tuple[str, Path, int, float]:
        return self._address, self._root, self._cache_mb, self._timeout_s

    def __setstate__(self, state: tuple[str, Path, int, float]) -> None:
        self._address, self._root, self._cache_mb, self._timeout_s = state
        self._start()

    def _start(self) -> None:
        self._files = FetchedFiles(self._root, self._cache_mb * 1_000_000)
        self._opening = threading.Lock()
        self._opened: ObjectStore | None = None

    def _store(self) -> ObjectStore:
        with self._opening:
            if self._opened is None:
                self._opened = open_store(self._address, timeout_s=self._timeout_s)
            return self._opened

    @contextmanager
    def at_hand(self, path: Path) -> Iterator[Path]:
        """See `Originals.at_hand`."""
        file_name = self._file_name(path)
        if file_name is None:
            yield path
            return
        with ExitStack() as held:
            yield self._fetched(file_name, held)

    def fetch_ahead(self, tasks: Iterable[_T], path_of: Callable[[_T], Path | None]) -> Iterator[_T]:
        """Pass tasks on while the files of the next ones are fetched: 8 ahead, 4 at once.

        A task is passed on at once, also where its file is not there yet: who opens it then waits for it, or
        fetches it. Faults are told to who opens the file.

        Args:
            tasks: Of a pool.
            path_of: The file that a task opens; None if there is none.
        """
        waiting: deque[tuple[_T, Future[None]]] = deque()
        source = iter(tasks)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="fetch-ahead") as threads:
            try:
                while True:
                    while len(waiting) < _AHEAD:
                        try:
                            task = next(source)
                        except StopIteration:
                            break
                        waiting.append((task, threads.submit(self._fetch_quietly, path_of(task))))
                    if not waiting:
                        return
                    yield waiting.popleft()[0]
            finally:
                threads.shutdown(wait=False, cancel_futures=True)

    def _fetch_quietly(self, path: Path | None) -> None:
        if path is None:
            return
        try:
            with self.at_hand(path):
                pass
        except CurationError as error:
            _log.debug("not fetched ahead: %s", error)

    def _file_name(self, path: Path) -> str | None:
        try:
            relative = path.relative_to(self._root)
        except ValueError:
            return None
        parts = relative.parts
        return "/".join(parts) if parts and ".." not in parts else None

    def _fetched(self, file_name: str, held: ExitStack) -> Path:
        """Fetch a file unless it is there, and hold it until `held` ends."""
        key = key_of(file_name)
        path = self._files.place_of(file_name)
        trusted = held.enter_context(self._files.used(path))
        if trusted is not None and time.time() - os.fstat(trusted.fileno()).st_ctime < _TRUSTED_S:
            return path
        held.close()
        with self._files.fetching(file_name):
            for _ in range(_CHANGES):
                info = self._asked(key, path)
                used = held.enter_context(self._files.used(path))
                if used is not None and _is_same(os.fstat(used.fileno()), info):
                    self._files.touch(path)
                    return path
                held.close()
                self._files.forget(path)
                path = self._files.place_of(file_name)
                self._files.make_room(info.size_bytes)
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    info = self._store().fetch(key, path, etag=info.etag)
                except ObjectChangedError:
                    continue
                except ObjectMissingError:
                    continue  # the next question tells
                os.utime(path, ns=(time.time_ns(), stamp_ns(info)))
        raise PhotoUnreadableError("it is being written all the time")

    def _asked(self, key: str, path: Path) -> ObjectInfo:
        try:
            return self._store().head(key)
        except ObjectMissingError as error:
            self._files.forget(path)
            raise PhotoUnreadableError("the file is gone from object storage") from error


def _is_same(status: os.stat_result, info: ObjectInfo) -> bool:
    return status.st_size == info.size_bytes and status.st_mtime_ns == stamp_ns(info)
