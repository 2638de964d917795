"""Who is alive: each service process holds a lock of the operating system under a name of its own.

A process id in a table would not do, because ids are given again; a lock ends with its process,
however the process ends.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from filelock import FileLock, Timeout

from curation.errors import StorageError
from curation.storage.atomic import explained

__all__ = ["Owner", "is_alive"]

FOLDER_NAME = "owners"


class Owner:
    """This process among the owners of jobs, alive until `release`, or until the process ends."""

    def __init__(self, state_dir: Path) -> None:
        """Take a new name and hold its lock.

        Args:
            state_dir: The folder that all owners share; a sub-folder of it takes the locks.

        Raises:
            StorageError: If the lock cannot be taken there.
        """
        self.name = uuid.uuid4().hex
        self._path = _lock_path(state_dir, self.name)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self._path)
            self._lock.acquire(timeout=0)
        except (OSError, Timeout) as error:
            raise _refused(error, self._path) from error

    def release(self) -> None:
        """Count as gone from now on."""
        self._lock.release()
        self._path.unlink(missing_ok=True)


def is_alive(state_dir: Path, name: str) -> bool:
    """Whether the owner of this name still holds its lock. What a dead owner left is removed.

    Raises:
        StorageError: If its lock cannot be looked at.
    """
    path = _lock_path(state_dir, name)
    if not path.exists():
        return False
    try:
        with _lock(path).acquire(timeout=0):
            path.unlink(missing_ok=True)
    except Timeout:
        return True
    except OSError as error:
        raise _refused(error, path) from error
    return False


def _lock_path(state_dir: Path, name: str) -> Path:
    return state_dir / FOLDER_NAME / f"{name}.lock"


def _lock(path: Path) -> FileLock:
    # It is taken by one thread and given back by another; and each look at it is a lock of its own.
    return FileLock(path, thread_local=False, is_singleton=False)


def _refused(error: OSError | Timeout, path: Path) -> StorageError:
    if isinstance(error, Timeout):
        return StorageError(f"the lock {path} is held by another process; start the service again")
    return explained(error, path, "locked")
