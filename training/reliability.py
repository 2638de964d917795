"""A reliability plot: how often predictions with a given probability are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["expected_calibration_error", "reliability_svg"]

_BINS = 10
_SIDE, _LEFT, _TOP = 320, 56, 34


def _weights(truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights with which both classes have the same total weight."""
    return np.asarray(np.where(truth, 0.5 / max(1, truth.sum()), 0.5 / max(1, (~truth).sum())), dtype=np.float64)


def _points(probability: NDArray[np.float64], truth: NDArray[np.bool_]) -> list[tuple[float, float, float]]:
    """Mean probability, share of true samples, and weight of each bin."""
    weight = _weights(truth)
    bins = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    points = []
    for number in range(_BINS):
        here = bins == number
        total = float(weight[here].sum())
        if here.sum() >= 5:
            mean = float((weight[here] * probability[here]).sum() / total)
            points.append((mean, float((weight[here] * truth[here]).sum() / total), total))
    return points


def expected_calibration_error(probability: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Mean distance between predicted probability and share of true samples, over weighted bins (Naeini 2015)."""
    return sum(weight * abs(mean - share) for mean, share, weight in _points(probability, truth))


def reliability_svg(
    title: str,
    probability: NDArray[np.float64],
    truth: NDArray[np.bool_],
    *,
    uncalibrated: NDArray[np.float64],
) -> str:
    """The plot as an SVG document.

    Args:
        title: What is predicted.
        probability: (N,) in [0, 1].
        truth: (N,) the labels.
        uncalibrated: (N,) the probabilities before calibration.
    """

    def curve(points: list[tuple[float, float, float]], colour: str) -> str:
        places = [(_LEFT + x * _SIDE, _TOP + (1 - y) * _SIDE, 2 + 8 * weight**0.5) for x, y, weight in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{colour}"/>' for x, y, r in places)
        return f'<polyline points="{line}" fill="none" stroke="{colour}"/>{dots}'

    before, after = (expected_calibration_error(p, truth) for p in (uncalibrated, probability))
    ticks = "".join(
        f'<text x="{_LEFT + t * _SIDE:.0f}" y="{_TOP + _SIDE + 16}" text-anchor="middle">{t:.1f}</text>'
        f'<text x="{_LEFT - 8}" y="{_TOP + (1 - t) * _SIDE + 4:.0f}" text-anchor="end">{t:.1f}</text>'
        for t in (0.0, 0.5, 1.0)
    )
    width, height = _LEFT + _SIDE + 24, _TOP + _SIDE + 64
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="{_LEFT}" y="20" font-size="14">{title} ({len(truth)} samples, held out)</text>'
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#999"/>'
        f'<line x1="{_LEFT}" y1="{_TOP + _SIDE}" x2="{_LEFT + _SIDE}" y2="{_TOP}" stroke="#bbb" '
        f'stroke-dasharray="4"/>{ticks}'
        f"{curve(_points(uncalibrated, truth), '#bbbbbb')}{curve(_points(probability, truth), '#1f6fb4')}"
        f'<text x="{_LEFT}" y="{_TOP + _SIDE + 36}">predicted probability (x), share of true samples (y)</text>'
        f'<text x="{_LEFT}" y="{_TOP + _SIDE + 54}">expected calibration error {after:.3f} (grey, before: {before:.3f})'
        "</text></svg>\n"
    )
