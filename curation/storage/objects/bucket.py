"""A bucket of S3, GCS or Azure, through obstore; what obstore cannot name is asked for by signed requests to S3."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from curation.errors import ObjectChangedError, ObjectStorageError
from curation.storage.atomic import explained, open_atomic
from curation.storage.objects.addresses import Address
from curation.storage.objects.faults import ShortBodyError, Tries, of_library
from curation.storage.objects.lease import held
from curation.storage.objects.signed_s3 import SignedS3, of_request, stamp_ns
from curation.storage.objects.store import Lease, ObjectInfo

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

__all__ = ["Bucket"]

_CHUNK_BYTES = 1 << 20
_PAGE = 1000  # what S3 tells at once
_PART_BYTES = 16 << 20  # S3 takes 5 MiB to 5 GiB a part, and 10,000 parts: 160 GB
_PARTS_AT_ONCE = 4
_LARGE_BYTES = 32 << 20

_runtime_pid: int | None = None  # the process that uses obstore, whose threads do not survive a fork


class Bucket:
    """See `ObjectStore`."""

    def __init__(
        self,
        address: Address,
        store: S3Store | GCSStore | AzureStore,
        patient: S3Store | GCSStore | AzureStore,
        signed: SignedS3 | None,
        timeout_s: float,
    ) -> None:
        """Take a bucket that `open_bucket` opened.

        Args:
            address: Of it, and the folder in it.
            store: Tries everything once.
            patient: The same bucket; tries the parts of an upload again by itself.
            signed: The same bucket; None where it is not of S3 or no credentials are in the environment.
            timeout_s: An answer may take as long, and tries go on for as long.
        """
        self._address = address
        self._prefix = f"{address.prefix}/" if address.prefix else ""
        self._store = store
        self._patient = patient
        self._signed = signed
        self._library = Tries(timeout_s, of_library)
        self._requests = Tries(timeout_s, of_request)

    def __repr__(self) -> str:
        return f"Bucket({str(self._address)!r})"

    @property
    def address(self) -> str:
        """See `ObjectStore.address`."""
        return str(self._address)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        what = f"{self.address} cannot be listed"
        wanted = self._prefix + prefix
        found = self._listed_exactly(wanted, what) if self._signed is not None else self._listed(wanted, what)
        for info in found:
            yield ObjectInfo(info.key.removeprefix(self._prefix), info.size_bytes, info.etag, info.mtime_ns)

    def _listed_exactly(self, wanted: str, what: str) -> Iterator[ObjectInfo]:
        assert self._signed is not None
        signed, token = self._signed, ""

        def next_page(_: int) -> tuple[Sequence[ObjectInfo], str]:
            return signed.page(wanted, token)

        while True:
            page, token = self._requests.of(what, next_page)
            yield from page
            if not token:
                return

    def _listed(self, wanted: str, what: str) -> Iterator[ObjectInfo]:
        import obstore

        _claim_runtime()
        # obstore lists folders; the rest of the prefix is looked at here.
        folder, last = wanted.rpartition("/")[0], ""

        stream: Iterator[Any] | None = None

        def next_page(failed: int) -> Any:
            nonlocal stream
            if stream is None or failed:
                stream = iter(obstore.list(self._store, folder or None, offset=last or None, chunk_size=_PAGE))
            return next(stream, None)

        while (page := self._library.of(what, next_page)) is not None:
            for meta in page:
                if meta["path"].startswith(wanted):
                    yield _told(meta["path"], meta)
                last = meta["path"]

    def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        import obstore

        full, what = self._full(key), f"{self._named(key)} cannot be read"
        if _is_odd(full):
            signed = self._signed_for(what)
            info = self._requests.of(what, lambda _: signed.head(full))
        else:
            _claim_runtime()
            info = _told(full, self._library.of(what, lambda _: obstore.head(self._store, full)))
        return ObjectInfo(key, info.size_bytes, info.etag, info.mtime_ns)

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """See `ObjectStore.read`."""
        full, what = self._full(key), f"{self._named(key)} cannot be read"
        if _is_odd(full):
            signed = self._signed_for(what)
            content, info = self._requests.of(what, lambda _: signed.read(full))
        else:
            _claim_runtime()
            content, info = self._library.of(what, lambda _: self._read(full))
        return content, ObjectInfo(key, info.size_bytes, info.etag, info.mtime_ns)

    def _read(self, full: str) -> tuple[bytes, ObjectInfo]:
        import obstore

        got = obstore.get(self._store, full)
        content = bytes(got.bytes())
        info = _told(full, got.meta)
        if len(content) != info.size_bytes:
            raise ShortBodyError
        return content, info

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """See `ObjectStore.read_range`."""
        full, what = self._full(key), f"{self._named(key)} cannot be read"
        # A range that begins behind the end is an error of servers, of which some say another one.
        size = self.head(key).size_bytes
        length = min(length, size - start)
        if length <= 0:
            return b""
        if _is_odd(full):
            signed = self._signed_for(what)
            return self._requests.of(what, lambda _: signed.read(full, start=start, length=length)[0])
        return self._library.of(what, lambda _: self._range(full, start, length))

    def _range(self, full: str, start: int, length: int) -> bytes:
        import obstore

        content = bytes(obstore.get_range(self._store, full, start=start, length=length))
        if len(content) != length:
            raise ShortBodyError
        return content

    def fetch(self, key: str, target: Path, *, etag: str | None = None) -> ObjectInfo:
        """See `ObjectStore.fetch`."""
        full, what = self._full(key), f"{self._named(key)} cannot be fetched"
        with open_atomic(target, durable=False) as file:
            if _is_odd(full):
                signed = self._signed_for(what)
                content, info = self._requests.of(what, lambda _: signed.read(full, etag=etag or ""))
                file.write(content)
            else:
                _claim_runtime()
                download = _Download(self._store, full, file, etag or "")
                info = self._library.of(what, lambda _: download.go_on())
            file.flush()
            os.utime(file.fileno(), ns=(time.time_ns(), info.mtime_ns))
        return ObjectInfo(key, info.size_bytes, info.etag, info.mtime_ns)

    def write(self, key: str, content: bytes) -> ObjectInfo:
        """See `ObjectStore.write`."""
        return self._put(key, content, None)

    def create(self, key: str, content: bytes) -> ObjectInfo:
        """See `ObjectStore.create`."""
        return self._put(key, content, "create")

    def replace(self, key: str, content: bytes, *, etag: str) -> ObjectInfo:
        """See `ObjectStore.replace`."""
        if self._address.scheme == "gs":
            return self._put(key, content, {"version": self._generation(key, etag)})
        return self._put(key, content, {"e_tag": etag})

    def _generation(self, key: str, etag: str) -> str:
        """GCS compares numbers of generations where others compare ETags."""
        import obstore

        full, what = self._writable(key), f"{self._named(key)} cannot be written"
        _claim_runtime()
        meta = self._library.of(what, lambda _: obstore.head(self._store, full))
        if meta["e_tag"] != etag or meta["version"] is None:
            raise ObjectChangedError(f"{what}: it was written by somebody else in the meantime")
        return meta["version"]

    def _put(self, key: str, content: bytes, mode: Any) -> ObjectInfo:
        import obstore

        full, what = self._writable(key), f"{self._named(key)} cannot be written"
        _claim_runtime()

        def put(failed: int) -> str | None:
            try:
                return obstore.put(self._store, full, content, mode=mode, use_multipart=False)["e_tag"]
            except (obstore.exceptions.AlreadyExistsError, obstore.exceptions.PreconditionError):
                # An earlier try may have been done although its answer was lost.
                if failed:
                    there, info = self._read(full)
                    if there == content:
                        return info.etag
                raise

        return self._written(key, self._library.of(what, put), len(content))

    def upload(self, key: str, source: Path) -> ObjectInfo:
        """See `ObjectStore.upload`."""
        import obstore

        full, what = self._writable(key), f"{self._named(key)} cannot be written"
        _claim_runtime()
        try:
            size = source.stat().st_size
            if size <= _LARGE_BYTES:
                return self._put(key, source.read_bytes(), None)
        except OSError as error:
            raise explained(error, source, "read") from error

        def put(_: int) -> str | None:
            with source.open("rb") as file:
                return obstore.put(
                    self._patient,
                    full,
                    file,
                    use_multipart=True,
                    chunk_size=_PART_BYTES,
                    max_concurrency=_PARTS_AT_ONCE,
                )["e_tag"]

        return self._written(key, self._library.of(what, put), size)

    def _written(self, key: str, etag: str | None, size_bytes: int) -> ObjectInfo:
        info = self.head(key)
        if etag is None or info.etag == etag:
            return info
        return ObjectInfo(key, size_bytes, etag, info.mtime_ns)  # written again by somebody else at once

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        import obstore

        full, what = self._writable(key), f"{self._named(key)} cannot be removed"
        _claim_runtime()

        def remove(_: int) -> None:
            try:
                obstore.delete(self._store, full)
            except FileNotFoundError as error:
                fault = of_library(error)
                if fault is not None and fault.kind.name != "MISSING":
                    raise

        self._library.of(what, remove)

    def presigned(self, key: str, *, expires_s: int) -> str | None:
        """See `ObjectStore.presigned`."""
        import obstore

        full = self._full(key)
        if _is_odd(full):
            return None
        _claim_runtime()
        what = f"{self._named(key)} cannot be given an address"
        return str(
            self._library.of(what, lambda _: obstore.sign(self._store, "GET", full, timedelta(seconds=expires_s)))
        )

    def hold(self, key: str, *, holder: str, lease_s: float, owner: str = "") -> AbstractContextManager[Lease]:
        """See `ObjectStore.hold`."""
        return held(self, key, holder=holder, lease_s=lease_s, owner=owner)

    def _full(self, key: str) -> str:
        if not key:
            raise ObjectStorageError(f"an object of {self.address} has an empty key")
        return self._prefix + key

    def _writable(self, key: str) -> str:
        full = self._full(key)
        if _is_odd(full):
            raise ObjectStorageError(
                f"{self._named(key)} cannot be written: a part of its key is empty, . or ..; choose another name"
            )
        return full

    def _signed_for(self, what: str) -> SignedS3:
        if self._signed is None:
            raise ObjectStorageError(
                f"{what}: a part of its key is empty, . or .., and such objects can only be read from S3 with "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment; give it another name"
            )
        return self._signed

    def _named(self, key: str) -> str:
        name = f"{self.address}/{key}"
        return name if name.isprintable() else repr(name)


class _Download:
    """An object on its way into a file; goes on where the last try ended."""

    def __init__(self, store: S3Store | GCSStore | AzureStore, full: str, file: BinaryIO, etag: str) -> None:
        self._store = store
        self._full = full
        self._file = file
        self._etag = etag
        self._info: ObjectInfo | None = None

    def go_on(self) -> ObjectInfo:
        import obstore

        done = self._file.tell()
        if self._info is not None and done == self._info.size_bytes:
            return self._info
        options: dict[str, Any] = {"if_match": self._etag} if self._etag else {}
        if done:
            options["range"] = {"offset": done}
        got = obstore.get(self._store, self._full, options=options)  # type: ignore[arg-type]
        self._info = _told(self._full, got.meta)
        self._etag = self._info.etag
        for chunk in got.stream(_CHUNK_BYTES):
            self._file.write(chunk)
        if self._file.tell() != self._info.size_bytes:
            raise ShortBodyError
        return self._info


def _claim_runtime() -> None:
    """Refuse at once where obstore would wait for ever: in a process forked from one that used it.

    Raises:
        ObjectStorageError: In such a process.
    """
    global _runtime_pid
    if _runtime_pid is None:
        _runtime_pid = os.getpid()
    elif _runtime_pid != os.getpid():
        raise ObjectStorageError(
            "object storage was used before this process was forked, and cannot be used in both: start worker "
            "processes first, or by spawn"
        )


def _is_odd(full: str) -> bool:
    return any(part in ("", ".", "..") for part in full.split("/"))


def _told(key: str, meta: Any) -> ObjectInfo:
    written: datetime = meta["last_modified"]
    etag = meta["e_tag"] or ""
    return ObjectInfo(key, meta["size"], etag, stamp_ns(written, etag))
