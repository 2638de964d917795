"""Photos of object storage, fetched into a folder of this machine when they are opened."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from curation.errors import CurationError, ObjectMissingError, PhotoUnreadableError
from curation.storage.objects.fetched_files import FetchedFiles
from curation.storage.objects.file_names import OWN_FOLDER, file_name_of, key_of
from curation.storage.objects.opening import open_store
from curation.storage.objects.store import ObjectInfo, ObjectStore

__all__ = ["ObjectOriginals"]

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_AHEAD = 8
_THREADS = 4


class ObjectOriginals:
    """See `Originals`. Safe in several threads and processes at once; picklable, without credentials.

    A file lies at `root / file_name_of(key)`, with the object's size and time of writing. Each time
    that a copy is used it is compared with its object, which costs one small request.
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

    def forget(self, keys: Iterable[str]) -> None:
        """Remove the files of these keys, but those in use; they are fetched when they are opened next."""
        for key in keys:
            self._files.remove(self._files.place_of(file_name_of(key)))

    def fetch_ahead(self, tasks: Iterable[_T], path_of: Callable[[_T], Path | Sequence[Path] | None]) -> Iterator[_T]:
        """Pass tasks on while the files of the next ones are fetched: 8 ahead, 4 at once.

        A task is passed on at once, also where its file is not there yet: who opens it then waits for it, or
        fetches it. Faults are told to who opens the file.

        Args:
            tasks: Of a pool.
            path_of: The file that a task opens, or several; None if there is none.
        """
        waiting: deque[_T] = deque()
        wanted: SimpleQueue[Path | None] = SimpleQueue()
        ended = threading.Event()
        # Daemons: where storage stands still, they must not hold up the end of the program.
        for _ in range(_THREADS):
            threading.Thread(target=self._fetch_wanted, args=(wanted, ended), name="fetch-ahead", daemon=True).start()
        try:
            for task in tasks:
                paths = path_of(task)
                for path in (paths,) if isinstance(paths, Path) else paths or ():
                    wanted.put(path)
                waiting.append(task)
                if len(waiting) > _AHEAD:
                    yield waiting.popleft()
            yield from waiting
        finally:
            ended.set()
            for _ in range(_THREADS):
                wanted.put(None)

    def _fetch_wanted(self, wanted: SimpleQueue[Path | None], ended: threading.Event) -> None:
        while (path := wanted.get()) is not None and not ended.is_set():
            self._fetch_quietly(path)

    def _fetch_quietly(self, path: Path) -> None:
        try:
            with self.at_hand(path):
                pass
        except CurationError as error:
            _log.debug("not fetched ahead: %s", error)

    def _file_name(self, path: Path) -> str | None:
        try:
            parts = path.relative_to(self._root).parts
        except ValueError:
            return None
        return "/".join(parts) if parts and ".." not in parts and parts[0] != OWN_FOLDER else None

    def _fetched(self, file_name: str, held: ExitStack) -> Path:
        """Fetch a file unless it is there, and hold it until `held` ends."""
        key = key_of(file_name)
        path = self._files.place_of(file_name)
        info: ObjectInfo | None = None
        if self._is_kept(path, held):
            # Compared each time: whoever lists sees a new object at once, and must not get old content for it.
            info = self._asked(key)
            if info is not None and self._is_held(path, info, held):
                return path
        with self._files.fetching(file_name):
            path = self._files.place_of(file_name)
            if info is None and self._is_kept(path, held):
                info = self._asked(key)  # somebody else may have fetched it meanwhile
            if info is not None and self._is_held(path, info, held):
                return path
            held.close()
            self._files.remove(path)
            with self._files.arriving() as arriving:
                try:
                    info = self._store().fetch(key, arriving)
                except ObjectMissingError as error:
                    raise PhotoUnreadableError("the file is gone from object storage") from error
                held.enter_context(self._files.used(arriving))  # before others see it, and may remove it
                path = self._files.arrived(arriving, file_name)
            self._files.count(info.size_bytes, path)
        return path

    def _is_kept(self, path: Path, held: ExitStack) -> bool:
        held.close()
        return held.enter_context(self._files.used(path)) is not None

    def _is_held(self, path: Path, info: ObjectInfo, held: ExitStack) -> bool:
        """Whether the file is the object's content; it is held then."""
        held.close()
        file = held.enter_context(self._files.used(path))
        if file is not None:
            status = os.fstat(file.fileno())
            if (status.st_size, status.st_mtime_ns) == (info.size_bytes, info.mtime_ns):
                self._files.touch(path)
                return True
        held.close()
        return False

    def _asked(self, key: str) -> ObjectInfo | None:
        try:
            return self._store().head(key)
        except ObjectMissingError:
            return None  # fetching it tells
