from __future__ import annotations

from pathlib import Path

import pytest

from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation


def test_missing_sets_are_unavailable(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, tmp_path, (), tmp_path)
    with pytest.raises(Unavailable, match="five_celebs"):
        evaluation.labels("five_celebs")
