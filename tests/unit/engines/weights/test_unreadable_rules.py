from __future__ import annotations

import numpy as np
import pytest

from curation.engines.weights.grouping_rules import MEASURED
from curation.engines.weights.unreadable_rules import MEASURED_UNREADABLE, unreadable_rule


@pytest.mark.parametrize("sha256", MEASURED)
def test_weights_whose_grouping_was_measured_have_a_rule_for_unreadable_faces(sha256: str) -> None:
    rule = unreadable_rule(sha256)
    assert rule is not None and len(rule.directions) >= 4
    common = np.array(MEASURED[sha256].rule.common)
    assert {len(direction) for direction in rule.directions} == {len(common)}
    assert np.linalg.norm(rule.directions, axis=1) == pytest.approx(1.0)
    assert 0 < rule.limit < 1
    # What small children have in common makes nobody unreadable.
    assert np.abs(np.array(rule.directions) @ common).max() < 0.02


def test_other_weights_have_none() -> None:
    assert unreadable_rule("0" * 64) is None
    assert set(MEASURED_UNREADABLE) == set(MEASURED)
