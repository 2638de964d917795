"""Attributes of a face as a row of face_data.csv has them: what was told and its doubt, without long distributions."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RowAge", "RowAttributes", "RowClass"]


@dataclass(frozen=True, slots=True)
class RowAge:
    """An apparent age.

    Attributes:
        years: The best single number, also where it is too uncertain to be told.
        low: Lower end of its range, in years.
        high: Its upper end.
        certainty: In [0, 1].
        is_known: Whether it may be used; otherwise "cannot tell".
    """

    years: float
    low: float
    high: float
    certainty: float
    is_known: bool


@dataclass(frozen=True, slots=True)
class RowClass:
    """A sex, an ethnicity or an emotion.

    Attributes:
        answer: The class; None for "cannot tell".
        certainty: Of the most likely class, in [0, 1].
        probabilities: Classes with their probabilities, in the reader's order.
    """

    answer: str | None
    certainty: float
    probabilities: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class RowAttributes:
    """What was read of a face; None for what was not asked, or could not be read at all."""

    age: RowAge | None = None
    sex: RowClass | None = None
    ethnicity: RowClass | None = None
    emotion: RowClass | None = None
