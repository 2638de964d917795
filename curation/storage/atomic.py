"""Atomic writing: a killed run leaves the old file or the new one, never a part of one."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from curation.errors import StorageError

__all__ = [
    "TEMPORARY_SUFFIX",
    "explained",
    "is_process",
    "open_atomic",
    "set_aside",
    "sweep_temporaries",
    "sync_folder",
    "write_bytes",
]

TEMPORARY_SUFFIX = ".curation-tmp"

_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and run again",
    errno.EDQUOT: "the disk quota is used up: free some space and run again",
    errno.EACCES: "no permission: change the folder's permissions or choose another --output",
    errno.EPERM: "no permission: change the folder's permissions or choose another --output",
    errno.EROFS: "the disk is read-only: choose another --output",
    errno.EFBIG: "the file is larger than this disk or process may write: choose another --output",
    errno.EEXIST: "a part of the path is a file, not a folder: choose another --output",
    errno.EISDIR: "it is a folder: move it away",
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another --output",
    errno.EIO: "the disk reports an error: check it, or choose another --output",
}


def explained(error: OSError, path: Path, doing: str) -> StorageError:
    """The `StorageError` for a failed file operation: `path` cannot be `doing` ("read"), with a hint at what to do."""
    hint = _HINTS.get(error.errno or 0, error.strerror or str(error))
    return StorageError(f"{path} cannot be {doing}: {hint}")


@contextmanager
def open_atomic(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` for writing; it replaces `path` if the block ends without an exception.

    Args:
        path: The file to write; its folder is created if it is missing.
        durable: Wait until the content is on the disk, so that it survives a power cut. Not needed for files that can
            be created again, such as thumbnails.

    Raises:
        StorageError: If it cannot be written; the old file is then unchanged.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        raise explained(error, path, "written") from error
    finally:
        # If it cannot be removed, the error above has the same cause; the next run removes the file.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, so that they survive a power cut.

    Raises:
        OSError: If it fails, but not where the file system does not allow it.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> bool:
    """Write a whole file atomically, unless it has the same content already.

    Returns:
        Whether it was written.

    Raises:
        StorageError: If it cannot be written.
    """
    try:
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
    except FileNotFoundError:
        pass
    except OSError as error:
        raise explained(error, path, "read") from error
    with open_atomic(path, durable=durable) as file:
        file.write(content)
    return True


def set_aside(path: Path) -> Path:
    """Rename a damaged file to `NAME.damaged-1`, or the next number that is free, and return its new path.

    Raises:
        StorageError: If it cannot be renamed.
    """
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError as error:
        raise explained(error, path, "renamed") from error
    return aside


def sweep_temporaries(folder: Path) -> None:
    """Remove the temporary files that dead processes left in `folder`, which may be missing; sub-folders are skipped.

    Raises:
        StorageError: If one cannot be removed.
    """
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        owner = path.name.removesuffix(TEMPORARY_SUFFIX).rpartition(".")[2]
        # The service may be writing labels at this moment, in this process or another.
        if owner.isdecimal() and is_process(int(owner)):
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise explained(error, path, "removed") from error


def is_process(pid: int) -> bool:
    """Whether there is a process with this id."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
