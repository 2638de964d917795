"""A lock with a lease over a folder; the suite of all stores has it over a bucket as well."""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path

import pytest

from curation.errors import BusyError, ObjectStorageUnavailableError
from curation.storage.objects import lease as lease_module
from curation.storage.objects.opening import open_store
from curation.storage.objects.store import ObjectInfo, ObjectStore


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    monkeypatch.setattr(lease_module, "_CLOCK_GRAIN_S", 0.05)
    return open_store(f"file://{tmp_path}/store")


def _abandon(store: ObjectStore, *, holder: str, lease_s: float, owner: str = "") -> ObjectInfo:
    told = {"holder": holder, "owner": owner, "since": "2026-11-30T12:00:00", "lease_s": lease_s, "token": "x"}
    return store.write("lock", json.dumps(told).encode())


def test_the_lease_is_renewed_for_as_long_as_the_lock_is_held(store: ObjectStore) -> None:
    with store.hold("lock", holder="anna", lease_s=0.3) as held:
        for _ in range(4):
            time.sleep(0.2)
            held.check()
            with pytest.raises(BusyError, match=r"anna, since 20..-.*the lock is free 0.3 s after"):
                store.hold("lock", holder="ben", lease_s=0.3).__enter__()


def test_a_lease_that_ended_is_taken_over(store: ObjectStore, caplog: pytest.LogCaptureFixture) -> None:
    _abandon(store, holder="a dead machine", lease_s=0.2)
    with pytest.raises(BusyError, match="a dead machine"), store.hold("lock", holder="ben", lease_s=5):
        pass
    time.sleep(0.3)
    with caplog.at_level(logging.WARNING), store.hold("lock", holder="ben", lease_s=5) as held:
        held.check()
        assert json.loads(store.read("lock")[0])["holder"] == "ben"
    assert "a dead machine is gone without letting go" in caplog.text


def test_a_dead_process_of_the_same_owner_has_no_lease(store: ObjectStore) -> None:
    _abandon(store, holder="clustering", lease_s=600, owner="copy-1")
    with pytest.raises(BusyError), store.hold("lock", holder="clustering", lease_s=5, owner="copy-2"):
        pass
    with pytest.raises(BusyError), store.hold("lock", holder="clustering", lease_s=5):
        pass
    with store.hold("lock", holder="clustering", lease_s=5, owner="copy-1") as held:
        held.check()


def test_the_holder_learns_that_it_lost_the_lock(store: ObjectStore, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), store.hold("lock", holder="anna", lease_s=0.6) as held:
        _abandon(store, holder="ben", lease_s=600)
        deadline = time.monotonic() + 5
        while not held.is_lost and time.monotonic() < deadline:
            time.sleep(0.05)
        with pytest.raises(BusyError, match="somebody else holds it now: ben"):
            held.check()
    assert "ben" in caplog.text
    assert json.loads(store.read("lock")[0])["holder"] == "ben"  # not let go in ben's name


def test_a_lock_that_cannot_be_renewed_for_a_whole_lease_is_lost(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.hold("lock", holder="anna", lease_s=0.3) as held:

        def away(*_: object, **__: object) -> ObjectInfo:
            raise ObjectStorageUnavailableError("away")

        monkeypatch.setattr(type(store), "replace", away)
        held.check()
        time.sleep(0.4)
        with pytest.raises(BusyError, match="did not answer for a whole lease"):
            held.check()
        monkeypatch.undo()


def test_of_many_only_one_gets_the_lock(store: ObjectStore) -> None:
    _abandon(store, holder="a dead machine", lease_s=0.01)
    time.sleep(0.2)
    got: list[int] = []
    start = threading.Barrier(6)
    done = threading.Barrier(6)

    def contend(number: int) -> None:
        start.wait()
        try:
            with store.hold("lock", holder=str(number), lease_s=30):
                got.append(number)
                done.wait()
        except BusyError:
            done.wait()

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(got) == 1


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b"{}", b'{"lease_s": "x", "holder": 7}'])
def test_a_lock_of_others_is_respected(store: ObjectStore, content: bytes) -> None:
    store.write("lock", content)
    with pytest.raises(BusyError), store.hold("lock", holder="ben", lease_s=5):
        pass
