"""Conditional requests: If-Match, If-None-Match, and files streamed with an entity tag."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from curation.storage.atomic import explained

__all__ = ["ClosingStream", "attachment", "file_response", "known_version", "matches_any"]

CHUNK_BYTES = 256 * 1024


def matches_any(header: str, etag: str, *, weak: bool = False) -> bool:
    """Whether a list of entity tags contains this one, or is `*`.

    Args:
        header: The value of If-Match or If-None-Match.
        etag: The current entity tag, including its quotes.
        weak: Compare weakly (RFC 9110, 8.8.3.2), as If-None-Match does; If-Match compares strongly.
    """
    tags = [tag.strip() for tag in header.split(",")]
    if weak:
        tags = [tag.removeprefix("W/") for tag in tags]
    return "*" in tags or etag in tags


def known_version(if_match: str | None) -> Callable[[str], bool] | None:
    """A test whether If-Match lists an entity tag; None without that header."""
    return None if if_match is None else partial(matches_any, if_match)


def file_response(request: Request, path: Path, *, media_type: str, download_as: str | None = None) -> Response | None:
    """The file, or 304 if the client already has this version.

    The file is opened once, so that length, entity tag and content belong together even if a run
    replaces the file in the meantime.

    Args:
        request: Its If-None-Match is taken into account.
        path: The file.
        media_type: Of the content.
        download_as: The name under which a browser saves it; with None, the browser shows it instead.

    Returns:
        The response; None if there is no such file.

    Raises:
        StorageError: If the file exists but cannot be read.
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
        # A browser may cache it but must revalidate each time: a new run overwrites the file.
        "Cache-Control": "no-cache",
    }
    known = request.headers.get("if-none-match")
    if known is not None and matches_any(known, etag, weak=True):
        file.close()
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(stat.st_size)
    if download_as is not None:
        headers["Content-Disposition"] = attachment(download_as)
    return ClosingStream(_chunks(file, stat.st_size), file, headers=headers, media_type=media_type)


class ClosingStream(StreamingResponse):
    """A stream whose file is closed when it ends, also for a client that goes away before its end or its begin."""

    def __init__(
        self,
        content: Iterator[bytes],
        file: BinaryIO,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        """Send `content`, which reads from `file`."""
        super().__init__(content, status_code=status_code, headers=headers, media_type=media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and close the file."""
        with self._file:
            await super().__call__(scope, receive, send)


def attachment(name: str) -> str:
    """The Content-Disposition (RFC 6266); a name that is not ASCII appears a second time, encoded."""
    plain = name.encode("ascii", "replace").decode("ascii").replace('"', "_").replace("\\", "_")
    encoded = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    return f'attachment; filename="{plain}"{encoded}'


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    # Exactly the announced length, even if the file grows in the meantime.
    with file:
        left = size
        while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
