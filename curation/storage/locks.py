"""One run at a time on an output folder: a lock of the operating system, which a dead owner does not hold."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from curation.errors import BusyError
from curation.storage.atomic import explained

__all__ = ["LOCK_NAME", "hold_output"]

LOCK_NAME = ".curation.lock"


@contextmanager
def hold_output(output_dir: Path) -> Iterator[None]:
    """Hold the output folder's lock; the folder is made if it is missing.

    Raises:
        BusyError: If another run holds it, in this process or another.
        StorageError: If the folder cannot be made or written into.
    """
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        # An old lock file may still be open to us where no new file is: tell now, not after hours of work.
        if not os.access(output_dir, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        lock = FileLock(output_dir / LOCK_NAME, is_singleton=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(
            f"another run is at work on {output_dir}; wait until it has ended, or give another --output"
        ) from error
    except OSError as error:
        raise explained(error, output_dir, "written into") from error
    try:
        yield
    finally:
        lock.release()
