from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from curation.engines.base import WeightsFile
from curation.engines.weights.inventory import WeightsState, locate, status
from curation.engines.weights.registry import (
    ARCFACE_FILE,
    DLIB_DESCRIPTOR_FILE,
    DLIB_PREDICTOR_FILE,
    REGISTRY,
    RETINAFACE_FILE,
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
