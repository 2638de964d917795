"""The last version of each file of words that could be read, kept beside it: the way back if the file is damaged.

A file of words is never moved or overwritten because it cannot be read: whoever edited it by hand corrects it. The
message then names this copy.
"""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curation.errors import NoWayBackError, StorageError
from curation.storage.atomic import explained, write_bytes

__all__ = ["LAST_GOOD", "WAY_BACK_BEGINS", "GoodVersion", "go_back", "good_version", "keep_good", "way_back"]

logger = logging.getLogger(__name__)

LAST_GOOD = ".curation-good"
"""The folder of these copies, beside the files."""
WAY_BACK_BEGINS = ". The last version that could be read"
"""With this begins the sentence that `way_back` adds to a message."""

_VERSION_DIGITS = 16


@dataclass(frozen=True, slots=True)
class GoodVersion:
    """The last version of a file that could be read.

    Attributes:
        at: Date and time at which it was read or written last.
        version: Names its content.
        path: Of the copy.
    """

    at: datetime
    version: str
    path: Path


def good_version(path: Path) -> GoodVersion | None:
    """The last version of a file that could be read; None if there is none, or the file is just that."""
    copy = _copy(path)
    try:
        content = copy.read_bytes()
        if path.read_bytes() == content:
            return None  # it could be read: something else has changed since
        return GoodVersion(datetime.fromtimestamp(copy.stat().st_mtime).astimezone(), _version(content), copy)
    except OSError:
        return None


def go_back(path: Path, version: str) -> Path:
    """Put the last version that could be read in the place of a file that cannot; the caller holds the file's lock.

    Args:
        path: Of the file. It stays beside under another name, and there is always one of both in its place.
        version: Of the version that the user has agreed to.

    Returns:
        Where the damaged file is now: `NAME.damaged-1`, or the next number that is free.

    Raises:
        NoWayBackError: If there is no such version (any more).
        StorageError: If something cannot be read or written; the file is then as it was.
    """
    copy = _copy(path)
    try:
        content, damaged = copy.read_bytes(), path.read_bytes()
    except FileNotFoundError:
        content = damaged = b""
    except OSError as error:
        raise explained(error, path, "read") from error
    if content == damaged or _version(content) != version:
        raise NoWayBackError(f"there is no such version of {path.name} to go back to (any more); look again")
    aside = _kept_aside(path, damaged)
    write_bytes(path, content)
    return aside


def _kept_aside(path: Path, content: bytes) -> Path:
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.damaged-{number}")
        try:
            with aside.open("xb") as file:
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            return aside
        except FileExistsError:
            number += 1
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise explained(error, aside, "written") from error


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_VERSION_DIGITS]


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
    good = good_version(path)
    if good is None:
        return ""
    return (
        f"{WAY_BACK_BEGINS} ({good.at:%Y-%m-%d %H:%M}) is {good.path}: to go back to it, copy it "
        f"to {path.name}, or use `python -m curation words --back {path.name}`"
    )


def _copy(path: Path) -> Path:
    return path.with_name(LAST_GOOD) / path.name
