from __future__ import annotations

import numpy as np
import pytest

from curation.domain.grouping.face_groups import group_faces
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.shared_photos import Strangers
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


class TestRulesOfAnEvent:
    measured = GroupingRule(0.6, 0.8, 0.2)

    def test_measured_limits_stay_where_strangers_are_far(self) -> None:
        assert self.measured.fitted(Strangers(0.97, 0.08, 100, 30)) == self.measured
        assert self.measured.fitted(None) == self.measured

    def test_the_limit_of_large_clusters_stays_below_the_strangers(self) -> None:
        fitted = self.measured.fitted(Strangers(0.75, 0.1, 100, 30))
        assert fitted.group_distance == pytest.approx(0.69)
        assert fitted.single_distance == 0.6
        nearest = self.measured.fitted(Strangers(0.2, 0.1, 100, 30))
        assert nearest.group_distance == nearest.single_distance == pytest.approx(0.48)

    def test_what_the_user_set_stays(self) -> None:
        own = GroupingRule(0.7, 0.7, 0.2)
        assert own.fitted(Strangers(0.3, 0.1, 100, 30)) == own

    def test_unknown_weights_follow_the_strangers_within_bounds(self) -> None:
        unknown = GroupingRule(0.68, 0.68, 0.2, follows_strangers=True)
        usual = unknown.fitted(Strangers(1.0, 0.08, 100, 30))
        assert usual.single_distance == pytest.approx(0.68)
        assert usual.group_distance == pytest.approx(0.84)
        wide = unknown.fitted(Strangers(0.13, 0.033, 100, 30))  # of weights whose strangers vary a lot
        assert wide.single_distance == pytest.approx(0.0689)
        assert wide.group_distance == pytest.approx(0.091)
        assert unknown.fitted(Strangers(1e-6, 0.0, 100, 30)).single_distance == pytest.approx(0.034)
        assert unknown.fitted(Strangers(2.0, 0.0, 100, 30)).single_distance == pytest.approx(0.884)
        # Fitting again starts from what was published.
        assert usual.fitted(Strangers(1.0, 0.08, 100, 30)) == usual
