"""Calibration: how a network's logits become probabilities; needs no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["fitted_scaling", "logistic"]


def logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -60, 60))))


def fitted_scaling(logits: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Platt scaling (Platt 1999): slope and offset after which the logistic of a logit is a probability.

    Both classes have the same total weight.
    """
    weight = np.where(truth, 0.5 / max(1, truth.sum()), 0.5 / max(1, (~truth).sum()))
    slope, offset = 1.0, 0.0
    for _ in range(50):  # Newton's method; the problem is convex
        p = logistic(slope * logits + offset)
        gradient = np.array([(weight * (p - truth) * logits).sum(), (weight * (p - truth)).sum()])
        curve = weight * p * (1 - p)
        hessian = np.array(
            [[(curve * logits**2).sum(), (curve * logits).sum()], [(curve * logits).sum(), curve.sum()]]
        ) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        slope, offset = slope - float(np.clip(step[0], -1, 1)), offset - float(np.clip(step[1], -1, 1))
    return slope, offset
