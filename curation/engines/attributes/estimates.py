"""From a network's numbers to estimates that say what is not known."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import AgeEstimate, ClassEstimate

__all__ = ["AgeTable", "age_estimate", "as_distribution", "class_estimate", "softmax"]

_MIN_AGE_CERTAINTY = 0.5
"""Below this the true age is more likely outside of ten years than within: cannot tell."""


@dataclass(frozen=True, slots=True)
class AgeTable:
    """How far a network's ages are from the true ones, measured on labelled faces.

    Between the lines of the table values are interpolated; beyond its ends they are those of the end.

    Attributes:
        years: What the network says, ascending.
        low: The tenth percentile of the true ages of faces of which it says so, in years.
        high: The ninetieth.
        within_ten: Share of these faces whose true age is at most ten years away, in [0, 1].
    """

    years: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    within_ten: tuple[float, ...]


def as_distribution(values: NDArray[np.floating]) -> NDArray[np.float64] | None:
    """Numbers of a network as probabilities of sum 1; None if they are none: not finite, negative or all 0."""
    numbers = np.asarray(values, dtype=np.float64)
    total = float(numbers.sum())
    if not np.isfinite(numbers).all() or (numbers < 0).any() or total <= 0:
        return None
    return numbers / total


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probabilities of logits, along the last axis; not finite if the logits are not."""
    numbers = np.asarray(logits, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        powers = np.exp(numbers - numbers.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float64)


def age_estimate(
    distribution: NDArray[np.float64] | None, ages: Sequence[float], table: AgeTable | None, reader: str
) -> AgeEstimate:
    """The estimate of an age.

    Args:
        distribution: (N,) probabilities of sum 1; None if the network could not tell anything.
        ages: N ages in years, ascending.
        table: Measured for these weights; None if nothing was, then the age is not known.
        reader: Name of the reader.
    """
    if distribution is None:
        distribution, table = np.full(len(ages), 1 / len(ages)), None
    years = float(distribution @ np.asarray(ages, dtype=np.float64))
    if table is None:
        low, high, certainty = float(ages[0]), float(ages[-1]), 0.0
    else:
        # The range holds the estimate itself also where the network is wrong in one direction only.
        low = min(years, _interpolated(years, table.years, table.low))
        high = max(years, _interpolated(years, table.years, table.high))
        certainty = _interpolated(years, table.years, table.within_ten)
    return AgeEstimate(
        years=years,
        low=low,
        high=high,
        certainty=certainty,
        is_known=certainty >= _MIN_AGE_CERTAINTY,
        ages=tuple(float(age) for age in ages),
        distribution=tuple(distribution.tolist()),
        reader=reader,
    )


def class_estimate(
    distribution: NDArray[np.float64] | None, classes: Sequence[str], min_certainty: float | None, reader: str
) -> ClassEstimate:
    """The estimate of a class.

    Args:
        distribution: (N,) probabilities of sum 1; None if the network could not tell anything.
        classes: N names.
        min_certainty: The least probability of an answer, measured for these weights; None if nothing was, then there
            is no answer.
        reader: Name of the reader.
    """
    told = distribution is not None and min_certainty is not None
    if distribution is None:
        distribution = np.full(len(classes), 1 / len(classes))
    best = int(np.argmax(distribution))
    certainty = float(distribution[best])
    return ClassEstimate(
        answer=classes[best] if told and min_certainty is not None and certainty >= min_certainty else None,
        certainty=certainty,
        classes=tuple(classes),
        distribution=tuple(distribution.tolist()),
        reader=reader,
    )


def _interpolated(at: float, places: Sequence[float], values: Sequence[float]) -> float:
    after = bisect.bisect_left(places, at)
    if after == 0:
        return values[0]
    if after == len(places):
        return values[-1]
    share = (at - places[after - 1]) / (places[after] - places[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])
