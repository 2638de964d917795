"""What only a folder does; the suite of all stores has the rest."""

from __future__ import annotations

import errno
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from curation.errors import (
    ObjectChangedError,
    ObjectMissingError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
)
from curation.storage.atomic import TEMPORARY_SUFFIX
from curation.storage.objects.folder import FOLDER_LOCK_NAME
from curation.storage.objects.opening import open_store


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert list(open_store(f"file://{tmp_path}/new").list()) == []
    with pytest.raises(ObjectStorageError, match="there is no such folder"):
        list(open_store(f"file://{tmp_path}/not/connected").list())
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ObjectStorageError):
        list(open_store(f"file://{tmp_path}/file").list())


def test_links_and_the_programs_own_files_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "x.jpg").write_bytes(b"secret")
    root = tmp_path / "store"
    store = open_store(f"file://{root}")
    store.write("a.jpg", b"1")
    (root / "link.jpg").symlink_to(tmp_path / "secret" / "x.jpg")
    (root / "links").symlink_to(tmp_path / "secret")
    (root / f".b.{TEMPORARY_SUFFIX}").write_bytes(b"half")
    (root / os.fsdecode(b"\xff.jpg")).write_bytes(b"not text")
    os.mkfifo(root / "fifo")
    assert [info.key for info in store.list()] == ["a.jpg"]
    for key in ("link.jpg", "links/x.jpg", "fifo"):
        with pytest.raises(ObjectMissingError):
            store.read(key)
    with pytest.raises(ObjectStorageError):
        store.write("links/y.jpg", b"1")
    with pytest.raises(ObjectStorageError, match="taken by the program"):
        store.write(FOLDER_LOCK_NAME, b"1")
    assert [path.name for path in (tmp_path / "secret").iterdir()] == ["x.jpg"]


def test_each_write_has_an_etag_of_its_own(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    etags = [store.write("x", b"%d" % (number % 10)).etag for number in range(50)]
    assert len(set(etags)) == 50


def test_a_disk_that_tells_whole_seconds_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    utime = os.utime

    def coarse(path: Path | int, *, ns: tuple[int, int]) -> None:
        utime(path, ns=(ns[0], ns[1] // 1_000_000_000 * 1_000_000_000))

    store = open_store(f"file://{tmp_path}/store")
    store.write("x", b"1")
    coarse(tmp_path / "store" / "x", ns=(time.time_ns(), time.time_ns() + 1_000_000_000))
    monkeypatch.setattr(os, "utime", coarse)
    etags = [store.write("x", b"1").etag for _ in range(5)]
    assert len(set(etags)) == 5


@pytest.mark.parametrize("fault", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int) -> None:
    def refused(*_: object) -> None:
        raise OSError(fault, "no links here")

    monkeypatch.setattr(os, "link", refused)
    store = open_store(f"file://{tmp_path}/store")
    store.create("x", b"1")
    with pytest.raises(ObjectChangedError):
        store.create("x", b"2")
    assert store.read("x")[0] == b"1"


def test_a_disk_that_went_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"file://{tmp_path}/store")
    store.write("x", b"1")

    def stale(*_: object) -> int:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(os, "open", stale)
    with pytest.raises(ObjectStorageUnavailableError, match="is the disk connected"):
        store.read("x")


def _count(address: str, turns: int) -> None:
    store = open_store(address)
    done = 0
    while done < turns:
        content, info = store.read("count")
        try:
            store.replace("count", str(int(content) + 1).encode(), etag=info.etag)
        except ObjectChangedError:
            continue
        done += 1


def test_processes_do_not_overwrite_each_other_also_when_some_are_killed(tmp_path: Path) -> None:
    address = f"file://{tmp_path}/store"
    store = open_store(address)
    store.write("count", b"0")
    context = multiprocessing.get_context("spawn")
    doomed = context.Process(target=_count, args=(address, 1_000_000))
    workers = [context.Process(target=_count, args=(address, 60)) for _ in range(2)]
    for process in (doomed, *workers):
        process.start()
    time.sleep(1)
    doomed.kill()
    for process in (doomed, *workers):
        process.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert int(store.read("count")[0]) >= 120
    assert [info.key for info in store.list()] == ["count"]


def test_what_somebody_writes_in_place_is_never_half_read(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    store.write("x", b"a" * 1000)
    info = store.head("x")
    (tmp_path / "store" / "x").write_bytes(b"b" * 500)
    with pytest.raises(ObjectChangedError):
        store.fetch("x", tmp_path / "target", etag=info.etag)
    assert store.fetch("x", tmp_path / "target").size_bytes == 500
    assert (tmp_path / "target").read_bytes() == b"b" * 500


def test_what_a_killed_writer_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    left = tmp_path / f".object.{'0' * 16}.curation-tmp"
    left.write_bytes(b"half")
    open_store(f"file://{tmp_path}").write("words.json", b"{}")
    assert not left.exists()
