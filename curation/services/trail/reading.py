"""Reading the log: what happened to a picture, what failed, what happens now."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from curation.errors import InputError, RedisUnavailableError
from curation.services.trail.line import TrailLine
from curation.services.trail.log_files import lines_of_file, log_files
from curation.services.trail.log_stream import CLOCKS_S, lines_of_stream
from curation.settings.services import ServicesSettings
from curation.storage.atomic import explained

__all__ = ["errors_of", "lines_since", "sha256_of", "steps_of"]

_logger = logging.getLogger(__name__)

_HASH = re.compile(r"[0-9a-f]{6,64}")


def sha256_of(image: str | Path) -> str:
    """The hash that is meant, or its beginning.

    Args:
        image: A SHA-256 in hex, at least 6 digits of its beginning, `image:` and such a hash, or a picture file.

    Raises:
        InputError: If it is neither.
        StorageError: If the file cannot be read.
    """
    if isinstance(image, str):
        text = image.strip().lower().removeprefix("image:")
        if _HASH.fullmatch(text):
            return text
    path = Path(image)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError, ValueError) as error:
        raise InputError(
            f"{image} is neither a picture file nor a SHA-256 (at least 6 of its hex digits): give one of them"
        ) from error
    except OSError as error:
        raise explained(error, path, "read") from error


def steps_of(settings: ServicesSettings, image: str | Path) -> list[TrailLine]:
    """All steps of a picture through all roles, oldest first, each once.

    They come from the central log, from the files of the processes and from Redis, whatever of them is there.

    Args:
        settings: The section `services`.
        image: See `sha256_of`; with the beginning of a hash, all pictures whose hashes begin so.

    Raises:
        InputError: If `image` is neither a hash nor a file.
        StorageError: If the file cannot be read.
    """
    sha256 = sha256_of(image)
    found = _lines(settings, containing=f'"sha256":"{sha256}')
    return _in_order(line for line in found if line.sha256.startswith(sha256))


def errors_of(settings: ServicesSettings, *, since: datetime | None = None) -> list[TrailLine]:
    """All steps that failed, oldest first, each once.

    Args:
        settings: The section `services`.
        since: Only those from this moment on; it has a time zone.
    """
    return _in_order(
        line
        for line in _lines(settings, containing='"status":"error"', since=since)
        if line.is_error and (since is None or line.moment >= since)
    )


def lines_since(settings: ServicesSettings, since: datetime | None = None) -> list[TrailLine]:
    """All steps from a moment on, oldest first, each once; None is all that the log still has."""
    return _in_order(line for line in _lines(settings, since=since) if since is None or line.moment >= since)


def _lines(settings: ServicesSettings, *, containing: str = "", since: datetime | None = None) -> Iterator[TrailLine]:
    """Lines of all places; with `since` a part of the older ones is left out, which takes less time."""
    for path in log_files(settings.log_dir):
        if since is None or _was_written(path, since):
            yield from lines_of_file(path, containing=containing)
    try:
        yield from lines_of_stream(settings.redis, containing=containing, since=since)
    except RedisUnavailableError as error:
        _logger.warning("without the lines that are only in Redis: %s", error)


def _was_written(path: Path, since: datetime) -> bool:
    try:
        return path.stat().st_mtime >= since.timestamp() - CLOCKS_S
    except OSError:
        return False


def _in_order(lines: Iterable[TrailLine]) -> list[TrailLine]:
    once = {(line.source, line.number): line for line in lines}
    return sorted(once.values(), key=lambda line: (line.time, line.source, line.number))
