from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

from curation.engines.weights.registry import (
    ARCFACE_FILE,
    DLIB_PREDICTOR_FILE,
    REGISTRY,
    RETINAFACE_FILE,
)


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


def test_the_addresses_of_attributes_are_those_of_deepface() -> None:
    for module, file in (
        ("Age", "age_model_weights.onnx"),
        ("Gender", "gender_model_weights.onnx"),
        ("Race", "race_model_single_batch.onnx"),
        ("Emotion", "facial_expression_model_weights.onnx"),
    ):
        addresses = _addresses_in("deepface", f"models/demography/onnx/{module}.py", "WEIGHTS_URL")
        assert REGISTRY[file].addresses == addresses and len(addresses) == 2


def test_every_known_file_has_a_source_and_a_licence() -> None:
    for name, known in REGISTRY.items():
        assert known.name == name and known.purpose and known.licence
        assert [bool(known.addresses), bool(known.package), bool(known.advice)].count(True) == 1
        assert known.reader is None or known.contract
        assert known.sha256 is None or len(known.sha256) == 64
    assert "research" in REGISTRY[DLIB_PREDICTOR_FILE].licence
