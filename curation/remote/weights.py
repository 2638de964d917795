"""Model files by SHA-256: a worker looks for them on its own disk, and fetches those that it lacks.

What a file is called and where it lies says nothing; only its content counts. A fetched file lies in
`by_sha256/HASH/NAME` of the models folder (of the state folder if the models folder cannot be written), never over a
file of the user. It is hashed while it is written, and gets its name only when it is whole and right.
"""

from __future__ import annotations

import hashlib
import logging
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from curation.engines.base import WeightsFile
from curation.engines.weights.inventory import find_by_sha256
from curation.engines.weights.record import WeightsRecord
from curation.errors import (
    BusyError,
    ObjectMissingError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
    StorageError,
    WeightsBrokenError,
    WeightsError,
    WeightsMissingError,
)
from curation.storage.atomic import TEMPORARY_SUFFIX, explained
from curation.storage.locks import hold_file_lock

if TYPE_CHECKING:
    from curation.settings import Settings

__all__ = ["FETCHED_DIR", "WeightsShelf", "publish", "shown_address"]

logger = logging.getLogger(__name__)

FETCHED_DIR = "by_sha256"
"""In the models folder, or in the state folder."""

_CHUNK_BYTES = 1 << 18
_TIMEOUT_S = (10.0, 60.0)  # to connect, and between two pieces
_PAUSES_S = (0.5, 2.0, 5.0)  # between tries
_MAX_WAIT_S = 900.0  # for another process that fetches the same file
_SHA256 = re.compile(r"[0-9a-f]{64}")


class _AgainError(Exception):
    """A fetch failed in a way that may be over soon. Handled within this module."""


