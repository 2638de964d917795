"""Reading whole files that may have been replaced by anything."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

from curation.parsing.not_valid import NotValidError

__all__ = ["MAX_FILE_BYTES", "open_plain", "read_plain"]

MAX_FILE_BYTES = 2**30
"""Some twenty times what the largest file of an event of 50,000 photos takes."""

_MB = 10**6


def open_plain(path: Path) -> io.FileIO:
    """Open a file for reading, without a buffer.

    Pipes, sockets and devices are not opened: whoever opens a pipe waits for somebody who writes into it.

    Args:
        path: Of the file; links are followed.

    Raises:
        OSError: If it cannot be opened: there is none, no permission, a folder, or no file.
        NotValidError: If no file can have such a name.
    """
    # Without waiting, so that opening a pipe returns.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except ValueError as error:  # a NUL in the name
        raise NotValidError(f"no file can have this name ({error})") from error
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, and no file: move it away", str(path))
        return open(handle, "rb", buffering=0)  # noqa: PTH123
    except BaseException:
        os.close(handle)
        raise


def read_plain(path: Path, *, limit_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The content of a file.

    Args:
        path: Of the file; see `open_plain`.
        limit_bytes: Larger files are not read.

    Raises:
        OSError: If it cannot be read: there is none, no permission, a folder, or no file.
        NotValidError: If it is larger than the limit, or no file can have such a name.
    """
    with open_plain(path) as opened:
        size = os.fstat(opened.fileno()).st_size
        if size <= limit_bytes:
            with io.BufferedReader(opened) as file:
                content = file.read(limit_bytes + 1)
            if len(content) <= limit_bytes:
                return content
            size = len(content)
    raise NotValidError(f"it has {size / _MB:,.0f} MB, and at most {limit_bytes / _MB:,.0f} MB are read")
