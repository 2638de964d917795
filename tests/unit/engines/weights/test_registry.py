from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
from pathlib import Path

import pytest

from curation.engines.base import WeightsFile
from curation.engines.weights.registry import (
    ARCFACE_FILE,
    DLIB_DESCRIPTOR_FILE,
    DLIB_PREDICTOR_FILE,
    RECORD_FILE,
    REGISTRY,
    RETINAFACE_FILE,
    State,
    grouping_rule,
    locate,
    status,
)
from curation.errors import WeightsBrokenError, WeightsMissingError


def _addresses_in(package: str, module: str, constant: str) -> tuple[str, ...]:
    """A list of strings in a module's source, which is not imported."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    tree = ast.parse((Path(spec.submodule_search_locations[0]) / module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == constant:
            return tuple(ast.literal_eval(node.value))
    raise AssertionError(f"{package} has no {constant}")


def test_the_addresses_are_those_of_the_packages() -> None:
    detector = _addresses_in("retinaface", "model/retinaface_onnx_model.py", "WEIGHTS_URLS")
    embedder = _addresses_in("deepface", "models/facial_recognition/onnx/ArcFace.py", "WEIGHTS_URL")
    assert REGISTRY[RETINAFACE_FILE].addresses == detector and len(detector) == 2
    assert REGISTRY[ARCFACE_FILE].addresses == embedder and len(embedder) == 2


def test_every_known_file_has_a_source_and_a_licence() -> None:
    for name, known in REGISTRY.items():
        assert known.name == name and known.purpose and known.licence
        assert bool(known.addresses) != bool(known.package)
        assert known.sha256 is None or len(known.sha256) == 64
    assert "research" in REGISTRY[DLIB_PREDICTOR_FILE].licence


def test_dlibs_files_come_with_their_package(tmp_path: Path) -> None:
    found = {each.known.name: each for each in status(tmp_path)}
    for name in (DLIB_DESCRIPTOR_FILE, DLIB_PREDICTOR_FILE):
        assert found[name].state is State.PRESENT
        assert found[name].size_bytes == REGISTRY[name].size_bytes
    assert found[RETINAFACE_FILE].state is State.MISSING
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


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"downloads": 1, "hashes": 2}', '{"downloads": {}, "hashes": {"x": 1}}']
)
def test_a_damaged_record_only_costs_reading_again(tmp_path: Path, content: str) -> None:
    (tmp_path / ARCFACE_FILE).write_bytes(b"one")
    (tmp_path / RECORD_FILE).write_text(content)
    assert locate(ARCFACE_FILE, tmp_path).sha256 == hashlib.sha256(b"one").hexdigest()


def test_a_file_of_the_users_own_is_welcome(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"mine")
    assert locate("mine.onnx", tmp_path).path == tmp_path / "mine.onnx"
    with pytest.raises(WeightsMissingError, match=r"known: retinaface\.onnx"):
        locate("absent.onnx", tmp_path)


def test_known_weights_have_measured_rules_and_others_the_published_threshold() -> None:
    descriptor = REGISTRY[DLIB_DESCRIPTOR_FILE].sha256
    assert descriptor is not None
    threshold, rule, source = grouping_rule(descriptor)
    assert 0 < threshold < 0.2 and "measured" in source
    assert rule is not None and rule.single_distance == threshold < rule.group_distance
    threshold, rule, source = grouping_rule("0" * 64)
    assert threshold == 0.68 and rule is None and "published" in source
