"""Opening, upgrading and replacing the store's file, seen through the store."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.domain.measuring.measures import MINIATURE_BYTES, Measure, PhotoMeasures
from curation.errors import StorageError
from curation.storage.analysis_database import SCHEMA_VERSION, UPGRADES
from curation.storage.analysis_store import STORE_NAME, AnalysisStore
from curation.storage.databases.checked_tables import CheckedTable
from curation.storage.file_stamps import FileStamp
from tests.interruptions import interrupted_at_every_step
from tests.unit.storage.analyses import STAMP, analysis, execute


@pytest.mark.parametrize("damage", ["overwritten", "another program's", "zeros"])
def test_a_damaged_file_is_renamed(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    path = tmp_path / STORE_NAME
    if damage == "another program's":
        execute(tmp_path, "CREATE TABLE things (a)", "PRAGMA user_version = 1")
    else:
        AnalysisStore(tmp_path).close()
        size = path.stat().st_size
        path.write_bytes(b"no database " * 1000 if damage == "overwritten" else b"\xff" * size)
    content = path.read_bytes()
    with caplog.at_level(logging.WARNING), closing(AnalysisStore(tmp_path)) as store:
        store.save_analysis(STAMP, "s1", "key", analysis())
        assert store.has_analysis("s1", "key")
    assert "damaged" in caplog.text
    (aside,) = tmp_path.glob(f"{STORE_NAME}.damaged")
    assert len(aside.read_bytes()) == len(content)


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).touch()
    with closing(AnalysisStore(tmp_path)) as store:
        assert not store.has_analysis("s1", "key")


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    AnalysisStore(tmp_path).close()
    with closing(AnalysisStore(tmp_path)) as store:
        newer = ("version", SCHEMA_VERSION + 1)
        store._database.run(lambda base: CheckedTable("store_facts", ("name",), ("value",)).put(base, [newer]))
    execute(tmp_path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StorageError, match="newer version"):
        AnalysisStore(tmp_path)
    assert [path.name for path in tmp_path.glob("*damaged*")] == []


def test_an_older_version_is_upgraded_with_its_content(tmp_path: Path) -> None:
    first_version = [statement for statement in UPGRADES[0].split(";") if statement.strip()]
    execute(tmp_path, *first_version, "INSERT INTO files VALUES (x'2f61', 1, 2, 's1')", "PRAGMA user_version = 1")
    for _ in range(2):
        with closing(AnalysisStore(tmp_path)) as store:
            assert store.known_hashes([FileStamp(Path("/a"), 1, 2)]) == {Path("/a"): "s1"}
            store.save_grouping("key", np.array([0, 1]), "{}")
            assert store._database._connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert not list(tmp_path.glob("*damaged*"))


def test_a_store_of_version_3_gets_looks_and_keeps_its_content(tmp_path: Path) -> None:
    statements = [statement for upgrade in UPGRADES[:3] for statement in upgrade.split(";") if statement.strip()]
    half, small = Measure(0.5, None, None), b"m" * MINIATURE_BYTES
    measured = PhotoMeasures(40, 30, (), half, half, datetime(2024, 5, 4, 12, 30), miniature=small)
    execute(tmp_path, *statements, "PRAGMA user_version = 3")
    with closing(sqlite3.connect(tmp_path / STORE_NAME)) as connection:
        connection.execute("INSERT INTO files VALUES (x'2f61', 1, 2, 's1')")
        connection.execute("INSERT INTO measures VALUES ('s1', 'key', ?)", (json.dumps(measured.to_json()),))
        connection.execute("INSERT INTO groupings (key, labels, evidence) VALUES ('g', x'00000000', 'why')")
        connection.execute("INSERT INTO spoilt_faces VALUES ('s1', 'key', ?)", (np.zeros(4, "<f4").tobytes(),))
        connection.commit()
    for _ in range(2):
        with closing(AnalysisStore(tmp_path)) as store:
            assert store._database._connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
            assert store.known_hashes([FileStamp(Path("/a"), 1, 2)]) == {Path("/a"): "s1"}
            assert store.last_hashes([Path("/a"), Path("/b")]) == {Path("/a"): "s1"}
            assert store.measures({"a": ("s1", "key")}) == {"a": measured}
            assert store.look("s1") == (small, "2024-05-04T12:30:00")
            grouping = store.grouping("g")
            assert grouping is not None
            assert grouping[1] == "why"
            assert store.spoilt_face("s1", "key", 1) is not None
            store.save_face_attributes("s1", {"key": b"value"})
            assert store.having_attributes(["s1", "s2"], "key") == {"s1"}
            store.save_analysis(STAMP, "s2", "key", replace(analysis(), miniature=b"n" * MINIATURE_BYTES))
            assert store.look("s2") == (b"n" * MINIATURE_BYTES, None)
    assert not list(tmp_path.glob("*damaged*"))


def test_a_state_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "state"):
        with pytest.raises(StorageError):
            AnalysisStore(folder)
    (tmp_path / STORE_NAME).mkdir()
    with pytest.raises(StorageError, match="cannot be used"):
        AnalysisStore(tmp_path)


def test_read_only_sees_what_was_written_and_writes_nothing(store: AnalysisStore, tmp_path: Path) -> None:
    with closing(AnalysisStore(tmp_path, read_only=True)) as reader:
        store.save_analysis(STAMP, "s1", "key", analysis())
        assert reader.has_analysis("s1", "key")
        with pytest.raises(StorageError):
            reader.save_hash(STAMP, "s2")
        assert reader.known_hashes([STAMP]) == {STAMP.path: "s1"}


def test_read_only_creates_and_repairs_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        AnalysisStore(tmp_path, read_only=True)
    (tmp_path / STORE_NAME).write_bytes(b"no database " * 1000)
    with pytest.raises(StorageError):
        AnalysisStore(tmp_path, read_only=True)
    assert [path.name for path in tmp_path.iterdir()] == [STORE_NAME]


class _NoWal(sqlite3.Connection):
    """A file system that refuses the write-ahead log, as network mounts do."""

    def execute(self, sql: str, /, *parameters: Any) -> sqlite3.Cursor:
        return super().execute(sql.replace("journal_mode = WAL", "journal_mode = DELETE"), *parameters)


def test_without_a_write_ahead_log_every_commit_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: connect(*args, factory=_NoWal, **options))
    with closing(AnalysisStore(tmp_path)) as store:
        store.save_analysis(STAMP, "s1", "key", analysis())
        assert store.has_analysis("s1", "key")
        assert store._database._connection.execute("PRAGMA synchronous").fetchone() == (2,)
        with closing(AnalysisStore(tmp_path, read_only=True)) as reader:
            assert reader.has_analysis("s1", "key")
    assert [path.name for path in tmp_path.iterdir()] == [STORE_NAME]


@pytest.mark.skipif(sys.platform == "win32", reason="the other file systems are those of POSIX")
def test_a_file_system_that_answers_that_it_has_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    # Locks by files, no shared memory: what SQLite itself offers for network mounts.
    monkeypatch.setattr(sqlite3, "connect", lambda name, **options: connect(f"{name}&vfs=unix-dotfile", **options))
    with closing(AnalysisStore(tmp_path)) as store, closing(AnalysisStore(tmp_path, read_only=True)) as reader:
        assert store._database._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        for number in range(5):
            store.save_analysis(STAMP, f"s{number}", "key", analysis())
            assert reader.has_analysis(f"s{number}", "key")


def test_a_file_system_that_fails_at_the_log(tmp_path: Path) -> None:
    with closing(AnalysisStore(tmp_path)) as store:
        store.save_analysis(STAMP, "s1", "key", analysis())
    # The shared memory cannot be made where its name is taken.
    (tmp_path / f"{STORE_NAME}-shm").mkdir()
    with closing(AnalysisStore(tmp_path)) as store, closing(AnalysisStore(tmp_path, read_only=True)) as reader:
        assert reader.has_analysis("s1", "key"), "what was kept elsewhere is still there"
        store.save_analysis(STAMP, "s2", "key", analysis())
        assert reader.has_analysis("s2", "key")
        assert store._database._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert store._database._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_failed_transaction_is_rolled_back(store: AnalysisStore, tmp_path: Path) -> None:
    execute(tmp_path, "CREATE TRIGGER full BEFORE INSERT ON chips BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(StorageError, match="full"):
        store.save_analysis(STAMP, "s1", "key", analysis())
    assert not store.has_analysis("s1", "key")
    assert store.known_hashes([STAMP]) == {}
    execute(tmp_path, "DROP TRIGGER full")
    store.save_analysis(STAMP, "s1", "key", analysis())
    assert store.has_analysis("s1", "key")


_WRITE = """
import sys
from pathlib import Path
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import FileStamp
from tests.interruptions import interrupted_at_every_step
from tests.unit.storage.analyses import analysis
store = AnalysisStore(Path(sys.argv[1]))
number = 0
while number < int(sys.argv[3]):
    store.save_analysis(FileStamp(Path(f"/{sys.argv[2]}{number}"), 1, 1), f"{sys.argv[2]}{number}", "key", analysis())
    number += 1
    if number == 20:
        print("going", flush=True)
