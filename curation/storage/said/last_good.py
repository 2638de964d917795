"""The last version of each file of words that could be read, kept beside it: the way back if the file is damaged.

A file of words is never moved or overwritten because it cannot be read: whoever edited it by hand corrects it. The
message then names this copy.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from curation.errors import StorageError
from curation.storage.atomic import write_bytes

__all__ = ["LAST_GOOD", "keep_good", "way_back"]

logger = logging.getLogger(__name__)

LAST_GOOD = ".curation-good"
"""The folder of these copies, beside the files."""


def keep_good(path: Path) -> None:
    """Keep a copy of a file that was just read or written as it should be. Never raises: it is only a copy."""
    try:
        content = path.read_bytes()
    except OSError:
        return  # there is no such file, and what there was before stays
    try:
        write_bytes(_copy(path), content, durable=False)
    except StorageError as error:
        logger.warning("%s", error)


def way_back(path: Path) -> str:
    """A sentence that says how to get back to the last version of a file that could be read; empty if there is none.

    Args:
        path: Of a file that cannot be read.
    """
    copy = _copy(path)
    try:
        since = datetime.fromtimestamp(copy.stat().st_mtime)
        if copy.read_bytes() == path.read_bytes():
            return ""  # it could be read: something else has changed since
    except OSError:
        return ""
    return (
        f". The last version that could be read ({since:%Y-%m-%d %H:%M}) is {copy}: to go back to it, copy it to "
        f"{path.name}"
    )


def _copy(path: Path) -> Path:
    return path.with_name(LAST_GOOD) / path.name
