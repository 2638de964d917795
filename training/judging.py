"""How answers are judged, and how they become probabilities; needs no torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["auc", "fitted_scaling", "is_reserved", "logistic", "person_of"]

_RESERVED_SHARE = 0.2


def is_reserved(person: str, *, share: float = _RESERVED_SHARE) -> bool:
    """Whether a person belongs to the share (a fifth) that no network learns from."""
    digest = hashlib.sha256(person.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def person_of(face: str) -> str:
    """The person of a face ("set/path"), as far as its path tells; else the photo."""
    source, path = face.split("/", 1)
    if source in ("lfw", "lfw_smile"):
        return Path(path).stem.rsplit("_", 1)[0]
    if source in ("codebasics_sports", "five_celebs"):
        return Path(path).parent.name
    if source == "videos":
        return face.rpartition(":")[0]
    return face.partition("@")[0]


def logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -60, 60))))


def auc(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float:
    """The area under the ROC curve: how often a positive is above a negative."""
    below = np.sort(negative)
    ranks = np.searchsorted(below, positive, "left") + np.searchsorted(below, positive, "right")
    return float(ranks.mean() / 2 / len(below))


def fitted_scaling(logits: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Platt's scaling (Platt 1999): slope and offset that make a logit's logistic a probability.

    Both classes count as much, whatever their numbers.
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
