from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from curation.engines.bodies.clothes.evidence import FEATURES
from curation.engines.bodies.clothes.join import JOIN_FILE, ClothesJoin, packaged_join
from curation.errors import WeightsBrokenError, WeightsMissingError


def _write(path: Path, numbers: int) -> Path:
    graph = helper.make_graph(
        [helper.make_node("ReduceMax", ["evidence"], ["probability"], axes=[1], keepdims=1)],
        "stand-in",
        [helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["n", numbers])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", 1])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_the_packaged_trees_answer_with_probabilities() -> None:
    join = ClothesJoin()
    random = np.random.default_rng(0)
    answers = join.clothes(random.random((50, len(FEATURES))).astype(np.float32))
    assert answers.shape == (50,)
    assert answers.dtype == np.float32
    assert 0 <= answers.min() <= answers.max() <= 1


def test_missing_numbers_are_allowed() -> None:
    assert np.isfinite(ClothesJoin().clothes(np.full((3, len(FEATURES)), np.nan, dtype=np.float32))).all()


def test_no_cells() -> None:
    assert ClothesJoin().clothes(np.zeros((0, len(FEATURES)), dtype=np.float32)).shape == (0,)


def test_the_packaged_file_is_small_and_known_by_its_digest() -> None:
    assert JOIN_FILE.stat().st_size < 400_000
    assert len(packaged_join().sha256) == 64


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="install the program again"):
        ClothesJoin(tmp_path / "none.onnx")
    with pytest.raises(WeightsBrokenError, match="not made for"):
        ClothesJoin(_write(tmp_path / "other.onnx", 3))
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(WeightsBrokenError, match="install the program again"):
        ClothesJoin(tmp_path / "broken.onnx")
