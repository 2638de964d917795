"""Fetching a large file: several sources, resume after a cut, checksum, all or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import filelock

from curation.errors import BusyError, StorageError, WeightsBrokenError, WeightsMissingError

if TYPE_CHECKING:
    import requests

__all__ = ["DownloadProgress", "Downloaded", "download", "file_sha256", "write_atomically"]

logger = logging.getLogger(__name__)

DownloadProgress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes that are here, and those of the whole file if known."""

_CHUNK_BYTES = 1 << 16  # what a cut connection costs at most
_READ_TIMEOUT_S = 30.0
# A cut connection is taken up again this often at one source, as long as each try brings something.
_MAX_RESUMES = 5
# Somebody else's fetch of the same file is waited for; it either ends or runs into its own time limits.
_OTHER_FETCH_TIMEOUT_S = 1800.0
_CONTENT_WRONG = 416


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was fetched and moved to its place."""

    path: Path
    address: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _PartState:
    """What is known of the file that a `.part` is the beginning of."""

    address: str
    validator: str | None
    total_bytes: int | None


class _SourceError(Exception):
    """A source did not give the file; the next one may."""


class _CutError(_SourceError):
    """The connection ended too early; what came is kept."""


class _StaleError(_CutError):
    """What was kept of the file is of no use any more; the fetch starts anew."""


class _ContentError(_SourceError):
    """The source gave another file than the one that was asked for."""


def download(
    addresses: Sequence[str],
    target: Path,
    *,
    sha256: str | None = None,
    size_bytes: int | None = None,
    check: Callable[[Path], None] | None = None,
    progress: DownloadProgress | None = None,
    connect_timeout_s: float = 5.0,
) -> Downloaded:
    """Fetch a file from the first source that has it.

    What arrives is kept beside the target as `<name>.part`; a later call goes on from there where the
    source allows it. Proxies are taken from the environment. Only one process fetches a file at a time.

    Args:
        addresses: http(s) addresses of the same file, in order of preference.
        target: Where it shall lie; its folder is made if need be.
        sha256: Of the right content (hex), if known.
        size_bytes: Of the right content, if known.
        check: Called with the complete file before it is moved to its place; raises
            `WeightsBrokenError` if it is not what it should be.
        progress: Called as bytes arrive.
        connect_timeout_s: How long to wait for any source to answer.

    Raises:
        WeightsMissingError: If no source could be reached or gave the file.
        WeightsBrokenError: If every source that answered gave another content.
        StorageError: If the folder cannot be written or the disk is full.
        BusyError: If another process has been fetching this file for half an hour.
    """
    part = target.with_name(target.name + ".part")
    lock = filelock.FileLock(target.with_name(f".{target.name}.lock"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        before = _identity(target)
        lock.acquire(timeout=_OTHER_FETCH_TIMEOUT_S)
    except filelock.Timeout as error:
        raise BusyError(f"another process is still fetching {target}; wait for it or end it") from error
    except OSError as error:
        raise _storage_error(target, error) from error
    try:
        if _identity(target) != before and target.is_file():
            # Another process fetched it while this one waited.
            return Downloaded(target, addresses[0], target.stat().st_size, file_sha256(target))
        return _from_any(addresses, part, target, sha256, size_bytes, check, progress, connect_timeout_s)
    finally:
        lock.release()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hex.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error}") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a small file as a whole.

    Raises:
        StorageError: If it cannot be written.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.curation-tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _storage_error(path, error) from error


def _from_any(
    addresses: Sequence[str],
    part: Path,
    target: Path,
    sha256: str | None,
    size_bytes: int | None,
    check: Callable[[Path], None] | None,
    progress: DownloadProgress | None,
    connect_timeout_s: float,
) -> Downloaded:
    unreachable = _unreachable(addresses, connect_timeout_s)
    reasons: list[str] = []
    wrong_content = False
    for address in addresses:
        if address in unreachable:
            reasons.append(f"{address}: {unreachable[address]}")
            continue
        try:
            _fetch_part(address, part, target.name, progress, connect_timeout_s)
            digest = _checked(part, sha256, size_bytes, check)
            size = part.stat().st_size
            _move_to_place(part, target)
            return Downloaded(target, address, size, digest)
        except _ContentError as error:
            wrong_content = True
            _drop(part)
            reasons.append(f"{address}: {error}")
        except _SourceError as error:
            reasons.append(f"{address}: {error}")
        except OSError as error:
            raise _storage_error(target, error) from error
        logger.info("%s could not be fetched from %s", target.name, reasons[-1])
    silent = len(unreachable) == len(set(addresses))
    why = f"no source answered within {connect_timeout_s:g} s" if silent else "no source gave the right file"
    message = f"{target.name} could not be fetched to {target.parent}: {why}:\n  " + "\n  ".join(reasons)
    raise (WeightsBrokenError if wrong_content else WeightsMissingError)(message)


def _unreachable(addresses: Sequence[str], timeout_s: float) -> dict[str, str]:
    """Addresses whose server (or proxy) nobody answers at, with the reason.

    All are tried at once, in threads that are left behind when they hang: looking up a name knows no time
    limit, and a server may have many network addresses that are each silent for the whole time.
    """
    failures: dict[str, str] = {}
    threads = []
    for address in dict.fromkeys(addresses):
        failures[address] = f"no answer within {timeout_s:g} s"
        thread = threading.Thread(target=_knock, args=(address, timeout_s, failures), daemon=True)
        thread.start()
        threads.append(thread)
    deadline = time.monotonic() + timeout_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {address: reason for address, reason in dict(failures).items() if reason}


def _knock(address: str, timeout_s: float, failures: dict[str, str]) -> None:
    import requests

    try:
        server = requests.utils.select_proxy(address, requests.utils.get_environ_proxies(address)) or address
        parts = urlsplit(server if "//" in server else f"//{server}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout_s):
            failures[address] = ""
    except (OSError, ValueError, UnicodeError) as error:
        failures[address] = f"cannot be reached ({error})"


def _fetch_part(
    address: str, part: Path, name: str, progress: DownloadProgress | None, connect_timeout_s: float
) -> None:
    """Complete the `.part` file from one source.

    Raises:
        _SourceError: If this source does not give the file.
        OSError: If it cannot be written.
    """
    for _ in range(_MAX_RESUMES):
        had = _size(part)
        try:
            _fetch_once(address, part, name, progress, connect_timeout_s)
            return
        except _CutError as error:
            if _size(part) <= had and not isinstance(error, _StaleError):
                raise
            logger.info("the connection to %s was cut (%s); going on from there", address, error)
    raise _SourceError(f"the connection was cut {_MAX_RESUMES} times")


def _fetch_once(
    address: str, part: Path, name: str, progress: DownloadProgress | None, connect_timeout_s: float
) -> None:
    import requests  # takes a tenth of a second, and most runs download nothing

    offset, state = _resumable(part, address)
    if state and offset and offset == state.total_bytes:
        return  # all of it came, but nobody was left to check it
    # The bytes themselves, not a compressed form: their number is compared with the announced one.
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if state and state.validator:
            headers["If-Range"] = state.validator
    try:
        with requests.get(
            address, headers=headers, stream=True, timeout=(connect_timeout_s, _READ_TIMEOUT_S)
        ) as response:
            if response.status_code == _CONTENT_WRONG and offset:
                _drop(part)
                raise _StaleError("the source has no such part")
            if response.status_code not in (200, 206):
                raise _SourceError(f"HTTP {response.status_code} {response.reason}")
            if "text/html" in response.headers.get("Content-Type", ""):
                raise _SourceError("a web page came instead of the file")
            offset, total = _agreed(response, offset, state)
            _write_state(part, _PartState(address, _validator(response), total))
            _append(response, part, offset, total, name, progress)
    except requests.RequestException as error:
        raise _CutError(f"{type(error).__name__}: {error}") from error


def _agreed(response: requests.Response, offset: int, state: _PartState | None) -> tuple[int, int | None]:
    """Where the answer starts, and how many bytes the whole file has."""
    length = response.headers.get("Content-Length", "")
    body = int(length) if length.isdecimal() else None
    if response.status_code == 200:  # the source does not resume, or the file changed
        return 0, body
    unit, _, span = response.headers.get("Content-Range", "").partition(" ")
    interval, _, whole = span.partition("/")
    first = interval.partition("-")[0]
    total = int(whole) if whole.isdecimal() else None
    if unit != "bytes" or not first.isdecimal() or int(first) != offset:
        raise _ContentError("the source answered with another part than the one asked for")
    if state and state.total_bytes is not None and total is not None and total != state.total_bytes:
        raise _ContentError(f"the file changed from {state.total_bytes} to {total} bytes meanwhile")
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
        raise _CutError(f"only {done} of {total} bytes came")
    if total is not None and done > total:
        raise _ContentError(f"{done} bytes came instead of {total}")


def _checked(part: Path, sha256: str | None, size_bytes: int | None, check: Callable[[Path], None] | None) -> str:
    size, digest = _size(part), file_sha256(part)
    if sha256 is not None and digest != sha256:
        raise _ContentError(f"its SHA-256 is {digest}, but must be {sha256}; it was thrown away")
    if size_bytes is not None and size != size_bytes:
        raise _ContentError(f"it has {size} bytes, but must have {size_bytes}; it was thrown away")
    with part.open("rb") as file:
        if file.read(256).lstrip()[:1] in (b"", b"<"):
            raise _ContentError("it is empty or a web page; it was thrown away")
    if check is not None:
        try:
            check(part)
        except WeightsBrokenError as error:
            raise _ContentError(f"{error}; it was thrown away") from error
    return digest


def _resumable(part: Path, address: str) -> tuple[int, _PartState | None]:
    """How much of the `.part` came from this source, and what the source said of the file."""
    try:
        data = json.loads(_state_path(part).read_text(encoding="utf-8"))
        state = _PartState(str(data["address"]), data["validator"], data["total_bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, None
    if state.address != address:
        return 0, None
    return _size(part), state


def _write_state(part: Path, state: _PartState) -> None:
    content = {"address": state.address, "validator": state.validator, "total_bytes": state.total_bytes}
    write_atomically(_state_path(part), json.dumps(content).encode())


def _validator(response: requests.Response) -> str | None:
    etag = response.headers.get("ETag")
    # If-Range takes strong validators only (RFC 9110, 13.1.5).
    if etag and not etag.startswith("W/"):
        return str(etag)
    modified = response.headers.get("Last-Modified")
    return str(modified) if modified else None


def _move_to_place(part: Path, target: Path) -> None:
    part.replace(target)
    _state_path(part).unlink(missing_ok=True)
    if os.name == "posix":  # so that the new name survives a power cut
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _state_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _state_path(part).unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_ino, state.st_mtime_ns


def _storage_error(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written: {error}; free some space or choose another io.models_dir")
