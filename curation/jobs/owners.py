"""The service processes that own jobs: each holds an operating-system lock under a unique name while it runs.

A process id would not do, because the system reuses ids; a lock is released when its process ends, however that
happens.
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
    """This process as an owner of jobs: alive until `release`, or until the process ends."""

    def __init__(self, state_dir: Path) -> None:
        """Take a new name and acquire its lock.

        Args:
            state_dir: The folder that all owners share; the locks are in a sub-folder of it.

        Raises:
            StorageError: If the lock cannot be acquired.
        """
        self.name = uuid.uuid4().hex
        self._path = _lock_path(state_dir, self.name)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self._path)
            self._lock.acquire(timeout=0)
        except (OSError, Timeout) as error:
            raise _lock_error(error, self._path) from error

    def release(self) -> None:
        """Release the lock: the owner no longer counts as alive."""
        self._lock.release()
        self._path.unlink(missing_ok=True)


def is_alive(state_dir: Path, name: str) -> bool:
    """Whether the owner of this name still holds its lock. The lock file of a dead owner is removed.

    Raises:
        StorageError: If its lock cannot be checked.
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
        raise _lock_error(error, path) from error
    return False


def _lock_path(state_dir: Path, name: str) -> Path:
    return state_dir / FOLDER_NAME / f"{name}.lock"


def _lock(path: Path) -> FileLock:
    # The lock is acquired by one thread and released by another, and each check needs a lock object of its own.
    return FileLock(path, thread_local=False, is_singleton=False)


def _lock_error(error: OSError | Timeout, path: Path) -> StorageError:
    if isinstance(error, Timeout):
        return StorageError(f"the lock {path} is held by another process; start the service again")
    return explained(error, path, "locked")
