"""A film that was looked at, beside its truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.domain.film.people import TrailerResult
from ground_truth.films.scoring import FilmScore
from ground_truth.films.stills import Still
from ground_truth.films.truth import LabelledFilm

__all__ = ["MeasuredFilm"]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredFilm:
    """A film, what the program says of it, and how right that is.

    Attributes:
        film: With its people.
        result: Of the program.
        score: Of the result.
        reference: Scores of the usual design by threshold; empty if it did not run.
        held_out: Stills of its people that are not in it.
    """

    film: LabelledFilm
    result: TrailerResult
    score: FilmScore
    reference: Mapping[float, FilmScore]
    held_out: Mapping[str, Sequence[Still]]