class WeightsShelf:
    """The model files of one machine; may be used from several threads and processes."""

    def __init__(self, settings: Settings) -> None:
        """Take the folders, the address of `workers.weights_url`, and the service's token; nothing is read."""
        self._models_dir = settings.io.models_dir
        self._folders = (settings.io.models_dir, settings.io.state_dir)
        self._named = settings.scoring.dlib_model_path
        self._url = settings.workers.weights_url
        self._token = settings.service.token
        self._timeout_s = settings.io.object_timeout_s

    def find(self, name: str, sha256: str) -> WeightsFile:
        """Find a file by its content, or fetch it.

        Args:
            name: What the user knows it as; a fetched file gets this name.
            sha256: Of the content, in hex.

        Raises:
            ValueError: If this is no name of a file, or no SHA-256.
            WeightsMissingError: If it is not here and cannot be fetched; the message names machine and file.
            WeightsBrokenError: If what was fetched is another content.
            ObjectStorageUnavailableError: If the place that it is fetched from does not answer, which may be over soon.
            StorageError: If a file cannot be read or written.
        """
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256[:80]!r} is no SHA-256")
        if not name or PurePosixPath(name).name != name or name in (".", "..") or set(name) & set("\\\0"):
            raise ValueError(f"{name[:80]!r} is no name of a file")
        return self._here(name, sha256) or self._fetched(name, sha256)

    def made(self, name: str, sha256: str, file_name: str) -> WeightsFile | None:
        """Find a network that was made from another one (see `EngineSpec.converted`); nothing is fetched.

        Args:
            name: Of the file that it was made from.
            sha256: Of the network.
            file_name: Of the network.

        Raises:
            StorageError: If a file cannot be read.
        """
        found = self._here(file_name, sha256)
        return None if found is None else WeightsFile(name, found.path, sha256)

    def fetch_made(self, name: str, sha256: str, file_name: str) -> WeightsFile:
        """Fetch a network that was made from another one; raises as `find`."""
        return WeightsFile(name, self._fetched(file_name, sha256).path, sha256)

    def _here(self, name: str, sha256: str) -> WeightsFile | None:
        for folder in self._folders:  # fetched before, and right when it got its name
            path = folder / FETCHED_DIR / sha256 / name
            if path.is_file():
                return WeightsFile(name, path, sha256)
        record = WeightsRecord(self._models_dir)
        places = [self._models_dir / name, *([] if self._named is None else [self._named])]
        found = next((path for path in places if path.is_file() and record.sha256_of(path) == sha256), None)
        record.save()
        if found is not None:
            return WeightsFile(name, found, sha256)
        known = find_by_sha256(sha256, self._models_dir)
        return None if known is None else WeightsFile(name, known.path, sha256)

    def _fetched(self, name: str, sha256: str) -> WeightsFile:
        if self._url is None:
            raise WeightsMissingError(
                f"{socket.gethostname()} lacks {name} (SHA-256 {sha256}): copy it into {self._models_dir}, or let "
                "workers fetch what they lack with workers.weights_url"
            )
        problem: StorageError | None = None
        for folder in self._folders:
            target = folder / FETCHED_DIR / sha256 / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                problem = problem or explained(error, target.parent, "created")
                continue
            with _hold(target.with_name(f".{name}.lock")):
                if not target.is_file():  # another process may have fetched it meanwhile
                    self._fetch(self._url, name, sha256, target)
            return WeightsFile(name, target, sha256)
        assert problem is not None, "there is at least one folder"
        raise problem

    def _fetch(self, url: str, name: str, sha256: str, target: Path) -> None:
        """Fetch a file to its place, in several tries."""
        began = time.monotonic()
        where = shown_address(url)
        for pause_s in (*_PAUSES_S, None):
            try:
                self._fetch_once(url, sha256, target)
                logger.info("fetched %s from %s in %.1f s", name, where, time.monotonic() - began)
                return
            except _AgainError as error:
                if pause_s is None:
                    message = _unfetched(name, sha256, f"{where} does not answer", error)
                    raise ObjectStorageUnavailableError(message) from error
                logger.info("%s is not to be had from %s: %s; next try in %g s", name, where, error, pause_s)
                time.sleep(pause_s)
            except ObjectStorageUnavailableError as error:  # it was tried often already
                raise ObjectStorageUnavailableError(
                    _unfetched(name, sha256, f"{where} does not answer", error)
                ) from error
            except (ObjectStorageError, WeightsError) as error:
                kind = type(error) if isinstance(error, WeightsError) else WeightsMissingError
                raise kind(_unfetched(name, sha256, f"{where} does not give it", error)) from error

    def _fetch_once(self, url: str, sha256: str, target: Path) -> None:
        # One name for all: whoever is here holds the lock, and what a killed process left is written over.
        temporary = target.with_name(f".{target.name}{TEMPORARY_SUFFIX}")
        try:
            if url.startswith(("http://", "https://")):
                _write_hashed(self._pieces(f"{url.rstrip('/')}/{sha256}"), temporary, sha256)
            else:
                _from_store(url, sha256, temporary, self._timeout_s)
            try:
                temporary.replace(target)
            except OSError as error:
                raise explained(error, target, "written") from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _pieces(self, address: str) -> Iterator[bytes]:
        """The content of an http(s) address.

        Raises:
            _AgainError: If it does not come now.
            WeightsMissingError: If it will not come.
        """
        import requests

        # Without compression and without a token for others: redirections are not followed.
        headers = {"Accept-Encoding": "identity"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        try:
            with requests.get(
                address, headers=headers, stream=True, timeout=_TIMEOUT_S, allow_redirects=False
            ) as response:
                if response.status_code == 404:
                    raise WeightsMissingError("it has no such file")
                if response.status_code in (401, 403):
                    raise WeightsMissingError("it refuses the token; set service.token to that of the service")
                if response.status_code != 200:
                    raise _AgainError(f"HTTP {response.status_code}")
                length = response.headers.get("Content-Length", "")
                missing = int(length) if length.isdecimal() else None
                for piece in response.iter_content(_CHUNK_BYTES):
                    missing = None if missing is None else missing - len(piece)
                    yield piece
                if missing:
                    raise _AgainError("the connection ended too early")
        except requests.RequestException as error:
            raise _AgainError(type(error).__name__) from error


def publish(files: Mapping[str, Path], address: str, *, timeout_s: float) -> int:
    """Put model files into object storage, from which workers fetch them; those that are there are left as they are.

    Args:
        files: By SHA-256.
        address: Of object storage, `workers.weights_url`.
        timeout_s: For an answer.

    Returns:
        How many were put there.

    Raises:
        ObjectStorageError: If object storage refuses it, or does not answer.
        StorageError: If a file cannot be read.
    """
    from curation.storage.objects.opening import open_store

    store = open_store(address, timeout_s=timeout_s)
    count = 0
    for sha256, path in files.items():
        try:
            store.head(sha256)
        except ObjectMissingError:
            logger.info("putting %s into %s for the workers", path.name, shown_address(address))
            store.upload(sha256, path)
            count += 1
    return count


def _unfetched(name: str, sha256: str, why: str, error: Exception) -> str:
    return f"{socket.gethostname()} lacks {name} (SHA-256 {sha256}), and {why}: {error}"


def _from_store(address: str, sha256: str, target: Path, timeout_s: float) -> None:
    from curation.storage.objects.opening import open_store

    store = open_store(address, timeout_s=timeout_s)
    try:
        store.fetch(sha256, target)
    except ObjectMissingError as error:
        raise WeightsMissingError("it has no such file") from error
    with target.open("rb") as file:
        _verify(hashlib.file_digest(file, "sha256").hexdigest(), sha256)


def _write_hashed(pieces: Iterator[bytes], target: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    try:
        with target.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
    except OSError as error:
        raise explained(error, target, "written") from error
    _verify(digest.hexdigest(), sha256)


def _verify(found: str, wanted: str) -> None:
    if found != wanted:
        raise WeightsBrokenError(f"what came has the SHA-256 {found}")


@contextmanager
def _hold(path: Path) -> Iterator[None]:
    """The lock of one file, for longer than `hold_file_lock` waits: a fetch may take minutes."""
    deadline = time.monotonic() + _MAX_WAIT_S
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(hold_file_lock(path))
                break
            except BusyError:
                if time.monotonic() > deadline:
                    raise
        yield


def shown_address(address: str) -> str:
    """An address without what may be a password."""
    return re.sub(r"//[^/@]*@", "//", address)
