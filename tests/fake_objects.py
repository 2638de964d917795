"""Object storage in memory, with faults on demand."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.errors import BusyError, ObjectChangedError, ObjectMissingError
from curation.storage.objects.store import ObjectInfo

__all__ = ["FakeLease", "MemoryStore"]


class FakeLease:
    """A `Lease`, which is lost if the store says so."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @property
    def is_lost(self) -> bool:
        return self._store.leases_are_lost

    def check(self) -> None:
        if self.is_lost:
            raise BusyError("the lock was lost")


class MemoryStore:
    """An `ObjectStore`."""

    def __init__(self, address: str = "s3://bucket/place") -> None:
        self.address = address
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.leases_are_lost = False
        self._owner = ""
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda what, key: None
        """Called before each request; raises to inject a fault."""
        self._guard = threading.RLock()

    def _asked(self, what: str, key: str) -> None:
        self.calls.append((what, key))
        self.before(what, key)

    def _info(self, key: str) -> ObjectInfo:
        if key not in self.objects:
            raise ObjectMissingError(f"{self.address} has no object {key}")
        content, mtime = self.objects[key]
        return ObjectInfo(key, len(content), hashlib.md5(content + str(mtime).encode()).hexdigest(), mtime)

    def _put(self, key: str, content: bytes) -> ObjectInfo:
        self.objects[key] = content, time.time_ns()
        return self._info(key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        self._asked("list", prefix)
        with self._guard:
            return iter([self._info(key) for key in sorted(self.objects) if key.startswith(prefix)])

    def head(self, key: str) -> ObjectInfo:
        self._asked("head", key)
        return self._info(key)

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        self._asked("read", key)
        with self._guard:
            return self.objects.get(key, (b"", 0))[0], self._info(key)

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self.read(key)[0][start : start + length]

    def fetch(self, key: str, target: Path, *, etag: str | None = None) -> ObjectInfo:
        self._asked("fetch", key)
        with self._guard:
            info = self._info(key)
            if etag is not None and etag != info.etag:
                raise ObjectChangedError(key)
            target.write_bytes(self.objects[key][0])
        return info

    def write(self, key: str, content: bytes) -> ObjectInfo:
        self._asked("write", key)
        with self._guard:
            return self._put(key, content)

    def upload(self, key: str, source: Path) -> ObjectInfo:
        self._asked("upload", key)
        with self._guard:
            return self._put(key, source.read_bytes())

    def create(self, key: str, content: bytes) -> ObjectInfo:
        self._asked("create", key)
        with self._guard:
            if key in self.objects:
                raise ObjectChangedError(key)
            return self._put(key, content)

    def replace(self, key: str, content: bytes, *, etag: str) -> ObjectInfo:
        self._asked("replace", key)
        with self._guard:
            if key not in self.objects or self._info(key).etag != etag:
                raise ObjectChangedError(key)
            return self._put(key, content)

    def delete(self, key: str) -> None:
        self._asked("delete", key)
        self.objects.pop(key, None)

    def presigned(self, key: str, *, expires_s: int) -> str | None:
        return None

    @contextmanager
    def hold(self, key: str, *, holder: str, lease_s: float, owner: str = "") -> Iterator[FakeLease]:
        self._asked("hold", key)
        with self._guard:
            if key in self.objects and not (owner and owner == self._owner):
                raise BusyError(f"another run is using {self.address}: {self.objects[key][0].decode()}")
            self._owner = owner
            self._put(key, holder.encode())
        try:
            yield FakeLease(self)
        finally:
            self.objects.pop(key, None)
