"""Entity tags and files over HTTP: If-Match, If-None-Match, and streaming of one version of a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from curation.storage.atomic import explained

__all__ = ["file_response", "known_version", "matches_any"]

CHUNK_BYTES = 256 * 1024


def matches_any(header: str, etag: str, *, weak: bool = False) -> bool:
    """Whether a list of entity tags names this one, or is `*`.

    Args:
        header: The value of If-Match or If-None-Match.
        etag: The present entity tag, in its quotes.
        weak: Compare weakly (RFC 9110, 8.8.3.2), as If-None-Match does; If-Match compares strongly.
    """
    tags = [tag.strip() for tag in header.split(",")]
    if weak:
        tags = [tag.removeprefix("W/") for tag in tags]
    return "*" in tags or etag in tags


def known_version(if_match: str | None) -> Callable[[str], bool] | None:
    """Tells of an entity tag whether If-Match names it; None without that header."""
    return None if if_match is None else partial(matches_any, if_match)


def file_response(request: Request, path: Path, *, media_type: str, download_as: str | None = None) -> Response | None:
    """The file, or 304 if the client has it already.

    The file is opened once, so that length, tag and content belong together even if a run puts a
    new file in its place meanwhile.

    Args:
        request: Its If-None-Match is honoured.
        path: The file.
        media_type: Of the content.
        download_as: The name under which a browser saves it; None shows it instead.

    Returns:
        The answer; None if there is no such file.

    Raises:
        StorageError: If the file is there but cannot be read.
    """
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    stat = os.fstat(file.fileno())
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}-{stat.st_ino:x}"'
    headers = {
        "ETag": etag,
        "Last-Modified": formatdate(stat.st_mtime, usegmt=True),
        # A browser may keep it but must ask each time: a new run writes new content to the same place.
        "Cache-Control": "no-cache",
    }
    known = request.headers.get("if-none-match")
    if known is not None and matches_any(known, etag, weak=True):
        file.close()
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(stat.st_size)
    if download_as is not None:
        headers["Content-Disposition"] = _attachment(download_as)
    return StreamingResponse(_chunks(file, stat.st_size), headers=headers, media_type=media_type)


def _attachment(name: str) -> str:
    """A Content-Disposition (RFC 6266); names with other letters than ASCII's stand in it a second time, encoded."""
    plain = name.encode("ascii", "replace").decode("ascii").replace('"', "_").replace("\\", "_")
    encoded = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    return f'attachment; filename="{plain}"{encoded}'


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    # Exactly the length that was promised, also if someone appends to the file in the meantime.
    with file:
        left = size
        while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
