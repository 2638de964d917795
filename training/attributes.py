"""Measure what the answers of attribute readers are worth; prints the constants of engines/attributes/measured.py.

    PYTHONPATH=. python -m training.attributes ../shared [--readers NAME ...]

All constants are chosen on the half of UTKFace that `ground_truth.splits.in_test_half` leaves for it;
docs/accuracy.md reports the other half.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import AgeEstimate, Attribute, FaceAttributes
from curation.engines.attributes.catalogue import weights_of
from curation.engines.attributes.estimates import STRETCHED_FROM, softened
from curation.engines.attributes.reader import AttributeReader
from ground_truth.attribute_faces import ADULT_YEARS, READERS, LabelledFace, labelled_faces, measured_reader
from ground_truth.engines import small_engine

__all__ = ["age_table", "best_stretch", "best_temperature", "least_certainty", "main"]

Floats = NDArray[np.float64]

_BANDS = (0, 13, 20, 40, 60, 200)
_STRETCHES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
_HELD = 0.8  # share of the true ages that a range holds
# Faces of about the same expectation are weighed by a normal curve of this width, which grows with the age.
_WIDTH_YEARS, _WIDTH_GROWTH = 3.0, 0.06
_WIDE_FROM_YEARS = 6.0  # standard deviation of a face's own probabilities
_MIN_FACES = 8.0  # a line of the table rests on the weight of so many faces
_CERTAINTIES = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99)
_TEMPERATURES = tuple(round(0.5 + 0.05 * step, 2) for step in range(91))
_WANTED_RIGHT = 0.975  # a little more than the goal of 0.97, since the other half turns out a little worse


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the constants; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    parser.add_argument("--readers", nargs="+", default=list(READERS), choices=list(READERS))
    options = parser.parse_args(arguments)
    faces = list(labelled_faces(options.data, small_engine(options.data), test_half=False))
    print(f"{len(faces)} faces")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.readers:
            _print_constants(measured_reader(options.data, name, Path(folder)), faces)
    return 0


def best_stretch(expected: Floats, truth: Floats) -> float:
    """The stretch with the least mean error, where the bands of age (children, teenagers, and so on) count the same.

    Args:
        expected: (N,) expectations in years.
        truth: (N,) true ages.
    """
    return min(_STRETCHES, key=lambda each: _band_error(_told(expected, each), truth))


def age_table(expected: Floats, truth: Floats, stretch: float) -> list[tuple[float, float, float, float]]:
    """The lines of an `AgeTable`: expectation, low, high, share within ten years.

    Args:
        expected: (N,) expectations in years.
        truth: (N,) true ages.
        stretch: See `MeasuredAges`.
    """
    told = _told(expected, stretch)
    lines = []
    for years in (1, 4, 8, 12, 16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75):
        weight = np.exp(-0.5 * ((expected - years) / (_WIDTH_YEARS + _WIDTH_GROWTH * years)) ** 2)
        if weight.sum() < _MIN_FACES:
            continue
        low, high = _middle_range(truth, weight)
        within = float(weight[np.abs(truth - told) <= 10].sum() / weight.sum())
        lines.append((float(years), low, high, within))
    return lines


def least_certainty(certainty: Floats, right: NDArray[np.bool_]) -> float | None:
    """The lowest certainty from which on enough answers are right; None if there is none."""
    for least in _CERTAINTIES:
        sure = certainty >= least
        if sure.sum() >= _MIN_FACES and right[sure].mean() >= _WANTED_RIGHT:
            return least
    return None


def best_temperature(shares: Floats, truth: NDArray[np.int64]) -> float:
    """The temperature with which the probabilities are least surprised by the truth (least log loss).

    Args:
        shares: (N, C) probabilities of each class.
        truth: (N,) the right class of each.
    """
    kept = np.clip(shares, 1e-7, 1.0)
    losses = [
        -np.log(softened(kept / kept.sum(axis=1, keepdims=True), each)[np.arange(len(truth)), truth]).mean()
        for each in _TEMPERATURES
    ]
    return _TEMPERATURES[int(np.argmin(losses))]


def _print_constants(reader: AttributeReader, faces: Sequence[LabelledFace]) -> None:
    read = [reader.read(face.photo, [face.face])[0] for face in faces]
    for attribute in reader.spec.attributes:
        weights = weights_of(reader.spec.name, attribute, reader.spec.weights)
        print(f"\n{reader.spec.name} {attribute}: {weights.name} {weights.sha256}")
        if attribute is Attribute.AGE:
            _print_ages(read, faces)
        else:
            _print_classes(attribute, read, faces)


def _print_ages(read: Sequence[FaceAttributes], faces: Sequence[LabelledFace]) -> None:
    ages = [attributes.age for attributes in read]
    expected = np.array([0.0 if age is None else float(np.dot(age.ages, age.distribution)) for age in ages])
    spread = np.array([0.0 if age is None else _spread(age) for age in ages])
    truth = np.array([face.age for face in faces], dtype=np.float64)
    stretch = best_stretch(expected, truth)
    print(f"    stretch={stretch}, wide_from={_WIDE_FROM_YEARS}")
    wide = spread >= _WIDE_FROM_YEARS
    for label, chosen in (("table", ~wide), ("wide_table", wide)):
        lines = age_table(expected[chosen], truth[chosen], stretch)
        print(f"    {label} ({chosen.sum()} faces)")
        for name, column in zip(("years", "low", "high", "within_ten"), zip(*lines, strict=True), strict=False):
            digits = 2 if name == "within_ten" else 0
            print(f"        {name}=({', '.join(f'{value:.{digits}f}' for value in column)}),")


def _spread(age: AgeEstimate) -> float:
    ages, shares = np.array(age.ages), np.array(age.distribution)
    return float(np.sqrt(shares @ (ages - shares @ ages) ** 2))


def _print_classes(attribute: Attribute, read: Sequence[FaceAttributes], faces: Sequence[LabelledFace]) -> None:
    certainty, right, shares, truth = [], [], [], []
    for attributes, face in zip(read, faces, strict=True):
        estimate = attributes.sex if attribute is Attribute.SEX else attributes.ethnicity
        label = face.sex if attribute is Attribute.SEX else face.ethnicity
        if estimate is None:
            continue
        shares.append(estimate.distribution)
        truth.append(estimate.classes.index(label))
        if face.age >= ADULT_YEARS or attribute is not Attribute.SEX:
            certainty.append(max(estimate.distribution))
            right.append(estimate.most_likely == label)
    least = least_certainty(np.array(certainty), np.array(right, dtype=np.bool_))
    print(f"    min_certainty={{Attribute.{attribute.name}: {least}}}")
    temperature = best_temperature(np.array(shares), np.array(truth, dtype=np.int64))
    print(f"    temperature={{Attribute.{attribute.name}: {temperature}}}")


def _told(expected: Floats, stretch: float) -> Floats:
    return np.asarray(expected + stretch * np.maximum(0, expected - STRETCHED_FROM), dtype=np.float64)


def _band_error(told: Floats, truth: Floats) -> float:
    bands = np.digitize(truth, _BANDS)
    return float(np.mean([np.abs(told - truth)[bands == band].mean() for band in np.unique(bands)]))


def _middle_range(truth: Floats, weight: Floats) -> tuple[float, float]:
    """The middle range of whole years that holds `_HELD` of the weight: as much is left out below as above."""
    order = np.argsort(truth)
    ages, share = truth[order], np.cumsum(weight[order]) / weight.sum()
    out = (1 - _HELD) / 2
    return float(ages[np.searchsorted(share, out)]), float(ages[np.searchsorted(share, 1 - out)])


if __name__ == "__main__":
    sys.exit(main())
