"""A lock object with a lease: one run at a time, over machines that share nothing but object storage.

The object holds who has the lock, a token and for how long it counts without a sign of life. A thread writes it anew
three times a lease, each time with If-Match, so the time of the last sign of life is the object's own time of writing.
Whether a lease has ended is judged by the clock of the storage alone: a second object is written, and both times
compared; clocks of the machines may differ. Who lets go writes "free" into the object, also with If-Match, as not every
storage can delete under a condition.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from curation.errors import BusyError, CurationError, ObjectChangedError, ObjectMissingError
from curation.parsing.json_text import parse_json
from curation.storage.objects.store import Lease, ObjectInfo

__all__ = ["CLOCK_SUFFIX", "held"]

_log = logging.getLogger(__name__)

CLOCK_SUFFIX = ".now"

_RENEWALS = 3  # in a lease: two may fail
_CLOCK_GRAIN_S = 2.0  # storage tells times in whole seconds, and both may have been rounded
_LONGEST_NAME = 200
_ATTEMPTS = 5


class _Store(Protocol):
    @property
    def address(self) -> str: ...
    def head(self, key: str) -> ObjectInfo: ...
    def read(self, key: str) -> tuple[bytes, ObjectInfo]: ...
    def write(self, key: str, content: bytes) -> ObjectInfo: ...
    def create(self, key: str, content: bytes) -> ObjectInfo: ...
    def replace(self, key: str, content: bytes, *, etag: str) -> ObjectInfo: ...
    def delete(self, key: str) -> None: ...


@contextmanager
def held(store: _Store, key: str, *, holder: str, lease_s: float, owner: str = "") -> Iterator[Lease]:
    """See `ObjectStore.hold`."""
    keeper = _Keeper(store, key, holder, lease_s, owner)
    keeper.take()
    try:
        yield keeper
    finally:
        keeper.let_go()


class _Keeper:
    """Has the lock, and keeps it."""

    def __init__(self, store: _Store, key: str, holder: str, lease_s: float, owner: str) -> None:
        self._store = store
        self._key = key
        self._holder = holder[:_LONGEST_NAME]
        self._lease_s = lease_s
        self._owner = owner
        self._token = uuid.uuid4().hex
        self._since = datetime.now().astimezone().isoformat(timespec="seconds")
        self._signs = 0
        self._etag = ""
        self._seen = 0.0
        self._lost = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    @property
    def is_lost(self) -> bool:
        """See `Lease.is_lost`."""
        if not self._lost and time.monotonic() - self._seen > self._lease_s:
            self._lost = "object storage did not answer for a whole lease"
        return bool(self._lost)

    def check(self) -> None:
        """See `Lease.check`."""
        if self.is_lost:
            raise BusyError(
                f"the lock {self._store.address}/{self._key} was lost ({self._lost}): another run may be writing to "
                f"{self._store.address} now; run again when it has ended"
            )

    def take(self) -> None:
        for _ in range(_ATTEMPTS):
            began = time.monotonic()
            try:
                self._etag = self._taken()
            except ObjectChangedError:
                continue  # somebody else was faster; look again
            except ObjectMissingError:
                continue  # removed between two looks
            self._seen = began
            self._thread.start()
            return
        raise BusyError(f"{self._store.address} is being taken by others at this moment; try again")

    def _taken(self) -> str:
        content = self._content()
        try:
            return self._store.create(self._key, content).etag
        except ObjectChangedError:
            pass
        old, info = self._store.read(self._key)
        told = _told(old)
        is_ours = bool(self._owner) and told.get("owner") == self._owner
        if not told.get("free") and not is_ours and not self._has_ended(info, told):
            since = str(told.get("since", ""))[:_LONGEST_NAME]
            raise BusyError(
                f"another run is using {self._store.address}: {_holder_of(told)}, since {since}; wait until it has "
                f"ended. If its machine has died, the lock is free {_lease_of(told):g} s after its last sign of life"
            )
        if not told.get("free"):
            _log.warning("%s: %s is gone without letting go; taking over", self._store.address, _holder_of(told))
        return self._store.replace(self._key, content, etag=info.etag).etag

    def _has_ended(self, info: ObjectInfo, told: dict[str, Any]) -> bool:
        now = self._store.write(f"{self._key}{CLOCK_SUFFIX}", self._token.encode())
        self._store.delete(f"{self._key}{CLOCK_SUFFIX}")
        return (now.mtime_ns - info.mtime_ns) / 1e9 > _lease_of(told) + _CLOCK_GRAIN_S

    def _content(self, *, is_free: bool = False) -> bytes:
        told = {
            "holder": self._holder,
            "owner": self._owner,
            "token": self._token,
            "since": self._since,
            "lease_s": self._lease_s,
            "signs_of_life": self._signs,
            "free": is_free,
        }
        return json.dumps(told).encode()

    def _renew(self) -> None:
        while not self._ended.wait(self._lease_s / _RENEWALS):
            self._signs += 1
            began = time.monotonic()
            try:
                self._etag = self._store.replace(self._key, self._content(), etag=self._etag).etag
                self._seen = began
            except (ObjectChangedError, ObjectMissingError):
                self._lost = self._lost or f"somebody else holds it now: {self._other()}"
                _log.warning("the lock of %s was lost: %s", self._store.address, self._lost)
                return
            except CurationError as error:
                _log.info("the lease of %s could not be renewed: %s", self._store.address, error)
            if self.is_lost:
                _log.warning("the lock of %s was lost: %s", self._store.address, self._lost)
                return

    def _other(self) -> str:
        try:
            return _holder_of(_told(self._store.read(self._key)[0]))
        except CurationError:
            return "nobody known"

    def let_go(self) -> None:
        self._ended.set()
        self._thread.join()
        if self.is_lost:
            return
        try:
            self._store.replace(self._key, self._content(is_free=True), etag=self._etag)
        except (ObjectChangedError, ObjectMissingError):
            self._lost = f"somebody else holds it now: {self._other()}"
            _log.warning("the lock of %s was lost: %s", self._store.address, self._lost)
        except CurationError as error:
            _log.warning("the lock of %s ends by itself in %g s: %s", self._store.address, self._lease_s, error)


def _told(content: bytes) -> dict[str, Any]:
    """What a lock object says; nothing if it was written by somebody else."""
    try:
        told = parse_json(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _lease_of(told: dict[str, Any]) -> float:
    value = told.get("lease_s")
    return float(value) if isinstance(value, int | float) and 0 < value < 1e6 else 600.0


def _holder_of(told: dict[str, Any]) -> str:
    return str(told.get("holder", "somebody"))[:_LONGEST_NAME]
