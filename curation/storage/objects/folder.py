"""A folder as object storage, on this machine or on a disk that many share: the same contract as a bucket.

An object is a file; its ETag is made of inode, size and time of writing. Everything that writes holds the same lock
file for a moment, so what is compared and what is replaced is one step; creating is a hard link besides, which fails
where the file exists, on network disks as well. Times are those of the file server.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from curation.disk.temporaries import OwnFile, own_name, sweep_left
from curation.errors import (
    BusyError,
    ObjectChangedError,
    ObjectMissingError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
)
from curation.storage.atomic import TEMPORARY_SUFFIX, explained, open_atomic
from curation.storage.locks import hold_file_lock
from curation.storage.objects.addresses import Address
from curation.storage.objects.lease import held
from curation.storage.objects.store import Lease, ObjectInfo

__all__ = ["FOLDER_LOCK_NAME", "Folder"]

FOLDER_LOCK_NAME = ".curation-objects.lock"

_CHUNK_BYTES = 1 << 20
_READS = 5  # of a file that somebody else writes in place
_AWAY = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETUNREACH})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_NO_NAME = frozenset({errno.ENAMETOOLONG, errno.ELOOP})
_GRAIN_NS = 1_000_000_000  # file systems tell times in up to whole seconds


class Folder:
    """See `ObjectStore`. Links are not followed, and not listed."""

    def __init__(self, root: Path, *, timeout_s: float) -> None:
        """Take a folder, which is created by the first write.

        Args:
            root: Absolute.
            timeout_s: Not used: what is not there does not come by waiting.
        """
        self._root = root
        self._swept: set[Path] = set()

    def __repr__(self) -> str:
        return f"Folder({str(self._root)!r})"

    @property
    def address(self) -> str:
        """See `ObjectStore.address`."""
        return str(Address("file", "", str(self._root)))

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        try:
            if not self._root.is_dir():
                # The first write creates it; where its parent is missing too, a disk is rather not connected.
                if self._root.exists() or not self._root.parent.is_dir():
                    raise ObjectStorageError(f"{self.address} cannot be listed: there is no such folder")
                return
            yield from self._listed(self._root, "", prefix)
        except OSError as error:
            raise _explained(error, f"{self.address} cannot be listed") from error

    def _listed(self, folder: Path, before: str, prefix: str) -> Iterator[ObjectInfo]:
        with os.scandir(folder) as scan:
            entries = [entry for entry in scan if not _is_own(entry.name) and _is_text(entry.name)]
        found: list[tuple[bytes, os.DirEntry[str], bool]] = []
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder or entry.is_file(follow_symlinks=False):
                found.append((f"{entry.name}{'/' if is_folder else ''}".encode(), entry, is_folder))
        for _, entry, is_folder in sorted(found, key=lambda item: item[0]):
            key = before + entry.name
            if is_folder:
                inside = f"{key}/"
                if inside.startswith(prefix) or prefix.startswith(inside):
                    with suppress(FileNotFoundError):
                        yield from self._listed(folder / entry.name, inside, prefix)
            elif key.startswith(prefix):
                with suppress(FileNotFoundError):  # removed meanwhile
                    yield _told(key, entry.stat(follow_symlinks=False))

    def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        with self._open(key) as file:
            return _told(key, os.fstat(file.fileno()))

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """See `ObjectStore.read`."""
        for _ in range(_READS):
            with self._open(key) as file:
                before = _told(key, os.fstat(file.fileno()))
                content = file.read()
                if _told(key, os.fstat(file.fileno())) == before and len(content) == before.size_bytes:
                    return content, before
        raise ObjectStorageUnavailableError(f"{self._named(key)} is being written all the time; try again")

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """See `ObjectStore.read_range`."""
        with self._open(key) as file:
            file.seek(start)
            return file.read(max(0, length))

    def fetch(self, key: str, target: Path, *, etag: str | None = None) -> ObjectInfo:
        """See `ObjectStore.fetch`."""
        for _ in range(_READS):
            with self._open(key) as source:
                before = _told(key, os.fstat(source.fileno()))
                if etag is not None and before.etag != etag:
                    raise ObjectChangedError(f"{self._named(key)} was written by somebody else in the meantime")
                with suppress(_WrittenMeanwhileError), open_atomic(target, durable=False) as file:
                    size = self._copy(source, file, key)
                    if size != before.size_bytes or _told(key, os.fstat(source.fileno())) != before:
                        raise _WrittenMeanwhileError
                    file.flush()
                    os.utime(file.fileno(), ns=(time.time_ns(), before.mtime_ns))
                    return before
        raise ObjectStorageUnavailableError(f"{self._named(key)} is being written all the time; try again")

    def _copy(self, source: BinaryIO, target: BinaryIO, key: str) -> int:
        size = 0
        while True:
            try:
                chunk = source.read(_CHUNK_BYTES)
            except OSError as error:
                raise _explained(error, f"{self._named(key)} cannot be read") from error
            if not chunk:
                return size
            target.write(chunk)
            size += len(chunk)

    def write(self, key: str, content: bytes) -> ObjectInfo:
        """See `ObjectStore.write`."""
        with self._locked(key):
            return self._put(key, content)

    def upload(self, key: str, source: Path) -> ObjectInfo:
        """See `ObjectStore.upload`."""
        try:
            with source.open("rb") as file, self._locked(key):
                return self._put(key, file)
        except OSError as error:
            raise explained(error, source, "read") from error

    def create(self, key: str, content: bytes) -> ObjectInfo:
        """See `ObjectStore.create`."""
        with self._locked(key):
            return self._put(key, content, is_new=True)

    def replace(self, key: str, content: bytes, *, etag: str) -> ObjectInfo:
        """See `ObjectStore.replace`."""
        with self._locked(key):
            if self.head(key).etag != etag:
                raise ObjectChangedError(f"{self._named(key)} was written by somebody else in the meantime")
            return self._put(key, content)

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        try:
            path = self._path(key)
        except ObjectMissingError:
            return
        if not self._root.is_dir():
            return
        with self._locked(key):
            try:
                path.unlink(missing_ok=True)
            except NotADirectoryError:
                return
            except OSError as error:
                raise _explained(error, f"{self._named(key)} cannot be removed") from error

    def presigned(self, key: str, *, expires_s: int) -> str | None:
        """See `ObjectStore.presigned`."""
        return None

    def hold(self, key: str, *, holder: str, lease_s: float, owner: str = "") -> AbstractContextManager[Lease]:
        """See `ObjectStore.hold`."""
        return held(self, key, holder=holder, lease_s=lease_s, owner=owner)

    def _sweep(self, folder: Path) -> None:
        """Remove, once, what killed writers left in a folder that is written into."""
        if folder not in self._swept:
            self._swept.add(folder)
            deque(sweep_left(folder), maxlen=0)

    def _put(self, key: str, content: bytes | BinaryIO, *, is_new: bool = False) -> ObjectInfo:
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._sweep(path.parent)
            with OwnFile(lambda: path.with_name(own_name("object"))) as own:
                file, temporary = own.file, own.path
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    while chunk := content.read(_CHUNK_BYTES):
                        file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                if is_new:
                    self._link(temporary, path)
                else:
                    self._make_distinct(temporary, path)
                    temporary.replace(path)
                return _told(key, path.stat())
        except FileExistsError as error:
            raise ObjectChangedError(f"{self._named(key)} exists already") from error
        except OSError as error:
            raise _explained(error, f"{self._named(key)} cannot be written", writing=True) from error

    def _link(self, temporary: Path, path: Path) -> None:
        try:
            os.link(temporary, path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # A disk without hard links: the lock of the folder has to do.
            if path.exists():
                raise FileExistsError from error
            temporary.replace(path)

    def _make_distinct(self, temporary: Path, path: Path) -> None:
        """Let the new file be younger than the old one, as inodes are used again and clocks tick slowly."""
        try:
            old = path.stat().st_mtime_ns
        except FileNotFoundError:
            return
        for step in (1_000, _GRAIN_NS, 2 * _GRAIN_NS):
            if temporary.stat().st_mtime_ns > old:
                return
            os.utime(temporary, ns=(old + step, old + step))

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        path = self._path(key, to_write=True)
        if _is_own(path.name):
            raise ObjectStorageError(f"{self._named(key)} cannot be written: its name is taken by the program itself")
        try:
            with hold_file_lock(self._root / FOLDER_LOCK_NAME):
                yield
        except BusyError as error:
            raise ObjectStorageUnavailableError(f"{self._named(key)} cannot be written: {error}") from error

    @contextmanager
    def _open(self, key: str) -> Iterator[BinaryIO]:
        path = self._path(key)
        try:
            file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
        except OSError as error:
            raise _explained(error, f"{self._named(key)} cannot be read") from error
        with file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ObjectMissingError(f"{self._named(key)} cannot be read: it is no file")
            yield file

    def _path(self, key: str, *, to_write: bool = False) -> Path:
        if not key or "\0" in key or not _is_text(key) or any(part in ("", ".", "..") for part in key.split("/")):
            if to_write:
                raise ObjectStorageError(
                    f"{self._named(key)} cannot be written: a part of its key is empty, . or ..; choose another name"
                )
            raise ObjectMissingError(f"{self._named(key)} cannot be read: no file is called so")
        path = self._root / key
        if not path.parent.resolve().is_relative_to(self._root.resolve()):
            raise (ObjectStorageError if to_write else ObjectMissingError)(
                f"{self._named(key)} cannot be used: a link leads out of {self._root}"
            )
        return path

    def _named(self, key: str) -> str:
        name = f"{self.address}/{key}"
        return name if name.isprintable() else repr(name)


class _WrittenMeanwhileError(Exception):
    pass


def _explained(error: OSError, what: str, *, writing: bool = False) -> ObjectStorageError:
    is_gone = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError) or error.errno in _NO_NAME
    if is_gone and not writing:
        return ObjectMissingError(f"{what}: there is no such object")
    if error.errno in _AWAY:
        return ObjectStorageUnavailableError(f"{what}: {error.strerror}; is the disk connected?")
    return ObjectStorageError(f"{what}: {error.strerror or type(error).__name__}")


def _is_own(name: str) -> bool:
    return name.endswith(TEMPORARY_SUFFIX) or name == FOLDER_LOCK_NAME


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _told(key: str, status: os.stat_result) -> ObjectInfo:
    etag = f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"
    return ObjectInfo(key, status.st_size, etag, status.st_mtime_ns)
