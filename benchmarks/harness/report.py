"""What every benchmark reports, so that `python -m benchmarks` (`make bench`) can print one table.

A benchmark is a module of `benchmarks` that offers

    def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]

and is listed in `benchmarks.__main__.BENCHMARKS`. `data` is the folder of CURATION_TEST_DATA (it has photos/ and
weights/), `models` holds retinaface.onnx and arcface_weights.onnx. With `quick` a benchmark takes about two minutes
on two cores, else as long as it needs. It yields each row as soon as it is measured, compares within one run (the
alternatives take turns, `median_seconds` helps), and asserts nothing. If something cannot be measured on this machine,
it raises `Unavailable` with the reason. For `python -m benchmarks.NAME` the module ends in `main(__doc__, rows)`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ground_truth.data_folder import SMALL_WEIGHTS
from ground_truth.errors import Unavailable

__all__ = [
    "BenchmarkRows",
    "Row",
    "add_folders",
    "main",
    "median_seconds",
    "models_folder",
    "print_rows",
]

_HEADER = ("benchmark", "figure", "value", "unit", "against", "ratio")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        benchmark: Name of the module.
        figure: What was measured, with the data and their size.
        value: The figure, a median of rounds where it is a time.
        unit: Of `value`, such as `s`, `ms/face`, `photos/s`, `MB`.
        against: Name and figure of the alternative, from the same run; empty if there is none.
        ratio: How many times better than the alternative (above 1 is better); None without an alternative.
    """

    benchmark: str
    figure: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None


class BenchmarkRows(Protocol):
    """The function that each benchmark offers under the name `rows`."""

    def __call__(self, data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
        """Measure, and yield each row as soon as it is measured."""


def median_seconds(alternatives: Sequence[Callable[[], object]], *, rounds: int) -> list[float]:
    """Median wall time of each alternative; they take turns, so that a busy machine slows all of them alike.

    Args:
        alternatives: Called without arguments.
        rounds: Number of calls of each, at least 1.

    Returns:
        Seconds, in the order of `alternatives`.
    """
    seconds: list[list[float]] = [[] for _ in alternatives]
    for _ in range(rounds):
        for place, alternative in enumerate(alternatives):
            began = time.perf_counter()
            alternative()
            seconds[place].append(time.perf_counter() - began)
    return [statistics.median(of_one) for of_one in seconds]


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}" if row.ratio < 10 else f"{row.ratio:.0f}"
    return row.benchmark, row.figure, f"{row.value:.4g}", row.unit, row.against, ratio


def print_rows(rows: Iterable[Row], *, header: bool = True) -> None:
    """Print a Markdown table, each line as soon as it is measured."""
    if header:
        print("| " + " | ".join(_HEADER) + " |")
        print("|" + "---|" * len(_HEADER), flush=True)
    for row in rows:
        print("| " + " | ".join(_cells(row)) + " |", flush=True)


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of all benchmarks: the data, the models, and whether to run in full."""
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/ (CURATION_TEST_DATA)")
    parser.add_argument(
        "--models",
        type=Path,
        help="folder with retinaface.onnx and arcface_weights.onnx (default: those of DATA/weights/deepface_home)",
    )
    parser.add_argument("--full", action="store_true", help="use larger data and more rounds, which takes longer")


def models_folder(options: argparse.Namespace) -> Path:
    """The folder of the models, from the options that `add_folders` added."""
    folder: Path | None = options.models
    data: Path = options.data
    return folder or data / SMALL_WEIGHTS


def main(description: str | None, rows: BenchmarkRows) -> None:
    """The command line of a single benchmark: print its table, or the reason why it cannot run.

    Args:
        description: The module's docstring.
        rows: The module's function.

    Raises:
        SystemExit: If the benchmark cannot run on this machine.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser)
    options = parser.parse_args()
    try:
        print_rows(rows(options.data, models_folder(options), quick=not options.full))
    except Unavailable as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from reason
