"""What only the database of one machine can meet: locks of others, damaged files, disks without shared memory."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from curation.domain.assets.asset import AssetQuery, NewAsset
from curation.domain.assets.states import AssetState
from curation.domain.outfits.outfit import ColourName
from curation.errors import DatabaseBusyError, StorageError
from curation.storage.assets import sqlite_database
from curation.storage.assets.rows import COLOUR_BITS, colour_bits, escaped, plain
from curation.storage.assets.sqlite_store import SqliteAssetStore

NEW = NewAsset("a" * 32, "a" * 64, "b" * 64, "a.jpg")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "assets.sqlite"


def test_a_database_that_others_lock_is_busy_and_usable_later(path: Path) -> None:
    store = SqliteAssetStore(path, busy_timeout_s=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusyError, match="busy"):
        store.add(NEW)
    assert store.counts()[AssetState.PENDING] == 0
    other.execute("ROLLBACK")
    other.close()
    assert store.add(NEW)[1]
    store.close()


def test_a_short_lock_is_waited_for(path: Path) -> None:
    store = SqliteAssetStore(path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, lambda: other.execute("COMMIT")).start()
    assert store.add(NEW)[1]
    time.sleep(0.05)
    other.close()
    store.close()


def test_a_search_does_not_wait_for_those_who_write(path: Path) -> None:
    store = SqliteAssetStore(path, busy_timeout_s=0.05)
    store.add(NEW)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.find(AssetQuery(), limit=1)[0] == 1
    other.close()
    store.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_file_is_told_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"assets\.sqlite"):
        SqliteAssetStore(path)
    assert path.read_bytes() == content


def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    SqliteAssetStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match="newer version"):
        SqliteAssetStore(path)


def test_a_full_disk_is_told_and_changes_nothing(path: Path) -> None:
    store = SqliteAssetStore(path)
    with store._database.transaction() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    store._database._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="the disk is full"):
        for number in range(1000):
            store.add(NewAsset(f"{number:032x}", "a" * 64, "b" * 64, "a.jpg" * 100))
    store._database._connection.execute("PRAGMA max_page_count = 1000000")
    count = store.counts()[AssetState.PENDING]
    assert len(store.changes(0, limit=2000)) == count
    assert store.add(NEW)[1]
    store.close()


def test_a_disk_without_shared_memory_is_used_with_a_rollback_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(connection: sqlite3.Connection) -> str:
        raise sqlite3.OperationalError("locking protocol")

    monkeypatch.setattr(sqlite_database, "use_write_ahead_log", refused)
    store = SqliteAssetStore(path)
    store.add(NEW)
    claim = store.claim("worker", lease_s=60, max_attempts=3)
    assert claim is not None
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_what_is_deleted_is_gone_from_the_file(path: Path) -> None:
    store = SqliteAssetStore(path)
    store.add(NewAsset("a" * 32, "a" * 64, "b" * 64, "very secret name"))
    store.delete("a" * 32)
    store._database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    assert all(b"very secret name" not in file.read_bytes() for file in path.parent.iterdir())


def test_every_colour_has_a_bit_of_its_own() -> None:
    assert set(COLOUR_BITS) == set(ColourName)
    assert colour_bits(ColourName).bit_count() == len(ColourName)
    # Databases hold these numbers: they never change.
    assert (COLOUR_BITS[ColourName.BLACK], COLOUR_BITS[ColourName.BEIGE]) == (1, 2048)


@pytest.mark.parametrize("text", ["", "a.jpg", 'a"b\\c', "é漢😀", "\0\n\x7f", "\udcff"])
def test_escaped_text_is_ascii_and_comes_back(text: str) -> None:
    assert escaped(text).isascii()
    assert "\0" not in escaped(text)
    assert plain(escaped(text)) == text
