from __future__ import annotations

import numpy as np

from curation.domain.grouping.face_groups import group_faces
from curation.domain.grouping.grouping_rule import GroupingRule
from tests.unit.domain.grouping.face_vectors import unit


def test_what_faces_of_a_kind_share_does_not_count() -> None:
    kind = np.zeros(12)
    kind[0] = 1.0
    babies = unit(np.array([[1.0, *row] for row in 0.6 * np.eye(11)[:4]]))
    plain = GroupingRule(0.4, 0.4)
    assert set(group_faces(babies, np.arange(4), plain).tolist()) == {0}
    told = GroupingRule(0.4, 0.4, 0.0, tuple(kind.tolist()), 1.0)
    assert group_faces(told.compared(babies), np.arange(4), told).tolist() == [0, 1, 2, 3]
    x, c, p = babies.astype(np.float64), kind, 0.7
    y = GroupingRule(0.4, 0.4, 0.0, tuple(kind.tolist()), p).compared(babies).astype(np.float64)
    assert np.allclose(y @ y.T, x @ x.T - p * np.outer(x @ c, x @ c), atol=1e-6)
