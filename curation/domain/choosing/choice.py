"""What is asked of a choice of photos, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.choosing.coverage import PersonCoverage
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.labelling.labels import Category

__all__ = ["Choice", "ChoiceRequest", "ChosenPhoto", "PassedPhoto", "PersonInChoice"]


@dataclass(frozen=True, slots=True)
class ChoiceRequest:
    """What is asked for.

    Attributes:
        count: Number of photos.
        main_at_least: So many of them show each main person well.
        important_at_least: So many of them show each important person well.
        one_per_burst: Take at most one photo of each burst.
    """

    count: int
    main_at_least: int = 3
    important_at_least: int = 1
    one_per_burst: bool = True

    def needed(self, category: Category) -> int:
        """How many photos of a person are asked for."""
        return {Category.MAIN: self.main_at_least, Category.IMPORTANT: self.important_at_least}.get(category, 0)


@dataclass(frozen=True, slots=True)
class ChosenPhoto:
    """A photo that was chosen.

    Attributes:
        score: Of the photo, with its rank.
        reasons: Why it is in, the strongest first; at least one.
    """

    score: PhotoScore
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassedPhoto:
    """A photo that the ranking alone would have chosen.

    Attributes:
        score: Of the photo, with its rank.
        reason: Why it is not in.
    """

    score: PhotoScore
    reason: str


@dataclass(frozen=True, slots=True)
class PersonInChoice:
    """How a person comes off.

    Attributes:
        covered: In all photos.
        wanted: In how many chosen photos the person should be seen well.
        chosen: In how many the person is.
    """

    covered: PersonCoverage
    wanted: int
    chosen: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        photos: Best first.
        passed: Photos that would be in by their rank alone, best first.
        people: Main people first, then by name.
        unmet: What could not be met, in sentences; empty if all was.
        proven: Whether there is no better choice; False if the time was up before that was known.
    """

    photos: tuple[ChosenPhoto, ...]
    passed: tuple[PassedPhoto, ...]
    people: tuple[PersonInChoice, ...]
    unmet: tuple[str, ...]
    proven: bool
