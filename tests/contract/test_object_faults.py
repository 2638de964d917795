"""What object storage does wrong, made by a proxy before a real S3 server: nothing is lost, and faults have names."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.errors import (
    CurationError,
    ObjectChangedError,
    ObjectMissingError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
    PhotoUnreadableError,
)
from curation.storage.objects import bucket, faults
from curation.storage.objects.opening import open_store
from curation.storage.objects.originals import ObjectOriginals
from curation.storage.objects.store import ObjectStore
from tests.s3_server import ACCESS_KEY, SECRET_KEY, FaultyProxy, S3Server

_BODY = bytes(range(256)) * 2000

_READS: dict[str, Callable[[ObjectStore, Path], object]] = {
    "list": lambda store, _: list(store.list()),
    "head": lambda store, _: store.head("x.jpg"),
    "read": lambda store, _: store.read("x.jpg"),
    "range": lambda store, _: store.read_range("x.jpg", 10, 20),
    "fetch": lambda store, folder: store.fetch("x.jpg", folder / "target"),
    "odd": lambda store, _: store.read("a//b"),
}
_WRITES: dict[str, Callable[[ObjectStore, Path], object]] = {
    "write": lambda store, _: store.write("written", b"1"),
    "create": lambda store, _: store.create("created", b"1"),
    "replace": lambda store, _: store.replace("old", b"1", etag=store.head("old").etag),
    "upload": lambda store, folder: store.upload("uploaded", folder / "source"),
    "delete": lambda store, _: store.delete("old"),
}
_ALL = {**_READS, **_WRITES}


@pytest.fixture
def store(s3_server: S3Server, s3_proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    monkeypatch.setattr(faults, "_FIRST_PAUSE_S", 0.02)
    s3_server.put({"x.jpg": _BODY, "a//b": b"odd", "old": b"0"})
    (tmp_path / "source").write_bytes(b"1")
    return open_store(s3_server.address, timeout_s=1)


def test_a_server_that_is_busy_for_a_moment(store: ObjectStore, s3_proxy: FaultyProxy, tmp_path: Path) -> None:
    for name, action in _ALL.items():
        expected = None if name in _WRITES else action(store, tmp_path)
        rule = s3_proxy.add("status", times=2)
        answer = action(store, tmp_path)
        assert rule.hits == 2, name
        assert name in _WRITES or answer == expected, name


def test_a_connection_that_ends_without_an_answer(store: ObjectStore, s3_proxy: FaultyProxy, tmp_path: Path) -> None:
    for name, action in _ALL.items():
        rule = s3_proxy.add("drop", times=1)
        action(store, tmp_path)
        assert rule.hits == 1, name


def test_a_server_that_stays_away(
    s3_server: S3Server, store: ObjectStore, s3_proxy: FaultyProxy, tmp_path: Path
) -> None:
    impatient = open_store(s3_server.address, timeout_s=0.05)
    s3_proxy.add("status")
    for name in ("list", "head", "fetch", "odd", "create", "upload"):
        s3_proxy.requests.clear()
        with pytest.raises(ObjectStorageUnavailableError, match=r"it answers .*; run again when it answers"):
            _ALL[name](impatient, tmp_path)
        assert 3 <= len(s3_proxy.requests) <= 8, name


def test_an_answer_that_does_not_come(store: ObjectStore, s3_proxy: FaultyProxy, tmp_path: Path) -> None:
    for name in ("read", "list"):
        rule = s3_proxy.add("stall", seconds=20, times=1)
        _ALL[name](store, tmp_path)
        assert rule.hits == 1


def test_a_body_that_ends_early(store: ObjectStore, s3_proxy: FaultyProxy, tmp_path: Path) -> None:
    for name in ("read", "range", "fetch", "list", "odd"):
        expected = _ALL[name](store, tmp_path)
        rule = s3_proxy.add("truncate", method="GET", times=2)
        assert _ALL[name](store, tmp_path) == expected
        assert rule.hits == 2, name
    assert (tmp_path / "target").read_bytes() == _BODY


def test_a_body_that_never_comes_whole_is_no_file(s3_server: S3Server, s3_proxy: FaultyProxy, tmp_path: Path) -> None:
    s3_server.put({"x.jpg": _BODY})
    s3_proxy.add("truncate", method="GET", times=1)
    s3_proxy.add("drop", method="GET")
    with pytest.raises(ObjectStorageUnavailableError):
        open_store(s3_server.address, timeout_s=0.1).fetch("x.jpg", tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_a_slow_body_is_waited_for(store: ObjectStore, s3_proxy: FaultyProxy, tmp_path: Path) -> None:
    rule = s3_proxy.add("slow", method="GET", seconds=2, times=1)
    store.fetch("x.jpg", tmp_path / "target")
    assert rule.hits == 1
    assert len([line for line in s3_proxy.requests if line.startswith("GET")]) == 1
    assert (tmp_path / "target").read_bytes() == _BODY


def test_the_parts_of_a_large_file_are_sent_again(
    store: ObjectStore, s3_server: S3Server, s3_proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_LARGE_BYTES", 6 << 20)
    monkeypatch.setattr(bucket, "_PART_BYTES", 5 << 20)
    source = tmp_path / "large"
    source.write_bytes(bytes(range(256)) * (48 << 10))
    rules = [
        s3_proxy.add("status", method="PUT", path="partNumber=2", times=2),
        s3_proxy.add("drop", method="PUT", path="partNumber=1", times=1),
        s3_proxy.add("status", method="POST", path="uploadId", times=1),
    ]
    info = open_store(s3_server.address, timeout_s=10).upload("large", source)
    assert [rule.hits for rule in rules] == [2, 1, 1]
    assert info.size_bytes == source.stat().st_size
    assert store.fetch("large", tmp_path / "back").etag == info.etag
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


def test_an_object_that_changes_on_its_way(
    store: ObjectStore, s3_server: S3Server, s3_proxy: FaultyProxy, tmp_path: Path
) -> None:
    s3_proxy.add("truncate", method="GET", path="x.jpg", times=1)
    rule = s3_proxy.add("stall", method="GET", path="x.jpg", seconds=20, times=1)
    threading.Timer(0.5, lambda: s3_server.put({"x.jpg": b"another"})).start()
    with pytest.raises(ObjectChangedError):
        store.fetch("x.jpg", tmp_path / "target")
    assert rule.hits == 1
    assert not (tmp_path / "target").exists()


def test_a_write_whose_answer_is_lost_was_done(store: ObjectStore, s3_proxy: FaultyProxy) -> None:
    rule = s3_proxy.add("lost", method="PUT", times=1)
    info = store.create("new", b"mine")
    assert rule.hits == 1
    rule = s3_proxy.add("lost", method="PUT", times=1)
    assert store.replace("new", b"mine again", etag=info.etag).etag != info.etag
    assert rule.hits == 1
    with pytest.raises(ObjectChangedError):
        store.create("new", b"mine again")


def test_a_write_of_others_is_not_taken_for_ones_own(
    store: ObjectStore, s3_server: S3Server, s3_proxy: FaultyProxy
) -> None:
    s3_proxy.add("status", method="PUT", times=1)
    s3_server.put({"new": b"theirs"})
    with pytest.raises(ObjectChangedError):
        store.create("new", b"mine")


def test_a_key_that_vanishes_between_listing_and_reading(
    store: ObjectStore, s3_server: S3Server, tmp_path: Path
) -> None:
    keys = [info.key for info in store.list()]
    s3_server.client().delete_object(Bucket=s3_server.bucket, Key="x.jpg")
    assert "x.jpg" in keys
    with pytest.raises(ObjectMissingError):
        store.read("x.jpg")
    originals = ObjectOriginals(s3_server.address, tmp_path / "cache", 100, 1)
    with pytest.raises(PhotoUnreadableError, match="gone"), originals.at_hand(tmp_path / "cache" / "x.jpg"):
        pass


@pytest.mark.parametrize(
    "fault", [{"kind": "status"}, {"kind": "drop"}, {"kind": "status", "status": 500, "code": "InternalError"}]
)
def test_storage_that_is_away_is_never_the_photos_fault(
    fault: dict[str, Any], s3_server: S3Server, s3_proxy: FaultyProxy, tmp_path: Path
) -> None:
    originals = ObjectOriginals(s3_server.address, tmp_path / "cache", 100, 0.1)
    s3_proxy.add(**fault)
    with pytest.raises(ObjectStorageUnavailableError), originals.at_hand(tmp_path / "cache" / "x.jpg"):
        pass


def test_an_expired_credential(store: ObjectStore, s3_proxy: FaultyProxy, tmp_path: Path) -> None:
    s3_proxy.add("status", status=400, code="ExpiredToken")
    for name, action in _ALL.items():
        s3_proxy.requests.clear()
        with pytest.raises(ObjectStorageError, match="expired") as raised:
            action(store, tmp_path)
        assert not isinstance(raised.value, ObjectStorageUnavailableError), name
        assert len(s3_proxy.requests) == 1, name


def test_no_such_bucket(s3_server: S3Server, tmp_path: Path) -> None:
    store = open_store("s3://no-such-bucket/x", timeout_s=1)
    for name in ("list", "read", "fetch", "write", "create", "odd"):
        with pytest.raises(ObjectStorageError, match=r"s3://no-such-bucket/x.*no such bucket") as raised:
            _ALL[name](store, tmp_path)
        assert type(raised.value) is ObjectStorageError


def test_a_server_that_is_away_and_comes_back(s3_server: S3Server, s3_proxy: FaultyProxy, tmp_path: Path) -> None:
    s3_server.put({"x.jpg": _BODY})
    store = open_store(s3_server.address, timeout_s=10)
    s3_proxy.add("drop")
    threading.Timer(1.5, s3_proxy.clear).start()
    assert store.read("x.jpg")[0] == _BODY
    assert len(s3_proxy.requests) > 3


def test_nothing_listens(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    store = open_store(s3_server.address, timeout_s=0.5)
    for action in (lambda: list(store.list()), lambda: store.read("x")):
        with pytest.raises(ObjectStorageUnavailableError, match="AWS_ENDPOINT_URL"):
            action()


def test_no_credential_is_ever_told(
    store: ObjectStore, s3_server: S3Server, s3_proxy: FaultyProxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = [repr(store), str(store), store.address]
    with caplog.at_level(logging.DEBUG):
        for status, code in ((403, "SignatureDoesNotMatch"), (400, "ExpiredToken"), (418, ""), (503, "SlowDown")):
            s3_proxy.clear()
            s3_proxy.add("status", status=status, code=code)
            for action in (_READS["read"], _READS["list"], _READS["odd"], _WRITES["write"]):
                with pytest.raises(CurationError) as raised:
                    action(store, tmp_path)
                error: BaseException | None = raised.value
                assert raised.value.__suppress_context__ or raised.value.__context__ is None
                while error is not None:
                    told.append(f"{error!r} {error}")
                    error = error.__cause__
    text = "\n".join([*told, caplog.text, *(str(vars(record)) for record in caplog.records)])
    assert "SlowDown" in text
    for secret in (SECRET_KEY, ACCESS_KEY, "Signature=", "X-Amz"):
        assert secret not in text
