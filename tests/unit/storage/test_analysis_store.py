from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.domain.faces.face import AnalysedFace, Box, DetectedFace, FaceQuality, FiveLandmarks, PhotoAnalysis
from curation.errors import StorageError
from curation.storage.analysis_store import _UPGRADES, SCHEMA_VERSION, STORE_NAME, AnalysisStore, FileStamp
from tests.unit.domain.judging.scoring_values import face_measures, photo_measures

STAMP = FileStamp(Path("/photos/a.jpg"), 1000, 123)


def analysis(faces: int = 2) -> PhotoAnalysis:
    points = FiveLandmarks.from_array(np.array([[20.254, 20.0], [40, 20], [30, 30], [22, 40], [38, 40]]))
    return PhotoAnalysis(
        400,
        300,
        tuple(
            AnalysedFace(
                DetectedFace(
                    Box(10 * index, 0, 40, 50), points, 0.98765, np.eye(8, dtype=np.float32)[index] * np.float32(0.1)
                ),
                FaceQuality(40, 0.51234, -12.5, 0.71234),
                f"jpeg {index}".encode(),
            )
            for index in range(faces)
        ),
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnalysisStore]:
    with closing(AnalysisStore(tmp_path)) as opened:
        yield opened


def test_an_analysis_is_found_again(store: AnalysisStore, tmp_path: Path) -> None:
    store.keep_analysis(STAMP, "s1", "key", analysis())
    store.close()
    with closing(AnalysisStore(tmp_path)) as again:
        kept = again.analysis("s1", "key")
        assert kept is not None
        assert (kept.width, kept.height, len(kept.faces)) == (400, 300, 2)
        assert kept.faces[1].box == Box(10, 0, 40, 50)
        assert kept.faces[0].landmarks.right_eye == (20.25, 20.0)
        assert kept.faces[0].confidence == 0.9877
        assert kept.faces[0].quality == FaceQuality(40, 0.5123, -12.5, 0.7123)
        assert kept.embeddings.dtype == np.float32
        assert np.array_equal(kept.embeddings, np.eye(8, dtype=np.float32)[:2] * np.float32(0.1))
        assert [again.chip("s1", "key", index) for index in range(3)] == [b"jpeg 0", b"jpeg 1", None]
        assert again.has_analysis("s1", "key")
        assert again.known_hashes([STAMP]) == {STAMP.path: "s1"}


def test_a_photo_without_faces_is_known_too(store: AnalysisStore) -> None:
    store.keep_analysis(STAMP, "s1", "key", analysis(0))
    kept = store.analysis("s1", "key")
    assert kept is not None
    assert kept.faces == ()
    assert len(kept.embeddings) == 0


def test_another_key_or_content_is_not_known(store: AnalysisStore) -> None:
    store.keep_analysis(STAMP, "s1", "key", analysis())
    for sha256, key in (("s1", "other"), ("s2", "key")):
        assert not store.has_analysis(sha256, key)
        assert store.analysis(sha256, key) is None
        assert store.chip(sha256, key, 0) is None


@pytest.mark.parametrize(
    "stamp",
    [FileStamp(STAMP.path, 1001, 123), FileStamp(STAMP.path, 1000, 124), FileStamp(Path("/photos/b.jpg"), 1000, 123)],
)
def test_a_file_of_another_size_time_or_path_is_not_known(store: AnalysisStore, stamp: FileStamp) -> None:
    store.remember_hash(STAMP, "s1")
    assert store.known_hashes([stamp]) == {}
    store.remember_hash(stamp, "s2")
    assert store.known_hashes([stamp]) == {stamp.path: "s2"}


def test_paths_that_are_no_text(store: AnalysisStore) -> None:
    stamp = FileStamp(Path(os.fsdecode(b"/photos/\xff\n.jpg")), 1, 1)
    store.remember_hash(stamp, "s1")
    assert store.known_hashes([stamp]) == {stamp.path: "s1"}


def test_measures_are_found_again(store: AnalysisStore) -> None:
    measures = photo_measures(0.25)
    store.keep_measures(STAMP, "s1", "key", measures)
    assert store.measures({"a": ("s1", "key"), "b": ("s1", "other"), "c": ("s2", "key")}) == {"a": measures}
    assert store.known_hashes([STAMP]) == {STAMP.path: "s1"}
    assert face_measures().eyes.value == 1.0


def test_measures_of_another_version_are_taken_anew(store: AnalysisStore, tmp_path: Path) -> None:
    store.keep_measures(STAMP, "s1", "key", photo_measures())
    execute(tmp_path, "UPDATE measures SET value = '{\"version\": -1}'")
    assert store.measures({"a": ("s1", "key")}) == {}


