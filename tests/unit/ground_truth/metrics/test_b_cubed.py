from __future__ import annotations

import pytest

from ground_truth.metrics.b_cubed import adjusted_rand, b_cubed


def test_b_cubed_of_the_worked_example() -> None:
    # One cluster of a, a, b and one of b: precisions 2/3, 2/3, 1/3, 1; recalls 1, 1, 1/2, 1/2.
    found = b_cubed(["a", "a", "b", "b"], [0, 0, 0, 1])
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(3 / 4)
    assert found.f == pytest.approx(2 * (2 / 3) * (3 / 4) / (2 / 3 + 3 / 4))


def test_faces_without_a_cluster_are_clusters_of_their_own() -> None:
    found = b_cubed(["a", "a", "b"], [-1, -1, -1])
    assert found.precision == 1.0
    assert found.recall == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)


def test_the_adjusted_rand_index_is_one_for_the_same_groups_by_other_names() -> None:
    assert adjusted_rand([0, 0, 1, 2], ["x", "x", "y", "z"]) == 1.0
    assert adjusted_rand([0, 0, 1, 1], [0, 1, 0, 1]) < 0.0
    # As sklearn.metrics.adjusted_rand_score says.
    assert adjusted_rand([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]) == pytest.approx(0.2424, abs=1e-4)
