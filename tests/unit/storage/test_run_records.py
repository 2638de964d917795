from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.errors import StorageError
from curation.storage.run_records import next_cluster_id, read_run_record, versions, write_run_record


def test_a_record_round_trips(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert read_run_record(path) is None
    record = {"counts": {"photos": 3}, "failures": [{"image_path": "Zoë.jpg", "reason": "cut off"}]}
    write_run_record(path, record)
    assert read_run_record(path) == record
    assert "Zoë" in path.read_text(encoding="utf-8")


def test_what_is_no_plain_value_or_no_text_is_written_readably(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_run_record(path, {"folder": Path("/photos"), "name": "\udcff"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"folder": "/photos", "name": "\udcff"}


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe{}"])
def test_a_broken_record_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"run\.json is not valid JSON"):
        read_run_record(path)
    with pytest.raises(StorageError):
        read_run_record(tmp_path)


def test_another_json_value_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("[1]")
    assert read_run_record(tmp_path / "run.json") is None


@pytest.mark.parametrize(
    ("record", "expected"),
    [(None, 0), ({}, 0), ({"next_cluster_id": 7}, 7), ({"next_cluster_id": -1}, 0), ({"next_cluster_id": "7"}, 0)],
)
def test_the_next_id(record: dict[str, object] | None, expected: int) -> None:
    assert next_cluster_id(record) == expected


def test_versions_name_what_results_depend_on() -> None:
    found = versions()
    assert {"curation", "python", "numpy", "onnxruntime", "dlib-bin", "scikit-learn"} <= set(found)
    assert "not installed" not in found.values()
