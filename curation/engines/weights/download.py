"""Downloading a large file: several sources, checksum, all or nothing."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import filelock

from curation.disk.file_modes import hand_out
from curation.disk.temporaries import sweep_left
from curation.engines.weights.files import file_sha256, not_writable
from curation.engines.weights.http_source import (
    DownloadProgress,
    SourceError,
    WrongContentError,
    complete_part,
    discard_part,
    part_state_path,
)
from curation.errors import BusyError, WeightsBrokenError, WeightsMissingError

__all__ = ["Check", "Downloaded", "download"]

logger = logging.getLogger(__name__)

Check = Callable[[Path, str, str], None]
"""See `download`."""

# How long to wait for another process that is downloading the same file.
_OTHER_PROCESS_TIMEOUT_S = 1800.0


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was downloaded and moved to its place."""

    path: Path
    address: str
    size_bytes: int
    sha256: str


def download(
    addresses: Sequence[str],
    target: Path,
    *,
    sha256: str | None = None,
    size_bytes: int | None = None,
    check: Check | None = None,
    progress: DownloadProgress | None = None,
    connect_timeout_s: float = 5.0,
) -> Downloaded:
    """Download a file from the first source that has it.

    Until it is complete it lies beside the target as `<name>.part`; a later call resumes from there where the
    source allows it. Proxies are taken from the environment. Only one process downloads a file at a time.

    Args:
        addresses: http(s) addresses of the same file, in order of preference.
        target: Where to put it; its folder is created if needed.
        sha256: The expected hash (hex), if known.
        size_bytes: The expected size, if known.
        check: Called with the complete file, its SHA-256 (hex) and the address it came from, before it is moved to its
            place; raises `WeightsBrokenError` if it is not what it should be.
        progress: Called as bytes arrive.
        connect_timeout_s: How long to wait for any source to answer.

    Raises:
        WeightsMissingError: If no source could be reached or delivered the file.
        WeightsBrokenError: If no source delivered the file and at least one delivered another content.
        StorageError: If the folder cannot be written or the disk is full.
        BusyError: If another process has been downloading this file for half an hour.
    """
    part = target.with_name(target.name + ".part")
    lock = filelock.FileLock(target.with_name(f".{target.name}.lock"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        before = _identity(target)
        lock.acquire(timeout=_OTHER_PROCESS_TIMEOUT_S)
    except filelock.Timeout as error:
        raise BusyError(f"another process is still downloading {target}; wait for it or stop it") from error
    except OSError as error:
        raise not_writable(target, error) from error
    try:
        if _identity(target) != before and target.is_file():
            # Another process downloaded it while this one waited.
            return Downloaded(target, addresses[0], target.stat().st_size, file_sha256(target))
        with suppress(OSError):  # what cannot be removed does no harm
            deque(sweep_left(target.parent), maxlen=0)
        return _from_any(addresses, part, target, sha256, size_bytes, check, progress, connect_timeout_s)
    finally:
        lock.release()


def _from_any(
    addresses: Sequence[str],
    part: Path,
    target: Path,
    sha256: str | None,
    size_bytes: int | None,
    check: Check | None,
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
            complete_part(address, part, target.name, progress, connect_timeout_s)
            digest = _checked(part, address, sha256, size_bytes, check)
            size = part.stat().st_size
            _move_to_place(part, target)
            return Downloaded(target, address, size, digest)
        except WrongContentError as error:
            wrong_content = True
            discard_part(part)
            reasons.append(f"{address}: {error}")
        except SourceError as error:
            reasons.append(f"{address}: {error}")
        except OSError as error:
            raise not_writable(target, error) from error
        logger.info("%s could not be downloaded from %s", target.name, reasons[-1])
    none_answered = len(unreachable) == len(set(addresses))
    why = (
        f"no source answered within {connect_timeout_s:g} s" if none_answered else "no source delivered the right file"
    )
    message = f"{target.name} could not be downloaded to {target.parent}: {why}:\n  " + "\n  ".join(reasons)
    raise (WeightsBrokenError if wrong_content else WeightsMissingError)(message)


def _unreachable(addresses: Sequence[str], timeout_s: float) -> dict[str, str]:
    """Addresses whose server (or proxy) does not answer, with the reason.

    All are tried at once, in threads that are abandoned when they hang: resolving a name has no time
    limit, and a server may have many network addresses, each of which uses up the whole time.
    """
    failures: dict[str, str] = {}
    threads = []
    for address in dict.fromkeys(addresses):
        failures[address] = f"no answer within {timeout_s:g} s"
        thread = threading.Thread(target=_try_connection, args=(address, timeout_s, failures), daemon=True)
        thread.start()
        threads.append(thread)
    deadline = time.monotonic() + timeout_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {address: reason for address, reason in dict(failures).items() if reason}


def _try_connection(address: str, timeout_s: float, failures: dict[str, str]) -> None:
    import requests

    try:
        server = requests.utils.select_proxy(address, requests.utils.get_environ_proxies(address)) or address
        parts = urlsplit(server if "//" in server else f"//{server}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout_s):
            failures[address] = ""
    except (OSError, ValueError, UnicodeError) as error:
        failures[address] = f"cannot be reached ({error})"


def _checked(part: Path, address: str, sha256: str | None, size_bytes: int | None, check: Check | None) -> str:
    digest, size = file_sha256(part), part.stat().st_size
    if sha256 is not None and digest != sha256:
        raise WrongContentError(f"its SHA-256 is {digest}, but must be {sha256}; it was discarded")
    if size_bytes is not None and size != size_bytes:
        raise WrongContentError(f"it has {size} bytes, but must have {size_bytes}; it was discarded")
    with part.open("rb") as file:
        if file.read(256).lstrip()[:1] in (b"", b"<"):
            raise WrongContentError("it is empty or a web page; it was discarded")
    if check is not None:
        try:
            check(part, digest, address)
        except WeightsBrokenError as error:
            raise WrongContentError(f"{error}; it was discarded") from error
    return digest


def _move_to_place(part: Path, target: Path) -> None:
    with part.open("rb") as file:
        hand_out(file.fileno())  # weights are about nobody, and often shared
    part.replace(target)
    part_state_path(part).unlink(missing_ok=True)
    if os.name == "posix":  # so that the new name survives a power failure
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_ino, state.st_mtime_ns
