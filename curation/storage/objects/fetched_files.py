"""Files fetched from object storage: a bounded folder that several processes share.

Locks are those of the operating system, on open files, and end with their process: who uses a file holds it shared, who
removes it must hold it alone; who fetches holds a lock of its key. How much lies in the folder stands in one file, and
is counted anew whenever files must go. The least recently used goes first: the time of access is set on each use.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from curation.disk.temporaries import TEMPORARY_SUFFIX, OwnFolder, own_name, remove_left, sweep_left
from curation.errors import StorageError
from curation.storage.atomic import explained, make_folder
from curation.storage.objects.file_names import OWN_FOLDER

__all__ = ["FetchedFiles"]

_LOCKS = 1024
_ARRIVING = "arriving"
_ATTEMPTS = 5
_LONGEST_PATH = 3000  # bytes; the system takes 4095
_KEPT_SHARE = 0.9  # after making room: not a file at a time


@dataclass(frozen=True, slots=True)
class _Kept:
    used_ns: int
    size_bytes: int
    path: Path


class FetchedFiles:
    """See the module. Picklable; each process opens what it needs."""

    def __init__(self, root: Path, limit_bytes: int) -> None:
        """Take a folder, which is created when it is used.

        Args:
            root: Of the files.
            limit_bytes: Of all files together; those in use at the same time may be more.
        """
        self._root = root
        self._limit_bytes = limit_bytes

    def place_of(self, file_name: str) -> Path:
        """Where a file lies: below the root under its name, unless an object of that name's first parts lies there."""
        path = self._root / file_name
        if len(os.fsencode(path)) < _LONGEST_PATH and not self._is_blocked(path):
            return path
        digest = hashlib.sha256(file_name.encode()).hexdigest()
        return self._root / OWN_FOLDER / "aside" / f"{digest}{path.suffix}"

    def _is_blocked(self, path: Path) -> bool:
        if path.is_dir():
            return True
        for parent in path.parents:
            if parent == self._root:
                return False
            if parent.is_file():
                return True
            if parent.is_dir():
                return False
        return False

    @contextmanager
    def used(self, path: Path) -> Iterator[BinaryIO | None]:
        """Hold a file so that nobody removes it; None if it is not there."""
        file = self._opened(path)
        if file is None:
            yield None
            return
        with file:
            yield file

    def _opened(self, path: Path) -> BinaryIO | None:
        while True:
            try:
                file = path.open("rb")
            except (FileNotFoundError, NotADirectoryError):
                return None
            except OSError as error:
                raise explained(error, path, "read") from error
            try:
                _lock(file, fcntl.LOCK_SH, path)
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return file
            except FileNotFoundError:
                pass  # removed or replaced between the two steps
            except BaseException:
                file.close()
                raise
            file.close()

    def touch(self, path: Path) -> None:
        """Note that a file was used."""
        with suppress(OSError):
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))

    @contextmanager
    def fetching(self, file_name: str) -> Iterator[None]:
        """Let one process and thread at a time fetch a file."""
        number = int.from_bytes(hashlib.sha256(file_name.encode()).digest()[:4]) % _LOCKS
        with self._locked(f"fetching-{number}"):
            yield

    @contextmanager
    def arriving(self) -> Iterator[Path]:
        """A path to fetch a file to, out of the sight of others; what is still there in the end is removed."""
        folder = self._root / OWN_FOLDER / _ARRIVING
        try:
            make_folder(folder)
            # Whoever fetches may replace the file; the folder is what is held.
            with OwnFolder(lambda: folder / own_name("fetched")) as own:
                yield own.path / "file"
        except OSError as error:
            raise explained(error, folder, "written into") from error

    def arrived(self, path: Path, file_name: str) -> Path:
        """Put a fetched file to its place, which is returned.

        Raises:
            StorageError: If that cannot be.
        """
        for attempt in range(_ATTEMPTS):
            place = self.place_of(file_name)
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)
                return place
            except (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                # Others remove folders that became empty, and make new ones, at the same moment.
                if attempt == _ATTEMPTS - 1:
                    raise explained(error, place, "written") from error
            except OSError as error:
                raise explained(error, place, "written") from error
        raise AssertionError  # the last attempt returns or raises

    def count(self, size_bytes: int, path: Path) -> None:
        """Count a file that was written, and remove others if all together are too many.

        Raises:
            StorageError: If the folder cannot be written into.
        """
        with self._locked("size") as file:
            total = self._total(file)
            if total is None or total + size_bytes > self._limit_bytes:
                total = self._swept(path)
            else:
                total += size_bytes
            file.seek(0)
            file.truncate()
            file.write(str(total).encode())
            file.flush()

    def remove(self, path: Path) -> bool:
        """Remove a file unless it is in use; it is counted until others must go."""
        return self._removed(path)

    def _total(self, file: BinaryIO) -> int | None:
        file.seek(0)
        text = file.read(32)
        return int(text) if text.isdigit() else None

    def _swept(self, new: Path) -> int:
        """Remove what was used least recently, but not the new file; returns what lies there then."""
        kept = sorted(self._kept(), key=lambda one: (one.used_ns, one.path))
        total = sum(one.size_bytes for one in kept)
        if total <= self._limit_bytes:
            return total
        for one in kept:
            if total <= self._limit_bytes * _KEPT_SHARE:
                break
            if one.path != new and self._removed(one.path):
                total -= one.size_bytes
        return total

    def _kept(self) -> Iterator[_Kept]:
        own = self._root / OWN_FOLDER
        with suppress(OSError):
            deque(sweep_left(own / _ARRIVING), maxlen=0)
        for folder, folders, names in os.walk(self._root):
            if Path(folder) == own and _ARRIVING in folders:
                folders.remove(_ARRIVING)  # of others, who are at it
            for name in names:
                path = Path(folder, name)
                if name.endswith(TEMPORARY_SUFFIX):
                    with suppress(OSError):
                        remove_left(path)
                    continue
                if path.parent == own:
                    continue  # locks
                with suppress(OSError):
                    status = path.stat()
                    yield _Kept(status.st_atime_ns, status.st_size, path)

    def _removed(self, path: Path) -> bool:
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return False
                path.unlink()
        except FileNotFoundError:
            return True
        except OSError:
            return False  # in use
        with suppress(OSError):
            for parent in path.parents:
                if parent == self._root:
                    break
                parent.rmdir()
        return True

    @contextmanager
    def _locked(self, name: str) -> Iterator[BinaryIO]:
        path = self._root / OWN_FOLDER / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+b")
        except OSError as error:
            raise explained(error, path.parent, "written into") from error
        with file:
            _lock(file, fcntl.LOCK_EX, path)
            yield file


def _lock(file: BinaryIO, how: int, path: Path) -> None:
    try:
        fcntl.flock(file, how)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be locked ({error.strerror}): put io.state_dir on a disk of this machine"
        ) from error
