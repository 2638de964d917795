from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curation.domain.faces.face import Box, FaceQuality
from curation.domain.files.health import FaultKind, FileFault
from curation.domain.measuring.measures import MINIATURE_BYTES, Measure, PhotoMeasures
from curation.storage.analysis_database import ANALYSES
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import FileStamp
from tests.unit.domain.judging.scoring_values import face_measures, photo_measures
from tests.unit.storage.analyses import STAMP, analysis, execute


def test_an_analysis_is_found_again(store: AnalysisStore, tmp_path: Path) -> None:
    store.save_analysis(STAMP, "s1", "key", analysis())
    store.close()
    with closing(AnalysisStore(tmp_path)) as again:
        cached = again.analysis("s1", "key")
        assert cached is not None
        assert (cached.width, cached.height, len(cached.faces)) == (400, 300, 2)
        assert cached.faces[1].box == Box(10, 0, 40, 50)
        assert cached.faces[0].landmarks.right_eye == (20.25, 20.0)
        assert cached.faces[0].confidence == 0.9877
        assert cached.faces[0].quality == FaceQuality(40, 0.5123, -12.5, 0.7123)
        assert cached.embeddings.dtype == np.float32
        assert np.array_equal(cached.embeddings, np.eye(8, dtype=np.float32)[:2] * np.float32(0.1))
        assert [again.chip("s1", "key", index) for index in range(3)] == [b"jpeg 0", b"jpeg 1", None]
        assert again.has_analysis("s1", "key")
        assert again.known_hashes([STAMP]) == {STAMP.path: "s1"}


def test_a_photo_without_faces_is_known_too(store: AnalysisStore) -> None:
    store.save_analysis(STAMP, "s1", "key", analysis(0))
    cached = store.analysis("s1", "key")
    assert cached is not None
    assert cached.faces == ()
    assert len(cached.embeddings) == 0


def test_another_key_or_content_is_not_known(store: AnalysisStore) -> None:
    store.save_analysis(STAMP, "s1", "key", analysis())
    for sha256, key in (("s1", "other"), ("s2", "key")):
        assert not store.has_analysis(sha256, key)
        assert store.analysis(sha256, key) is None
        assert store.chip(sha256, key, 0) is None


@pytest.mark.parametrize(
    "stamp",
    [FileStamp(STAMP.path, 1001, 123), FileStamp(STAMP.path, 1000, 124), FileStamp(Path("/photos/b.jpg"), 1000, 123)],
)
def test_a_file_of_another_size_time_or_path_is_not_known(store: AnalysisStore, stamp: FileStamp) -> None:
    store.save_hash(STAMP, "s1")
    assert store.known_hashes([stamp]) == {}
    store.save_hash(stamp, "s2")
    assert store.known_hashes([stamp]) == {stamp.path: "s2"}


def test_paths_that_are_not_text(store: AnalysisStore) -> None:
    stamp = FileStamp(Path(os.fsdecode(b"/photos/\xff\n.jpg")), 1, 1)
    store.save_hash(stamp, "s1")
    assert store.known_hashes([stamp]) == {stamp.path: "s1"}


def test_measures_are_found_again(store: AnalysisStore) -> None:
    measures = photo_measures(0.25)
    store.save_measures(STAMP, "s1", "key", measures)
    assert store.measures({"a": ("s1", "key"), "b": ("s1", "other"), "c": ("s2", "key")}) == {"a": measures}
    assert store.known_hashes([STAMP]) == {STAMP.path: "s1"}
    assert face_measures().eyes.value == 1.0


def test_measures_of_another_version_are_ignored(store: AnalysisStore, tmp_path: Path) -> None:
    store.save_measures(STAMP, "s1", "key", photo_measures())
    execute(tmp_path, "UPDATE measures SET value = '{\"version\": -1}'")
    assert store.measures({"a": ("s1", "key")}) == {}


def test_a_damaged_row_is_missing_and_told_once(
    store: AnalysisStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for change in ("faces = '{'", "embeddings = x'0102'", "width = 401", "sha256 = 's3'", "checksum = NULL"):
        store.save_analysis(STAMP, "s1", "key", analysis())
        store.save_analysis(STAMP, "s2", "key", analysis())
        execute(tmp_path, f"UPDATE analyses SET {change} WHERE sha256 = 's1'")
        caplog.clear()
        assert store.analysed(["s1", "s2", "s3"], "key") == {"s2"}
        assert store.analysis("s1", "key") is None
        assert caplog.text.count("is damaged") == 1
        assert (tmp_path / "analysis.sqlite.damaged").exists()
        assert "checksum" in (tmp_path / "analysis.sqlite.damaged.txt").read_text()


def test_a_row_that_cannot_be_unpacked_is_missing(store: AnalysisStore) -> None:
    store.save_analysis(STAMP, "s1", "key", analysis())
    store._database.run(lambda base: ANALYSES.put(base, [("s1", "key", 1, 1, "[{}]", b"", 0)]))
    assert store.analysis("s1", "key") is None
    assert not store.has_analysis("s1", "key")


def test_an_analysis_without_its_pictures_is_made_again(store: AnalysisStore, tmp_path: Path) -> None:
    store.save_analysis(STAMP, "s1", "key", replace(analysis(), miniature=b"m" * MINIATURE_BYTES))
    assert store.analysed(["s1"], "key", with_pictures=True) == {"s1"}
    for table in ("chips", "looks", "file_faults"):
        store.save_analysis(STAMP, "s1", "key", replace(analysis(), miniature=b"m" * MINIATURE_BYTES))
        execute(tmp_path, f"DELETE FROM {table}")
        assert store.analysed(["s1"], "key", with_pictures=True) == set(), table
        assert store.analysed(["s1"], "key") == set()


def test_groupings_are_found_again_and_the_oldest_deleted(store: AnalysisStore) -> None:
    for number in range(50):
        store.save_grouping(f"key{number}", np.array([number, -1, 70_000], dtype=np.int64), f"[{number}]")
    store.save_grouping("key49", np.array([1], dtype=np.int64), "[]")
    cached = {number: found for number in range(50) if (found := store.grouping(f"key{number}")) is not None}
    assert 49 in cached
    assert 0 not in cached
    assert cached[48][0].tolist() == [48, -1, 70_000]
    assert cached[48][1] == "[48]"
    assert cached[49][0].tolist() == [1]
    assert store.grouping("other") is None


def test_several_threads(store: AnalysisStore) -> None:
    def work(number: int) -> bool:
        store.save_analysis(FileStamp(Path(f"/{number}"), 1, 1), f"s{number}", "key", analysis())
        return store.has_analysis(f"s{number}", "key")

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(40)))


