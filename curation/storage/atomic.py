"""Atomic writing: a killed run leaves the old file or the new one, never a part of one."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from curation.disk.away import DISK_IS_AWAY
from curation.disk.file_modes import as_before, hand_out, new_folder_mode
from curation.disk.temporaries import TEMPORARY_SUFFIX, OwnFile, own_name, sweep_left
from curation.errors import StorageError

__all__ = [
    "TEMPORARY_SUFFIX",
    "explained",
    "make_folder",
    "open_atomic",
    "own_working_file",
    "set_aside",
    "sweep_temporaries",
    "sync_folder",
    "write_bytes",
]

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
    **dict.fromkeys(
        DISK_IS_AWAY,
        "its disk is away or does not answer: connect it (mount it again), then run again",
    ),
}


def explained(error: OSError, path: Path, doing: str) -> StorageError:
    """The `StorageError` for a failed file operation: `path` cannot be `doing` ("read"), with a hint at what to do."""
    hint = _HINTS.get(error.errno or 0, error.strerror or str(error))
    return StorageError(f"{path} cannot be {doing}: {hint}")


@contextmanager
def open_atomic(path: Path, *, durable: bool = True, handed_out: bool = False) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` for writing; it replaces `path` if the block ends without an exception.

    A file that is replaced hands on its mode and its group; a new one is private, see `curation.disk.file_modes`.

    Args:
        path: The file to write; its folder is created if it is missing.
        durable: Wait until the content is on the disk, so that it survives a power cut. Not needed for files that can
            be created again, such as thumbnails.
        handed_out: Whether a new file may be read by whom the user's umask allows it.

    Raises:
        StorageError: If it cannot be written; the old file is then unchanged.
    """
    try:
        path.parent.mkdir(new_folder_mode(), parents=True, exist_ok=True)
        with OwnFile(lambda: path.with_name(own_name(path.name))) as own:
            file = own.file
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
            try:
                as_before(file.fileno(), path)
            except FileNotFoundError:
                if handed_out:
                    hand_out(file.fileno())
            own.path.replace(path)
            if durable:
                sync_folder(path.parent)
    except OSError as error:
        raise explained(error, path, "written") from error


@contextmanager
def own_working_file(folder: Path, name: str) -> Iterator[Path]:
    """An empty file for what a run puts out of memory; it goes at the end, and with the next run if this one is killed.

    Write into it where it is: under another file of its name it would not be held any more.

    Raises:
        StorageError: If it cannot be created.
    """
    make_folder(folder)
    try:
        own = OwnFile(lambda: folder / own_name(name))
    except OSError as error:
        raise explained(error, folder, "written into") from error
    with own:
        yield own.path


def make_folder(folder: Path) -> None:
    """Create a folder of the program's own with those that it lies in, unless it is there.

    Raises:
        StorageError: If it cannot be created.
    """
    try:
        folder.mkdir(new_folder_mode(), parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, folder, "created") from error


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
    try:
        for _ in sweep_left(folder):
            pass
    except OSError as error:
        raise explained(error, Path(error.filename or folder), "removed") from error
