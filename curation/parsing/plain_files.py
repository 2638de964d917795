"""Reading whole files that may have been replaced by anything."""

from __future__ import annotations

import os
from io import BufferedReader
from pathlib import Path
from typing import cast

from curation.parsing.not_valid import NotValidError
from curation.regular_files import open_regular

__all__ = ["MAX_FILE_BYTES", "open_plain", "read_plain"]

MAX_FILE_BYTES = 2**30
"""Some twenty times what the largest file of an event of 50,000 photos takes."""

_MB = 10**6


def open_plain(path: Path) -> BufferedReader:
    """Open a file for reading; see `curation.regular_files`.

    Raises:
        OSError: If it cannot be opened: there is none, no permission, a folder, or no file.
        NotValidError: If no file can have such a name.
    """
    try:
        return cast(BufferedReader, open_regular(path))
    except ValueError as error:  # a NUL in the name
        raise NotValidError(f"no file can have this name ({error})") from error


def read_plain(path: Path, *, limit_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The content of a file.

    Args:
        path: Of the file; see `open_plain`.
        limit_bytes: Larger files are not read.

    Raises:
        OSError: If it cannot be read: there is none, no permission, a folder, or no file.
        NotValidError: If it is larger than the limit, or no file can have such a name.
    """
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= limit_bytes:
            content = file.read(limit_bytes + 1)
            if len(content) <= limit_bytes:
                return content
            size = len(content)
    raise NotValidError(f"it has {size / _MB:,.0f} MB, and at most {limit_bytes / _MB:,.0f} MB are read")
