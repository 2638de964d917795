"""What a section of the evaluation offers, and the tables that it yields.

A section is a module of this package that offers

    def tables(evaluation: Evaluation) -> Iterator[Table]

and is listed in `benchmarks.evaluation.__main__.SECTIONS`. It yields one table after the other (one per engine where
engines differ), measures at the default settings, names the data and their size in the caption or the rows, and
raises `Unavailable` with the reason if data or weights are missing: docs/accuracy.md then keeps its old tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ground_truth.evaluation import Evaluation

__all__ = ["Section", "Table"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures.

    Attributes:
        caption: What was measured, on which data, at which settings; one or two sentences.
        header: Names of the columns.
        rows: Cells as text.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The caption and the table."""
        lines = ["| " + " | ".join(self.header) + " |", "|" + "---|" * len(self.header)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return f"{self.caption}\n\n" + "\n".join(lines) + "\n"


class Section(Protocol):
    """The function that each section offers under the name `tables`."""

    def __call__(self, evaluation: Evaluation) -> Iterator[Table]:
        """Measure, and yield each table as soon as it is complete."""