def execute(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / STORE_NAME)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("damage", ["overwritten", "another program's", "zeros"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    path = tmp_path / STORE_NAME
    if damage == "another program's":
        execute(tmp_path, "CREATE TABLE things (a)", "PRAGMA user_version = 1")
    else:
        AnalysisStore(tmp_path).close()
        size = path.stat().st_size
        path.write_bytes(b"no database " * 1000 if damage == "overwritten" else b"\xff" * size)
    content = path.read_bytes()
    with caplog.at_level(logging.WARNING), closing(AnalysisStore(tmp_path)) as store:
        store.keep_analysis(STAMP, "s1", "key", analysis())
        assert store.has_analysis("s1", "key")
    assert "damaged" in caplog.text
    (aside,) = tmp_path.glob(f"{STORE_NAME}.damaged-*")
    assert len(aside.read_bytes()) == len(content)


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).touch()
    with closing(AnalysisStore(tmp_path)) as store:
        assert not store.has_analysis("s1", "key")


def test_a_damaged_row_is_told(store: AnalysisStore, tmp_path: Path) -> None:
    store.keep_analysis(STAMP, "s1", "key", analysis())
    for change in ("faces = '{'", "faces = '[{}]'", "embeddings = x'0102'"):
        execute(tmp_path, f"UPDATE analyses SET {change}")
        with pytest.raises(StorageError, match="damaged"):
            store.analysis("s1", "key")


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    AnalysisStore(tmp_path).close()
    execute(tmp_path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StorageError, match="newer version"):
        AnalysisStore(tmp_path)
    assert [path.name for path in tmp_path.glob("*damaged*")] == []


def test_an_older_version_is_brought_up_to_date_with_all_that_it_holds(tmp_path: Path) -> None:
    first_version = [statement for statement in _UPGRADES[0].split(";") if statement.strip()]
    execute(tmp_path, *first_version, "INSERT INTO files VALUES (x'2f61', 1, 2, 's1')", "PRAGMA user_version = 1")
    for _ in range(2):
        with closing(AnalysisStore(tmp_path)) as store:
            assert store.known_hashes([FileStamp(Path("/a"), 1, 2)]) == {Path("/a"): "s1"}
            store.keep_grouping("key", np.array([0, 1]))
            assert store._connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert not list(tmp_path.glob("*damaged*"))


def test_groupings_are_found_again_and_the_oldest_forgotten(store: AnalysisStore) -> None:
    for number in range(50):
        store.keep_grouping(f"key{number}", np.array([number, -1, 70_000], dtype=np.int64))
    store.keep_grouping("key49", np.array([1], dtype=np.int64))
    kept = {number: labels for number in range(50) if (labels := store.grouping(f"key{number}")) is not None}
    assert 49 in kept
    assert 0 not in kept
    assert kept[48].tolist() == [48, -1, 70_000]
    assert kept[49].tolist() == [1]
    assert store.grouping("other") is None


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
        store.keep_analysis(STAMP, "s1", "key", analysis())
        assert reader.has_analysis("s1", "key")
        with pytest.raises(StorageError):
            reader.remember_hash(STAMP, "s2")
        assert reader.known_hashes([STAMP]) == {STAMP.path: "s1"}


def test_read_only_makes_and_mends_nothing(tmp_path: Path) -> None:
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
        store.keep_analysis(STAMP, "s1", "key", analysis())
        assert store.has_analysis("s1", "key")
        assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
        with closing(AnalysisStore(tmp_path, read_only=True)) as reader:
            assert reader.has_analysis("s1", "key")
    assert [path.name for path in tmp_path.iterdir()] == [STORE_NAME]


@pytest.mark.skipif(sys.platform == "win32", reason="the other file systems are those of POSIX")
def test_a_file_system_that_answers_that_it_has_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    # Locks by files, no shared memory: what SQLite itself offers for network mounts.
    monkeypatch.setattr(sqlite3, "connect", lambda name, **options: connect(f"{name}&vfs=unix-dotfile", **options))
    with closing(AnalysisStore(tmp_path)) as store, closing(AnalysisStore(tmp_path, read_only=True)) as reader:
        assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        for number in range(5):
            store.keep_analysis(STAMP, f"s{number}", "key", analysis())
            assert reader.has_analysis(f"s{number}", "key")


def test_a_file_system_that_fails_at_the_log(tmp_path: Path) -> None:
    with closing(AnalysisStore(tmp_path)) as store:
        store.keep_analysis(STAMP, "s1", "key", analysis())
    # The shared memory cannot be made where its name is taken.
    (tmp_path / f"{STORE_NAME}-shm").mkdir()
    with closing(AnalysisStore(tmp_path)) as store, closing(AnalysisStore(tmp_path, read_only=True)) as reader:
        assert reader.has_analysis("s1", "key"), "what was kept elsewhere is still there"
        store.keep_analysis(STAMP, "s2", "key", analysis())
        assert reader.has_analysis("s2", "key")
        assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_fault_in_a_transaction_leaves_nothing_half(store: AnalysisStore, tmp_path: Path) -> None:
    execute(tmp_path, "CREATE TRIGGER full BEFORE INSERT ON chips BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(StorageError, match="full"):
        store.keep_analysis(STAMP, "s1", "key", analysis())
    assert not store.has_analysis("s1", "key")
    assert store.known_hashes([STAMP]) == {}
    execute(tmp_path, "DROP TRIGGER full")
    store.keep_analysis(STAMP, "s1", "key", analysis())
    assert store.has_analysis("s1", "key")


def test_several_threads(store: AnalysisStore) -> None:
    def work(number: int) -> bool:
        store.keep_analysis(FileStamp(Path(f"/{number}"), 1, 1), f"s{number}", "key", analysis())
        return store.has_analysis(f"s{number}", "key")

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(40)))


_WRITE = """
import sys
from pathlib import Path
from curation.storage.analysis_store import AnalysisStore
from tests.unit.storage.test_analysis_store import FileStamp, analysis
store = AnalysisStore(Path(sys.argv[1]))
number = 0
while number < int(sys.argv[3]):
    store.keep_analysis(FileStamp(Path(f"/{sys.argv[2]}{number}"), 1, 1), f"{sys.argv[2]}{number}", "key", analysis())
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
        assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(tmp_path.glob("*damaged*"))
