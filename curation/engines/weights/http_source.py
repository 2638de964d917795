"""Downloading a file from one source over HTTP, resumed where the connection was lost.

What has arrived lies in a `.part` file; beside it, a small JSON file says which source it came from.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curation.engines.weights.files import write_atomically
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import READING_ERRORS

if TYPE_CHECKING:
    import requests

__all__ = ["DownloadProgress", "SourceError", "WrongContentError", "complete_part", "discard_part", "part_state_path"]

logger = logging.getLogger(__name__)

DownloadProgress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes that have arrived, and those of the whole file if known."""

_CHUNK_BYTES = 1 << 16  # a lost connection costs at most this much
_READ_TIMEOUT_S = 30.0
# A source is tried this often after lost connections, as long as each try brings some bytes.
_MAX_RESUMES = 5
_RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True, slots=True)
class _PartState:
    """What is known of the file that a `.part` is the beginning of."""

    address: str
    validator: str | None
    total_bytes: int | None


class SourceError(Exception):
    """A source did not deliver the file; another one may."""


class _ConnectionLostError(SourceError):
    """The connection ended too early; the bytes that arrived remain in the `.part` file."""


class _StalePartError(_ConnectionLostError):
    """The `.part` file is of no use any more; the download starts from the beginning."""


class WrongContentError(SourceError):
    """The source delivered another file than the one that was asked for."""


def complete_part(
    address: str, part: Path, name: str, progress: DownloadProgress | None, connect_timeout_s: float
) -> None:
    """Complete a `.part` file from one source.

    Args:
        address: http(s) address of the file.
        part: The `.part` file; what an earlier call downloaded from the same address is continued.
        name: Of the file, for `progress`.
        progress: Called as bytes arrive.
        connect_timeout_s: How long to wait for a connection.

    Raises:
        SourceError: If this source does not deliver the file.
        OSError: If it cannot be written.
    """
    for _ in range(_MAX_RESUMES):
        had, _ = _resumable(part, address)
        try:
            _fetch_once(address, part, name, progress, connect_timeout_s)
            return
        except _ConnectionLostError as error:
            if _resumable(part, address)[0] <= had and not isinstance(error, _StalePartError):
                raise
            logger.info("the connection to %s was lost (%s); resuming", address, error)
    raise SourceError(f"the connection was lost {_MAX_RESUMES} times")


def _fetch_once(
    address: str, part: Path, name: str, progress: DownloadProgress | None, connect_timeout_s: float
) -> None:
    import requests  # takes a tenth of a second, and most runs download nothing

    offset, state = _resumable(part, address)
    if state and offset and offset == state.total_bytes:
        return  # an earlier run received all of it, but ended before checking it
    # Uncompressed, since the number of bytes is compared with the announced size.
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if state and state.validator:
            headers["If-Range"] = state.validator
    try:
        with requests.get(
            address, headers=headers, stream=True, timeout=(connect_timeout_s, _READ_TIMEOUT_S)
        ) as response:
            if response.status_code == _RANGE_NOT_SATISFIABLE and offset:
                discard_part(part)
                raise _StalePartError("the source does not have the requested range")
            if response.status_code not in (200, 206):
                raise SourceError(f"HTTP {response.status_code} {response.reason}")
            if "text/html" in response.headers.get("Content-Type", ""):
                raise SourceError("the source sent a web page instead of the file")
            offset, total = _start_and_total(response, offset, state)
            if not offset:
                # Before the state says otherwise: what is there may be the beginning of another file.
                part.unlink(missing_ok=True)
            _write_state(part, _PartState(address, _validator(response), total))
            _append(response, part, offset, total, name, progress)
    except requests.RequestException as error:
        raise _ConnectionLostError(f"{type(error).__name__}: {error}") from error


def _start_and_total(response: requests.Response, offset: int, state: _PartState | None) -> tuple[int, int | None]:
    """The position of the response's first byte in the file, and the size of the whole file if known."""
    length = response.headers.get("Content-Length", "")
    body = int(length) if length.isdecimal() else None
    if response.status_code == 200:  # the source cannot resume, or the file has changed
        return 0, body
    unit, _, span = response.headers.get("Content-Range", "").partition(" ")
    interval, _, whole = span.partition("/")
    first = interval.partition("-")[0]
    total = int(whole) if whole.isdecimal() else None
    if unit != "bytes" or not first.isdecimal() or int(first) != offset:
        raise WrongContentError("the source sent another range than the requested one")
    if state and state.total_bytes is not None and total is not None and total != state.total_bytes:
        raise WrongContentError(f"the file changed from {state.total_bytes} to {total} bytes during the download")
    return offset, total


def _append(
    response: requests.Response,
    part: Path,
    offset: int,
    total: int | None,
    name: str,
    progress: DownloadProgress | None,
) -> None:
    done = offset
    with part.open("r+b" if offset else "wb") as file:
        file.truncate(offset)
        file.seek(offset)
        try:
            for chunk in response.iter_content(_CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(name, done, total)
        finally:
            file.flush()
            os.fsync(file.fileno())
    if total is not None and done < total:
        raise _ConnectionLostError(f"only {done} of {total} bytes arrived")
    if total is not None and done > total:
        raise WrongContentError(f"{done} bytes arrived instead of {total}")


def _resumable(part: Path, address: str) -> tuple[int, _PartState | None]:
    """How much of the `.part` came from this source, and what the source said about the file."""
    try:
        data = read_json(part_state_path(part))
        state = _PartState(str(data["address"]), data["validator"], data["total_bytes"])
    except READING_ERRORS:
        return 0, None
    if state.address != address:
        return 0, None
    return _size(part), state


def _write_state(part: Path, state: _PartState) -> None:
    content = {"address": state.address, "validator": state.validator, "total_bytes": state.total_bytes}
    write_atomically(part_state_path(part), json.dumps(content).encode())


def _validator(response: requests.Response) -> str | None:
    etag = response.headers.get("ETag")
    # If-Range takes strong validators only (RFC 9110, 13.1.5).
    if etag and not etag.startswith("W/"):
        return str(etag)
    modified = response.headers.get("Last-Modified")
    return str(modified) if modified else None


def discard_part(part: Path) -> None:
    """Delete a `.part` file and its state."""
    part.unlink(missing_ok=True)
    part_state_path(part).unlink(missing_ok=True)


def part_state_path(part: Path) -> Path:
    """The file that says where a `.part` file came from."""
    return part.with_name(part.name + ".json")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
