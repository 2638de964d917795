"""The request for a choice of photos, and its result."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.choosing.coverage import PersonCoverage
from curation.domain.choosing.day import DayPart
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.labelling.labels import Category

__all__ = ["Choice", "ChoiceRequest", "ChosenPhoto", "PartInChoice", "PassedPhoto", "PersonInChoice"]


@dataclass(frozen=True, slots=True)
class ChoiceRequest:
    """The request for a choice.

    Attributes:
        count: Number of photos.
        main_at_least: Number of chosen photos that should show each main person well.
        important_at_least: Number of chosen photos that should show each important person well.
        one_per_burst: Take at most one photo of each burst.
        kept: Image paths of photos that are in as if they were picked.
        left_out: Image paths of photos that are not in, unless they were picked.
    """

    count: int
    main_at_least: int = 3
    important_at_least: int = 1
    one_per_burst: bool = True
    kept: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()

    def needed(self, category: Category) -> int:
        """How many photos of a person of a category are asked for."""
        return {Category.MAIN: self.main_at_least, Category.IMPORTANT: self.important_at_least}.get(category, 0)


@dataclass(frozen=True, slots=True)
class ChosenPhoto:
    """A photo that was chosen.

    Attributes:
        score: Score of the photo, with its rank.
        reasons: Why it was chosen, the strongest first; at least one.
        instead: Image paths of the best photos that could take its place: of the same moment first.
    """

    score: PhotoScore
    reasons: tuple[str, ...]
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassedPhoto:
    """A photo that the ranking alone would have chosen.

    Attributes:
        score: Score of the photo, with its rank.
        reason: Why it was not chosen.
    """

    score: PhotoScore
    reason: str


@dataclass(frozen=True, slots=True)
class PersonInChoice:
    """How a person is covered by a choice.

    Attributes:
        covered: The person's coverage in all photos.
        wanted: In how many chosen photos the person should be shown well.
        chosen: In how many chosen photos the person is shown well.
    """

    covered: PersonCoverage
    wanted: int
    chosen: int


@dataclass(frozen=True, slots=True)
class PartInChoice:
    """How a part of the day is covered by a choice.

    Attributes:
        part: The part.
        usable: How many of its photos could be chosen.
        chosen: Image paths of those that were, best first.
        others: Image paths of the best of its photos that were not chosen, one of each burst, also of those that no
            choice may take.
        is_blocked: Whether every photo that could be chosen is of a burst of which another photo is in.
    """

    part: DayPart
    usable: int
    chosen: tuple[str, ...]
    others: tuple[str, ...]
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The result of a choice.

    Attributes:
        photos: Best first.
        passed: Photos that would have been chosen by rank alone, best first.
        people: Main people first, then by name.
        unmet: What could not be met, in sentences; empty if everything was.
        proven: Whether the choice is proven to be the best, see `covering.Covering`.
        parts: The parts of the day by time; none if it need not be covered.
    """

    photos: tuple[ChosenPhoto, ...]
    passed: tuple[PassedPhoto, ...]
    people: tuple[PersonInChoice, ...]
    unmet: tuple[str, ...]
    proven: bool
    parts: tuple[PartInChoice, ...] = ()
