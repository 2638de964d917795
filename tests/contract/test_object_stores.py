"""One suite for all object storage: a folder, a bucket of a real S3 server, and stand-ins for GCS and Azure."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from curation.errors import BusyError, ObjectChangedError, ObjectMissingError, ObjectStorageError
from curation.storage.objects import bucket
from curation.storage.objects import lease as lease_module
from curation.storage.objects.opening import open_store
from curation.storage.objects.store import Lease, ObjectStore
from tests.processes import wait_until


@pytest.fixture(params=["file", "s3", "gs", "az"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"file://{tmp_path}/store"
    name = {"s3": "s3_address", "gs": "gcs_address", "az": "azure_address"}[request.param]
    return f"{request.getfixturevalue(name)}/a folder/ünd"


@pytest.fixture
def store(address: str) -> Iterator[ObjectStore]:
    yield open_store(address, timeout_s=5)


KEYS = ["ab", "a b/c+d.jpg", "a%20b.jpg", "a-b", "a/b/c", "back\\slash", "ünï/日本😀.jpg", "q\"'<&>?#;=*", "~", " s "]


def test_what_is_written_is_read_listed_and_removed(store: ObjectStore) -> None:
    written = {key: store.write(key, key.encode()) for key in KEYS}
    listed = list(store.list())
    assert [info.key for info in listed] == sorted(KEYS, key=str.encode)
    for info in listed:
        assert info == written[info.key] == store.head(info.key)
        assert info.size_bytes == len(info.key.encode())
        assert abs(info.mtime_ns / 1e9 - time.time()) < 60
        assert store.read(info.key) == (info.key.encode(), info)
    for key in KEYS:
        store.delete(key)
        store.delete(key)
    assert list(store.list()) == []


def test_a_prefix_need_not_be_a_folder(store: ObjectStore) -> None:
    for key in ("ab/1", "ab/2/3", "abc", "b", "a"):
        store.write(key, b"")
    assert [info.key for info in store.list("ab")] == ["ab/1", "ab/2/3", "abc"]
    assert [info.key for info in store.list("ab/2")] == ["ab/2/3"]
    assert [info.key for info in store.list("x/y")] == []


def test_what_is_not_there(store: ObjectStore, tmp_path: Path) -> None:
    store.write("here", b"1")
    for key in ("gone", "here/gone"):
        with pytest.raises(ObjectMissingError):
            store.head(key)
        with pytest.raises(ObjectMissingError):
            store.read(key)
        with pytest.raises(ObjectMissingError):
            store.fetch(key, tmp_path / "file")
        with pytest.raises(ObjectMissingError):
            store.read_range(key, 0, 1)
    assert not (tmp_path / "file").exists()


def test_ranges(store: ObjectStore) -> None:
    store.write("x", bytes(range(100)))
    assert store.read_range("x", 10, 5) == bytes(range(10, 15))
    assert store.read_range("x", 95, 50) == bytes(range(95, 100))
    assert store.read_range("x", 100, 50) == store.read_range("x", 500, 1) == b""
    store.write("empty", b"")
    assert store.read_range("empty", 0, 10) == b""
    assert store.read("empty")[0] == b""


def test_create_and_replace(store: ObjectStore) -> None:
    first = store.create("x", b"1")
    with pytest.raises(ObjectChangedError):
        store.create("x", b"2")
    second = store.replace("x", b"2", etag=first.etag)
    assert second.etag != first.etag
    with pytest.raises(ObjectChangedError):
        store.replace("x", b"3", etag=first.etag)
    assert store.read("x") == (b"2", second)
    with pytest.raises((ObjectChangedError, ObjectMissingError)):
        store.replace("gone", b"3", etag=first.etag)


def test_files(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc" * 1000)
    info = store.upload("x", source)
    assert store.fetch("x", tmp_path / "target", etag=info.etag) == info
    assert (tmp_path / "target").read_bytes() == source.read_bytes()
    store.write("x", b"other")
    with pytest.raises(ObjectChangedError):
        store.fetch("x", tmp_path / "target", etag=info.etag)
    assert (tmp_path / "target").read_bytes() == source.read_bytes()


def test_a_large_file_goes_in_parts(store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "_LARGE_BYTES", 6 << 20)
    monkeypatch.setattr(bucket, "_PART_BYTES", 5 << 20)
    source = tmp_path / "large"
    source.write_bytes(b"0123456789abcdef" * (12 << 16))
    info = store.upload("large", source)
    assert info.size_bytes == source.stat().st_size
    assert store.fetch("large", tmp_path / "back") == info
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("key", ["", "../x", "a/../../x", "a//b", "/x", "x/", ".", "a/./b"])
def test_odd_keys_are_never_written(store: ObjectStore, key: str) -> None:
    with pytest.raises(ObjectStorageError):
        store.write(key, b"1")
    with pytest.raises(ObjectStorageError):
        store.create(key, b"1")
    with pytest.raises(ObjectStorageError):
        store.read(key)


def test_one_at_a_time(store: ObjectStore) -> None:
    with store.hold("lock", holder="anna's clustering", lease_s=30) as lease:
        assert not lease.is_lost
        lease.check()
        with pytest.raises(BusyError, match="anna's clustering"), store.hold("lock", holder="ben", lease_s=30):
            pass
    with store.hold("lock", holder="ben", lease_s=30):
        pass
    assert [info.key for info in store.list()] == ["lock"]


@pytest.mark.parametrize("address", ["s3"], indirect=True)  # a folder's is with the unit tests; it takes seconds
def test_a_lease_that_ended_is_taken_over_and_the_old_holder_learns_it(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "_CLOCK_GRAIN_S", 1.0)
    told = {"holder": "a dead machine", "owner": "copy", "since": "2026-11-30T12:00:00", "lease_s": 0.3}
    store.write("lock", json.dumps(told).encode())
    with pytest.raises(BusyError, match="a dead machine"), store.hold("lock", holder="ben", lease_s=30, owner="other"):
        pass
    with store.hold("lock", holder="ben", lease_s=30, owner="copy") as same:
        same.check()
    store.write("lock", json.dumps(told).encode())
    time.sleep(2.5)
    with ExitStack() as held:
        mine = _held_at_last(store, held)
        mine.check()
        store.write("lock", json.dumps(told).encode())
        wait_until(lambda: mine.is_lost, "losing the lock")
        with pytest.raises(BusyError, match="a dead machine"):
            mine.check()


def _held_at_last(store: ObjectStore, held: ExitStack) -> Lease:
    """The lock as soon as it is free: on a busy machine its last sign of life may be told late."""
    end_s = time.monotonic() + 30
    while True:
        try:
            return held.enter_context(store.hold("lock", holder="ben", lease_s=0.9))
        except BusyError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.3)


def test_of_many_writers_none_overwrites_another(store: ObjectStore) -> None:
    store.create("count", b"0")
    turns, writers = 8, 4

    def count() -> None:
        done = 0
        while done < turns:
            content, info = store.read("count")
            try:
                store.replace("count", str(int(content) + 1).encode(), etag=info.etag)
            except ObjectChangedError:
                continue
            done += 1

    threads = [threading.Thread(target=count) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read("count")[0] == str(turns * writers).encode()


def test_of_many_creators_one_wins(store: ObjectStore) -> None:
    won: list[int] = []
    start = threading.Barrier(4)

    def create(number: int) -> None:
        start.wait()
        try:
            store.create("one", str(number).encode())
        except ObjectChangedError:
            return
        won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.read("one")[0]] == [str(number).encode() for number in won]
