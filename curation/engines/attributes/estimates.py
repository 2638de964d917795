"""From a network's numbers to estimates that say what is not known."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import AgeEstimate, ClassEstimate

__all__ = [
    "STRETCHED_FROM",
    "AgeTable",
    "MeasuredAges",
    "age_estimate",
    "as_distribution",
    "class_estimate",
    "softened",
    "softmax",
]

_MIN_AGE_CERTAINTY = 0.53
"""Below this an age cannot be told.

A little more than one half: at one half, OpenVINO's ages of children, 18 years too high, would count as known.
"""

STRETCHED_FROM = 40.0
"""In years, see `MeasuredAges.stretch`."""


@dataclass(frozen=True, slots=True)
class AgeTable:
    """How far a network's ages are from the true ones, measured on labelled faces.

    Between the lines of the table values are interpolated; beyond its ends they are those of the end.

    Attributes:
        years: The expectation of the network's probabilities, ascending, in years.
        low: Lower end of the range that holds four of five true ages of faces of which it says so, in years.
        high: Its upper end.
        within_ten: Share of these faces whose true age is at most ten years from what is told, in [0, 1].
    """

    years: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    within_ten: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MeasuredAges:
    """What is known of a network's ages.

    Attributes:
        table: Of faces whose probabilities lie close together.
        wide_table: Of the others, which are wrong more often; None if the network has no such faces.
        wide_from: From this standard deviation of the probabilities on, in years, they are the others.
        stretch: What is told grows by so much faster than the expectation, from `STRETCHED_FROM` on: the expectation
            of classes that end at some age is too low for old people.
    """

    table: AgeTable
    wide_table: AgeTable | None = None
    wide_from: float = 0.0
    stretch: float = 0.0

    def told(self, expected: float) -> float:
        """The age that is told for an expectation, in years."""
        return expected + self.stretch * max(0.0, expected - STRETCHED_FROM)

    def table_for(self, spread: float) -> AgeTable:
        """The table for a standard deviation in years."""
        return self.table if self.wide_table is None or spread < self.wide_from else self.wide_table


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


def softened(distribution: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities as often right as they say, of a network that is too sure of itself.

    Temperature scaling (Guo et al., "On calibration of modern neural networks", ICML 2017): the logits are divided by a
    number that was fitted to labelled faces; 1 changes nothing.

    Args:
        distribution: (..., N) probabilities of sum 1.
        temperature: Above 1 for a network that is too sure.
    """
    if temperature == 1.0:
        return distribution
    with np.errstate(divide="ignore"):
        return softmax(np.log(distribution) / temperature)


def age_estimate(
    distribution: NDArray[np.float64] | None, ages: Sequence[float], known: MeasuredAges | None, reader: str
) -> AgeEstimate:
    """The estimate of an age.

    Args:
        distribution: (N,) probabilities of sum 1; None if the network could not tell anything.
        ages: N ages in years, ascending.
        known: Measured for these weights; None if nothing was, then the age is not known.
        reader: Name of the reader.
    """
    if distribution is None:
        distribution, known = np.full(len(ages), 1 / len(ages)), None
    values = np.asarray(ages, dtype=np.float64)
    expected = float(distribution @ values)
    if known is None:
        years, low, high, certainty = expected, float(ages[0]), float(ages[-1]), 0.0
    else:
        table = known.table_for(math.sqrt(float(distribution @ (values - expected) ** 2)))
        years = known.told(expected)
        # The range holds the estimate itself also where the network is wrong in one direction only.
        low = min(years, _interpolated(expected, table.years, table.low))
        high = max(years, _interpolated(expected, table.years, table.high))
        certainty = _interpolated(expected, table.years, table.within_ten)
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
    distribution: NDArray[np.float64] | None,
    classes: Sequence[str],
    min_certainty: float | None,
    reader: str,
    *,
    temperature: float = 1.0,
) -> ClassEstimate:
    """The estimate of a class.

    Args:
        distribution: (N,) probabilities of sum 1; None if the network could not tell anything.
        classes: N names.
        min_certainty: The least probability of an answer, measured for these weights; None if nothing was, then there
            is no answer.
        reader: Name of the reader.
        temperature: Measured for these weights, see `softened`; the certainty is the softened probability.
    """
    told = distribution is not None and min_certainty is not None
    if distribution is None:
        distribution = np.full(len(classes), 1 / len(classes))
    best = int(np.argmax(distribution))
    is_sure = told and min_certainty is not None and float(distribution[best]) >= min_certainty
    return ClassEstimate(
        answer=classes[best] if is_sure else None,
        certainty=float(softened(distribution, temperature)[best]),
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
