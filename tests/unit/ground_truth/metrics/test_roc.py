from __future__ import annotations

import numpy as np
import pytest

from ground_truth.metrics.roc import auc, best_accuracy


def test_auc_counts_pairs_in_the_right_order_and_half_of_the_ties() -> None:
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0
    assert auc(np.array([0.0, 3.0]), np.array([1.0, 1.0])) == 0.5
    assert auc(np.array([1.0]), np.array([1.0])) == 0.5


def test_the_best_accuracy_weighs_both_classes_equally() -> None:
    values = np.array([0.1, 0.2, 0.3, 0.4, 0.9])
    assert best_accuracy(values, np.array([False, False, False, False, True])) == 1.0
    # From 0.3 on: both true values, and two of the three false ones are below.
    assert best_accuracy(values, np.array([False, False, True, False, True])) == pytest.approx((1 + 2 / 3) / 2)
    assert best_accuracy(values, np.array([True, False, False, False, False])) == 0.5
