"""Whether a process, of this machine or of another container of it, holds a file by a lock."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

__all__ = ["is_held"]


def is_held(path: Path, *, writes: bool = False, if_unknown: bool = False) -> bool:
    """Whether somebody holds the file locked; not if it is away.

    Args:
        path: The file; a link is not followed.
        writes: Whether others who only look count as well: the lock that is tried is exclusive, else shared.
        if_unknown: The answer if the file cannot be opened, or its disk has no locks.
    """
    way = os.O_RDWR if writes else os.O_RDONLY
    try:
        handle = os.open(path, way | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return if_unknown
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if writes else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return if_unknown
    finally:
        os.close(handle)
    return False
