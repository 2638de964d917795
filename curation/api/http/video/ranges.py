"""Files in parts, as players ask for them: Range and If-Range (RFC 9110, 13 and 14)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from fastapi.responses import Response

from curation.api.http.conditional import ClosingStream, attachment, matches_any
from curation.api.http.errors import ApiProblem
from curation.storage.atomic import explained

__all__ = ["NO_SUCH_RANGE", "ranged_response"]

NO_SUCH_RANGE = (416, "the file has 1000 bytes; there is nothing at 2000-")
_CHUNK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")


def ranged_response(
    request: Request, path: Path, *, media_type: str, download_as: str | None = None
) -> Response | None:
    """The file, a part of it, or 304 if the client already has this version.

    A request for several parts at once, which no player makes, gets the whole file, as the standard allows.

    Args:
        request: Its Range, If-Range and If-None-Match count.
        path: The file.
        media_type: Of the content.
        download_as: The name under which a browser saves it; with None, the browser shows it instead.

    Returns:
        The response; None if there is no such file.

    Raises:
        ApiProblem: 416, if the part lies outside of the file.
        StorageError: If the file exists but cannot be read.
    """
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    try:
        response = _answer(request, file, media_type, download_as)
    except BaseException:
        file.close()
        raise
    if not isinstance(response, ClosingStream):
        file.close()
    return response


def _answer(request: Request, file: BinaryIO, media_type: str, download_as: str | None) -> Response:
    stat = os.fstat(file.fileno())
    size = stat.st_size
    etag = f'"{stat.st_mtime_ns:x}-{size:x}-{stat.st_ino:x}"'
    changed = formatdate(stat.st_mtime, usegmt=True)
    headers = {"ETag": etag, "Last-Modified": changed, "Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}
    known = request.headers.get("if-none-match")
    if known is not None and matches_any(known, etag, weak=True):
        return Response(status_code=304, headers=headers)
    if download_as is not None:
        headers["Content-Disposition"] = attachment(download_as)
    condition = request.headers.get("if-range")
    part = None
    if condition is None or condition.strip() in (etag, changed):
        part = _part(request.headers.get("range"), size)
    first, last = part or (0, size - 1)
    status = 200
    if part is not None:
        status = 206
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    return ClosingStream(
        _chunks(file, first, last - first + 1), file, status_code=status, headers=headers, media_type=media_type
    )


def _part(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte of what is asked for; None for the whole file."""
    asked = None if header is None else _RANGE.fullmatch(header)
    if asked is None or asked.group(1) == asked.group(2) == "":
        return None
    start, end = asked.groups()
    if start == "":
        first, last = max(0, size - int(end)), size - 1
        is_there = int(end) > 0 and size > 0
    else:
        first, last = int(start), min(int(end) if end else size - 1, size - 1)
        if end and int(end) < first:
            return None
        is_there = first < size
    if not is_there:
        raise ApiProblem(
            416,
            "range_not_satisfiable",
            f"the file has {size} bytes; there is nothing at {start}-{end}",
            headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"},
        )
    return first, last


def _chunks(file: BinaryIO, first: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = length
        while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
