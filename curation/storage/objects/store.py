"""The contract between the program and object storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Lease", "ObjectInfo", "ObjectStore"]


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing tells of an object.

    Attributes:
        key: Below the prefix of the store, `/` between its parts; any Unicode text.
        size_bytes: Of its content.
        etag: Changes with the content; an opaque text.
        mtime_ns: When it was written last, in nanoseconds since 1970. Buckets tell whole seconds, so there the part
            below a second is made of the etag: size and time together, as files have them, tell contents apart.
    """

    key: str
    size_bytes: int
    etag: str
    mtime_ns: int


class Lease(Protocol):
    """A lock object that is held."""

    @property
    def is_lost(self) -> bool:
        """Whether somebody else may hold it by now: they took it, or it could not be renewed for a whole lease."""

    def check(self) -> None:
        """Ask before each write that needs the lock.

        Raises:
            BusyError: If it is lost.
        """


class ObjectStore(Protocol):
    """A bucket, or the part of one below a prefix. Safe to use from several threads.

    All methods try again where the fault may be over soon (a time-out, 429, 5xx, a body that ends early). They raise
    `ObjectMissingError`, `ObjectChangedError`, `ObjectStorageUnavailableError` (tried in vain) or `ObjectStorageError`
    (refused: the bucket, the credentials, a permission); no message or log line holds a credential.
    """

    @property
    def address(self) -> str:
        """Such as `s3://bucket/prefix`, without credentials."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """All objects whose key begins with `prefix`, in the order of their keys (of UTF-8 bytes), page by page."""

    def head(self, key: str) -> ObjectInfo:
        """What a listing would tell of one object."""

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """The content of an object, which must be small, and what it was when it was read."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start` on."""

    def fetch(self, key: str, target: Path, *, etag: str | None = None) -> ObjectInfo:
        """Write the content of an object into a file: beside it first, then renamed; whole or not at all.

        The file's time of writing is the object's `mtime_ns`.

        Args:
            key: Of the object.
            target: The file; its folder exists.
            etag: What the caller saw; another content is an `ObjectChangedError`.
        """

    def write(self, key: str, content: bytes) -> ObjectInfo:
        """Write an object, whatever is there."""

    def upload(self, key: str, source: Path) -> ObjectInfo:
        """Write an object from a file, in several parts if it is large."""

    def create(self, key: str, content: bytes) -> ObjectInfo:
        """Write an object that does not exist; `ObjectChangedError` if it does."""

    def replace(self, key: str, content: bytes, *, etag: str) -> ObjectInfo:
        """Write an object if it still has this etag; else `ObjectChangedError`."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""

    def presigned(self, key: str, *, expires_s: int) -> str | None:
        """An address at which anybody can read the object for so long; None where the store has none."""

    def hold(self, key: str, *, holder: str, lease_s: float, owner: str = "") -> AbstractContextManager[Lease]:
        """Hold a lock object, whose lease is renewed in the background while it is held.

        Args:
            key: Of the lock object, which stays when it is let go; `KEY.now` is written for a moment where the lock is
                taken from somebody else, to know the storage's own time.
            holder: Who holds it, for the messages of others, such as `clustering on host anna`.
            lease_s: How long after the last sign of life others may take it.
            owner: A lock that was taken under the same name is taken over at once. For callers who hold another lock
                besides, which tells them that its former holder is dead; empty for none.

        Returns:
            What knows whether the lock is still held. Losing it raises nothing by itself.

        Raises:
            BusyError: If somebody else holds it and the lease has not ended; the message names the holder and the time.
        """
