"""How well a measure separates two classes, whatever its threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["auc", "best_accuracy"]


def auc(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float:
    """The area under the ROC curve: the probability that a positive ranks above a negative; ties count half."""
    below = np.sort(negative)
    ranks = np.searchsorted(below, positive, "left") + np.searchsorted(below, positive, "right")
    return float(ranks.mean() / 2 / len(below))


def best_accuracy(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """The best balanced accuracy that any threshold reaches: both classes have the same weight.

    Args:
        values: (N,) the measure; higher means more likely true.
        truth: (N,) the labels.
    """
    order = np.argsort(values)
    yes = np.cumsum(truth[order]) / max(1, truth.sum())
    no = np.cumsum(~truth[order]) / max(1, (~truth).sum())
    return float(np.max(np.concatenate([[0.5], (1 - yes + no) / 2])))