"""


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITE, str(folder), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )


def test_two_processes_open_and_write_at_once(tmp_path: Path) -> None:
    with writer(tmp_path, "a", 60) as first, writer(tmp_path, "b", 60) as second:
        assert first.wait(timeout=60) == 0
        assert second.wait(timeout=60) == 0
    with closing(AnalysisStore(tmp_path)) as store:
        assert all(store.has_analysis(f"{name}{number}", "key") for name in "ab" for number in range(60))


def test_killed_while_writing_it_stays_usable(tmp_path: Path) -> None:
    for name in "abcde":
        with writer(tmp_path, name, 1_000_000) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "going\n"
            os.kill(process.pid, signal.SIGKILL)
    with closing(AnalysisStore(tmp_path)) as store:
        for number in range(20):
            for name in "abcde":
                kept = store.analysis(f"{name}{number}", "key")
                assert kept is not None
                assert len(kept.faces) == len(kept.embeddings) == 2
        assert store._database._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(tmp_path.glob("*damaged*"))


def test_ctrl_c_at_any_step_leaves_the_store_free_to_be_closed(tmp_path: Path) -> None:
    with closing(AnalysisStore(tmp_path)) as store:
        store.save_analysis(STAMP, "s1", "key", analysis())
        places = []
        for place in interrupted_at_every_step(lambda: store.chip("s1", "key", 0)):
            assert not store._database._guard.locked(), place
            places.append(place)
        assert len(places) > 10
        for place in interrupted_at_every_step(lambda: store.save_hash(STAMP, "s1")):
            assert not store._database._guard.locked(), place
        assert store.chip("s1", "key", 0) == b"jpeg 0"


def test_ctrl_c_after_an_error_of_sqlite_leaves_the_store_free_too(tmp_path: Path) -> None:
    def fail(store: AnalysisStore) -> None:
        with pytest.raises(StorageError), store._database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT a FROM no_such_table")

    with closing(AnalysisStore(tmp_path)) as store:
        for place in interrupted_at_every_step(lambda: fail(store)):
            assert not store._database._guard.locked(), place
