"""Opening files of folders that others fill: what was a photo a moment ago may be a pipe now, which never ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

__all__ = ["NOT_REGULAR", "demand_regular", "open_regular"]

NOT_REGULAR = "it is not a file but a folder, a pipe, a socket or a device"

_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY"))
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # opening a pipe waits for its writer without it; of files it changes nothing


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, without waiting and without touching anything that is no file.

    Raises:
        OSError: If it cannot be opened, or is no regular file; `strerror` says so.
    """
    demand_regular(path)  # first, as opening a device may already do something
    try:
        number = os.open(path, _FLAGS | _NO_WAIT)
    except BlockingIOError:
        number = os.open(path, _FLAGS)  # a file that another program holds back for a moment
    try:
        _demand(os.fstat(number), path)
        # By its path, not its number: some libraries ask an open file for its name.
        return open(path, "rb", opener=lambda *_: number)
    except BaseException:
        os.close(number)
        raise


def demand_regular(path: Path) -> None:
    """Check that a path, after links, is a regular file, before a library opens it.

    Raises:
        OSError: If it is not, or cannot be looked at.
    """
    _demand(path.stat(), path)


def _demand(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL, NOT_REGULAR, str(path))
