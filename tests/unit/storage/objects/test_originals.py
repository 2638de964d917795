from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from curation.errors import ObjectStorageUnavailableError, PhotoUnreadableError
from curation.storage.atomic import TEMPORARY_SUFFIX
from curation.storage.objects.file_names import OWN_FOLDER
from curation.storage.objects.folder import Folder
from curation.storage.objects.opening import open_store
from curation.storage.objects.originals import ObjectOriginals
from curation.storage.objects.store import ObjectInfo
from tests.processes import wait_until


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"file://{tmp_path}/bucket"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "originals"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that were fetched, in this process."""
    keys: list[str] = []
    fetch = Folder.fetch

    def noted(self: Folder, key: str, target: Path, *, etag: str | None = None) -> ObjectInfo:
        keys.append(key)
        return fetch(self, key, target, etag=etag)

    monkeypatch.setattr(Folder, "fetch", noted)
    return keys


def _files(root: Path) -> set[str]:
    found = (path for path in root.rglob("*") if path.is_file() and OWN_FOLDER not in path.parts)
    return {path.relative_to(root).as_posix() for path in found}


def test_a_photo_is_fetched_once(address: str, root: Path, fetched: list[str]) -> None:
    info = open_store(address).write("a/b c.jpg", b"1")
    originals = ObjectOriginals(address, root, 100, 5)
    for _ in range(3):
        with originals.at_hand(root / "a" / "b c.jpg") as path:
            assert path == root / "a" / "b c.jpg"
            assert path.read_bytes() == b"1"
            assert path.stat().st_mtime_ns == info.mtime_ns
    assert fetched == ["a/b c.jpg"]


def test_a_copy_is_compared_with_the_object_each_time(address: str, root: Path, fetched: list[str]) -> None:
    store, path = open_store(address), root / "a.jpg"
    originals = ObjectOriginals(address, root, 100, 5)
    for content in (b"1", b"2", b"3"):
        store.write("a.jpg", content)
        for _ in range(2):
            with originals.at_hand(path):
                assert path.read_bytes() == content
    assert fetched == ["a.jpg"] * 3
    store.delete("a.jpg")
    with pytest.raises(PhotoUnreadableError, match="gone"), originals.at_hand(path):
        pass
    assert _files(root) == set()


def test_forgotten_photos_are_fetched_anew_also_while_somebody_reads_them(address: str, root: Path) -> None:
    store, path = open_store(address), root / "a.jpg"
    store.write("a.jpg", b"1")
    originals = ObjectOriginals(address, root, 100, 5)
    with originals.at_hand(path), path.open("rb") as reader:
        store.write("a.jpg", b"2")
        originals.forget(["a.jpg", "no such.jpg"])
        with originals.at_hand(path):
            assert path.read_bytes() == b"2"
        assert reader.read() == b"1"


def test_it_travels_to_other_processes_without_credentials(
    address: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    open_store(address).write("a.jpg", b"1")
    originals = ObjectOriginals(address, root, 100, 5)
    with originals.at_hand(root / "a.jpg"):
        packed = pickle.dumps(originals)
    assert b"hunter2" not in packed
    with pickle.loads(packed).at_hand(root / "a.jpg") as path:
        assert path.read_bytes() == b"1"


def test_a_photo_that_is_gone_is_the_photos_fault(address: str, root: Path) -> None:
    open_store(address).write("other.jpg", b"1")
    originals = ObjectOriginals(address, root, 100, 5)
    with pytest.raises(PhotoUnreadableError, match="gone"), originals.at_hand(root / "a.jpg"):
        pass


def test_storage_that_is_away_is_not(address: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> ObjectInfo:
        raise ObjectStorageUnavailableError("away")

    monkeypatch.setattr(Folder, "fetch", away)
    originals = ObjectOriginals(address, root, 100, 5)
    with pytest.raises(ObjectStorageUnavailableError), originals.at_hand(root / "a.jpg"):
        pass


def test_other_files_are_left_where_they_are(address: str, root: Path, tmp_path: Path) -> None:
    originals = ObjectOriginals(address, root, 100, 5)
    for other in (tmp_path / "else.jpg", root / ".." / "else.jpg", root, root / OWN_FOLDER / "size"):
        with originals.at_hand(other) as path:
            assert path == other


def test_least_recently_used_files_go_first_and_none_that_is_in_use(address: str, root: Path) -> None:
    store = open_store(address)
    for number in range(8):
        store.write(f"{number}.jpg", bytes([number]) * 300_000)
    originals = ObjectOriginals(address, root, 1, 5)
    with originals.at_hand(root / "0.jpg"):
        for number in range(1, 8):
            with originals.at_hand(root / f"{number}.jpg") as path:
                assert path.read_bytes()[:1] == bytes([number])
            assert len(_files(root)) <= 3
        assert _files(root) == {"0.jpg", "6.jpg", "7.jpg"}


def test_more_photos_in_use_than_there_is_room_for(address: str, root: Path) -> None:
    store = open_store(address)
    originals = ObjectOriginals(address, root, 1, 5)
    with ExitStack() as used:
        for number in range(5):
            store.write(f"{number}.jpg", b"x" * 600_000)
            used.enter_context(originals.at_hand(root / f"{number}.jpg"))
        assert len(_files(root)) == 5
    store.write("5.jpg", b"x" * 600_000)
    with originals.at_hand(root / "5.jpg"):
        assert _files(root) == {"5.jpg"}


def test_a_key_that_is_a_file_and_a_folder(address: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(self: Folder, key: str, target: Path, *, etag: str | None = None) -> ObjectInfo:
        target.write_bytes(key.encode())
        return ObjectInfo(key, len(key), "x", target.stat().st_mtime_ns)

    monkeypatch.setattr(Folder, "fetch", fetch)
    originals = ObjectOriginals(address, root, 100, 5)
    for key in ("x.jpg", "x.jpg/y.jpg", "z.jpg/y.jpg", "z.jpg"):
        with originals.at_hand(root / key) as path:
            assert path.read_bytes() == key.encode()
            assert path.suffix == ".jpg"


def test_what_killed_fetches_left_is_removed(address: str, root: Path) -> None:
    store = open_store(address)
    for number in range(4):
        store.write(f"{number}.jpg", b"x" * 400_000)
    for folder in (root, root / OWN_FOLDER / "arriving"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f".9.jpg.999999999{TEMPORARY_SUFFIX}").write_bytes(b"x" * 400_000)
    originals = ObjectOriginals(address, root, 1, 5)
    for number in range(4):
        with originals.at_hand(root / f"{number}.jpg"):
            pass
    assert not list(root.rglob(".9*"))


def test_fetching_ahead_passes_all_tasks_on_in_their_order(address: str, root: Path, fetched: list[str]) -> None:
    store = open_store(address)
    for number in range(30):
        store.write(f"{number}.jpg", bytes([number]))
    originals = ObjectOriginals(address, root, 100, 5)
    seen: list[int] = []

    def tasks() -> Iterator[int]:
        for number in (*range(30), 77):
            seen.append(number)
            yield number

    ahead = originals.fetch_ahead(tasks(), lambda number: [root / f"{number}.jpg"] if number % 2 else None)
    for number, task in enumerate(ahead):
        assert task == (number if number < 30 else 77)
        assert len(seen) <= number + 9
        if number < 30:
            with originals.at_hand(root / f"{number}.jpg") as path:
                assert path.read_bytes() == bytes([number])
    assert sorted(fetched) == sorted([*(f"{number}.jpg" for number in range(30)), "77.jpg"])


def test_fetching_ahead_ends_at_once_where_storage_stands_still(
    address: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def still(*_: object, **__: object) -> ObjectInfo:
        released.wait(30)
        raise ObjectStorageUnavailableError("away")

    monkeypatch.setattr(Folder, "fetch", still)
    originals = ObjectOriginals(address, root, 100, 5)
    ahead = originals.fetch_ahead(range(100), lambda number: root / f"{number}.jpg")
    start = time.monotonic()
    assert next(ahead) == 0
    ahead.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < 2
    released.set()
    wait_until(lambda: not any(t.name == "fetch-ahead" for t in threading.enumerate()), "the end of the threads")


def _read_all(address: str, root: Path, count: int) -> None:
    logging.disable()
    originals = ObjectOriginals(address, root, 1, 5)
    for turn in range(count):
        number = turn * (os.getpid() % 5 + 1) % 10
        with originals.at_hand(root / f"{number}.jpg") as path:
            assert path.read_bytes() == bytes([number]) * 250_000


@contextmanager
def _holder(address: str, root: Path, key: str) -> Iterator[multiprocessing.Process]:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_hold, args=(address, root, key, ready))
    process.start()
    try:
        assert ready.wait(30)
        yield process  # type: ignore[misc]
    finally:
        process.kill()
        process.join()


def _hold(address: str, root: Path, key: str, ready: Event) -> None:
    with ObjectOriginals(address, root, 1, 5).at_hand(root / key):
        ready.set()
        signal.pause()


def test_several_processes_share_the_folder(address: str, root: Path) -> None:
    store = open_store(address)
    for number in range(10):
        store.write(f"{number}.jpg", bytes([number]) * 250_000)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_read_all, args=(address, root, 100)) for _ in range(3)]
    for worker in workers:
        worker.start()
    largest = 0
    while any(worker.is_alive() for worker in workers):
        largest = max(largest, len(_files(root)))
        time.sleep(0.02)
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert largest <= 4 + 3 * 2  # the limit, and for each worker what it uses and what it fetches


def test_a_file_is_kept_for_as_long_as_its_process_lives(address: str, root: Path) -> None:
    store = open_store(address)
    for number in range(4):
        store.write(f"{number}.jpg", bytes([number]) * 600_000)
    originals = ObjectOriginals(address, root, 1, 5)
    with _holder(address, root, "0.jpg") as process:
        for number in (1, 2, 3):
            with originals.at_hand(root / f"{number}.jpg"):
                assert (root / "0.jpg").exists()
        process.kill()
        process.join()
        for number in (1, 2):
            with originals.at_hand(root / f"{number}.jpg"):
                pass
        assert "0.jpg" not in _files(root)
