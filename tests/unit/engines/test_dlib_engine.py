from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.engines.base import EngineSpec, WeightsFile
from curation.engines.dlib_engine import DlibEngine, _same_face, confidence_of_score, score_of_confidence
from curation.errors import WeightsBrokenError, WeightsMissingError


def _spec(*paths: Path) -> EngineSpec:
    return EngineSpec(
        name="dlib",
        weights=tuple(WeightsFile(path.name, path, "") for path in paths),
        options=(("min_confidence", 0.5), ("working_size_px", 2000)),
        distance_threshold=0.07,
        threshold_source="",
        providers=(),
        reason="",
    )


def test_the_detectors_own_threshold_is_a_confidence_of_a_half() -> None:
    assert confidence_of_score(0) == 0.5
    scores = [-1e9, -2.0, -0.1, 0.1, 3.0, 40.0]
    confidences = [confidence_of_score(score) for score in scores]
    assert confidences == sorted(set(confidences))
    assert confidences[0] > 0 and confidences[-1] <= 1
    assert [score_of_confidence(confidence_of_score(score)) for score in (-2, 0, 3)] == pytest.approx([-2, 0, 3])


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ((0, 0, 100, 100), (0, 0, 100, 100), True),
        ((0, 0, 100, 100), (20, 20, 120, 120), True),
        ((0, 0, 100, 100), (30, 30, 70, 70), True),  # inside
        ((0, 0, 100, 100), (60, 0, 160, 100), False),
        ((0, 0, 100, 100), (200, 0, 300, 100), False),
    ],
)
def test_overlapping_boxes_are_one_face(first: tuple[int, ...], second: tuple[int, ...], same: bool) -> None:
    one, other = np.array(first, dtype=float), np.array(second, dtype=float)
    assert _same_face(one, other) is same
    assert _same_face(other, one) is same


def test_weights_that_are_gone_or_garbage_are_named(tmp_path: Path) -> None:
    path = tmp_path / "descriptor.dat"
    with pytest.raises(WeightsMissingError, match=r"descriptor\.dat"):
        DlibEngine(_spec(path, path))
    path.write_bytes(b"garbage")
    with pytest.raises(WeightsBrokenError, match=r"descriptor\.dat"):
        DlibEngine(_spec(path, path))


def test_a_spec_of_another_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="not a spec"):
        DlibEngine(EngineSpec("retinaface-arcface", (), (), 0.1, "", (), ""))