def test_spoilt_faces_are_found_again(store: AnalysisStore) -> None:
    embeddings = np.arange(6, dtype=np.float32).reshape(2, 3)
    store.save_spoilt_face("s1", "key", embeddings)
    found = store.spoilt_face("s1", "key", 2)
    assert found is not None and found.dtype == np.float32 and np.array_equal(found, embeddings)
    assert store.spoilt_face("s1", "other", 2) is None
    assert store.spoilt_face("s2", "key", 2) is None
    assert store.spoilt_face("s1", "key", 4) is None, "it was kept for other ways"


def test_the_look_of_a_photo(store: AnalysisStore) -> None:
    assert store.look("s1") is None
    store.save_analysis(STAMP, "s1", "key", analysis())
    assert store.look("s1") is None, "an analysis without a miniature has no look"
    small = b"m" * MINIATURE_BYTES
    seen = replace(analysis(), miniature=small, capture_time="2024-05-04T12:30:00.5")
    store.save_analysis(STAMP, "s1", "key", seen)
    assert store.look("s1") == (small, "2024-05-04T12:30:00.5")
    # It is of the content, whatever engine saw it, and the last one counts.
    store.save_analysis(STAMP, "s1", "other key", replace(seen, capture_time=None))
    assert store.look("s1") == (small, None)
    assert store.look("s2") is None


def test_where_a_time_stands_and_what_is_wrong_with_a_file(store: AnalysisStore, tmp_path: Path) -> None:
    fault = FileFault(FaultKind.CUT, "60 % of the sensor's data are missing", "the preview", is_seen=False)
    seen = replace(analysis(), miniature=b"m" * MINIATURE_BYTES, time_source="the name", faults=(fault,))
    store.save_analysis(STAMP, "s1", "key", seen)
    store.save_analysis(STAMP, "s2", "key", replace(seen, time_source="", faults=()))
    assert store.time_sources(["s1", "s2", "s3"]) == {"s1": "the name"}
    assert store.file_faults(["s1", "s2", "s3"]) == {"s1": (fault,)}
    execute(tmp_path, "UPDATE file_faults SET faults = '{' WHERE sha256 = 's2'")
    assert store.file_faults(["s1", "s2"]) == {"s1": (fault,)}


def test_the_look_of_an_older_version_is_that_of_the_scoring(store: AnalysisStore, tmp_path: Path) -> None:
    plain = PhotoMeasures(40, 30, (), Measure(0.5, None, None), Measure(0.5, None, None))
    small = b"m" * MINIATURE_BYTES
    store.save_measures(STAMP, "s1", "a", plain)
    assert store.look("s1") is None
    store.save_measures(STAMP, "s1", "b", replace(plain, miniature=small))
    assert store.look("s1") == (small, None)
    execute(tmp_path, "UPDATE measures SET value = '{' WHERE key = 'b'")
    assert store.look("s1") is None, "what cannot be read is of another version"


def test_the_last_hash_of_a_file_whatever_became_of_it(store: AnalysisStore) -> None:
    store.save_hash(STAMP, "s1")
    odd = FileStamp(Path(os.fsdecode(b"/photos/\xff.jpg")), 1, 1)
    store.save_hash(odd, "s2")
    assert store.last_hashes([STAMP.path, odd.path, Path("/none.jpg")]) == {STAMP.path: "s1", odd.path: "s2"}
    store.save_hash(replace(STAMP, size_bytes=7), "s3")
    assert store.last_hashes([STAMP.path]) == {STAMP.path: "s3"}
    assert store.last_hashes([]) == {}


def test_the_contents_of_files_of_a_size_whatever_became_of_the_files(store: AnalysisStore) -> None:
    store.save_hash(FileStamp(Path("/photos/a.jpg"), 1000, 1), "s2")
    store.save_hash(FileStamp(Path("/photos/moved.jpg"), 1000, 1), "s2")
    store.save_hash(FileStamp(Path("/photos/b.jpg"), 1000, 2), "s1")
    store.save_hash(FileStamp(Path("/photos/c.jpg"), 1001, 2), "s3")
    for _ in range(2):
        assert store.contents_of_size(1000) == ["s1", "s2"]
        assert store.contents_of_size(5) == []
        store.index_sizes()  # changes nothing, and may be asked for again


def test_the_index_of_sizes_is_used(store: AnalysisStore) -> None:
    store.index_sizes()
    query = "EXPLAIN QUERY PLAN SELECT DISTINCT sha256 FROM files WHERE size_bytes = 5 ORDER BY sha256"
    with closing(sqlite3.connect(store.path)) as connection:
        assert any("files_by_size" in str(row) for row in connection.execute(query))
