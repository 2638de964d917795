from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from curation.engines.base import WeightsFile
from curation.engines.weights.inventory import WeightsState, find_by_sha256, locate, status
from curation.engines.weights.registry import (
    ARCFACE_FILE,
    DLIB_DESCRIPTOR_FILE,
    DLIB_PREDICTOR_FILE,
    REGISTRY,
    RETINAFACE_FILE,
    known_weights,
)
from curation.errors import WeightsBrokenError, WeightsMissingError


def test_dlibs_files_come_with_their_package(tmp_path: Path) -> None:
    found = {each.known.name: each for each in status(tmp_path)}
    for name in (DLIB_DESCRIPTOR_FILE, DLIB_PREDICTOR_FILE):
        assert found[name].state is WeightsState.PRESENT
        assert found[name].size_bytes == REGISTRY[name].size_bytes
    assert found[RETINAFACE_FILE].state is WeightsState.MISSING
    assert "weights fetch" in found[RETINAFACE_FILE].remark


def test_a_hash_is_taken_once_for_an_unchanged_file(tmp_path: Path) -> None:
    path = tmp_path / ARCFACE_FILE
    path.write_bytes(b"one")
    stamp = path.stat().st_mtime_ns
    one = hashlib.sha256(b"one").hexdigest()
    assert locate(ARCFACE_FILE, tmp_path).sha256 == one
    path.write_bytes(b"two")
    os.utime(path, ns=(stamp, stamp))  # same size, same time: not read again
    assert locate(ARCFACE_FILE, tmp_path).sha256 == one
    os.utime(path, ns=(stamp, stamp + 1))
    assert locate(ARCFACE_FILE, tmp_path).sha256 == hashlib.sha256(b"two").hexdigest()


def test_a_content_is_loaded_once_to_check_it(tmp_path: Path) -> None:
    path = tmp_path / ARCFACE_FILE
    path.write_bytes(b"one")
    seen: list[WeightsFile] = []
    for _ in range(3):
        locate(ARCFACE_FILE, tmp_path, check=seen.append)
    assert len(seen) == 1
    path.write_bytes(b"another")
    locate(ARCFACE_FILE, tmp_path, check=seen.append)
    assert len(seen) == 2


def test_a_content_that_was_refused_is_checked_again(tmp_path: Path) -> None:
    (tmp_path / ARCFACE_FILE).write_bytes(b"garbage")

    def refuse(_: WeightsFile) -> None:
        raise WeightsBrokenError("no network")

    for _ in range(2):
        with pytest.raises(WeightsBrokenError):
            locate(ARCFACE_FILE, tmp_path, check=refuse)


def test_a_users_own_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"mine")
    assert locate("mine.onnx", tmp_path).path == tmp_path / "mine.onnx"
    with pytest.raises(WeightsMissingError, match=r"known: retinaface\.onnx"):
        locate("absent.onnx", tmp_path)


class TestFindBySha256:
    def test_known_and_other_model_files(self, tmp_path: Path) -> None:
        (tmp_path / "converted").mkdir()
        for name in ("own.onnx", "converted/made.onnx", "notes.txt", ".hidden.onnx"):
            (tmp_path / name).write_bytes(name.encode())
        found = find_by_sha256(hashlib.sha256(b"own.onnx").hexdigest(), tmp_path)
        assert found is not None
        assert (found.name, found.path) == ("own.onnx", tmp_path / "own.onnx")
        made = find_by_sha256(hashlib.sha256(b"converted/made.onnx").hexdigest(), tmp_path)
        assert made is not None
        assert made.path == tmp_path / "converted" / "made.onnx"
        for content in (b"notes.txt", b".hidden.onnx"):
            assert find_by_sha256(hashlib.sha256(content).hexdigest(), tmp_path) is None

    def test_files_of_packages(self, tmp_path: Path) -> None:
        known = known_weights(DLIB_PREDICTOR_FILE)
        assert known is not None
        assert known.sha256 is not None
        found = find_by_sha256(known.sha256, tmp_path / "no such folder")
        assert found is not None
        assert found.name == DLIB_PREDICTOR_FILE

    def test_a_file_that_changed_is_read_again(self, tmp_path: Path) -> None:
        path = tmp_path / "own.onnx"
        path.write_bytes(b"old")
        old, new = (hashlib.sha256(content).hexdigest() for content in (b"old", b"newer"))
        assert find_by_sha256(old, tmp_path) is not None
        path.write_bytes(b"newer")
        assert find_by_sha256(old, tmp_path) is None
        assert find_by_sha256(new, tmp_path) is not None
