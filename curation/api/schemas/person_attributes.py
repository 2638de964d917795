"""What people look like, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out
from curation.domain.attributes.age_groups import AgeGroup, age_group
from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes

__all__ = ["PersonAgeOut", "PersonAttributesOut", "PersonClassOut"]

Share = Annotated[float, Field(ge=0, le=1, examples=[0.87])]
Years = Annotated[float, Field(ge=0, examples=[34.2])]


class PersonAgeOut(Out):
    """An apparent age."""

    years: Years | None
    """Null for "cannot tell"."""
    low: Years
    """The lower end of its range."""
    high: Years
    certainty: Share

    @classmethod
    def of(cls, age: AgeEstimate) -> PersonAgeOut:
        """Convert an age."""
        return cls(
            years=round(age.years, 1) if age.is_known else None,
            low=round(age.low, 1),
            high=round(age.high, 1),
            certainty=_share(age.certainty),
        )


class PersonClassOut(Out):
    """An apparent sex or ethnicity."""

    answer: Annotated[str | None, Field(examples=["female"])]
    """Null for "cannot tell"."""
    certainty: Share
    """The probability of the most likely class."""
    probabilities: Annotated[Mapping[str, float], Field(examples=[{"female": 0.87, "male": 0.13}])]

    @classmethod
    def of(cls, told: ClassEstimate) -> PersonClassOut:
        """Convert a class."""
        return cls(
            answer=told.answer,
            certainty=_share(told.certainty),
            probabilities={name: _share(share) for name, share in zip(told.classes, told.distribution, strict=True)},
        )


class PersonAttributesOut(Out):
    """What a person looks like, by all faces of the person, the good ones weighing more; null for what is not read."""

    age: PersonAgeOut | None
    age_group: AgeGroup | None
    """By the range of the age; null if ages are not read."""
    sex: PersonClassOut | None
    ethnicity: PersonClassOut | None

    @classmethod
    def of(cls, told: FaceAttributes | None) -> PersonAttributesOut | None:
        """Convert the attributes of a person; None if there are none."""
        if told is None or (told.age is None and told.sex is None and told.ethnicity is None):
            return None
        return cls(
            age=None if told.age is None else PersonAgeOut.of(told.age),
            age_group=None if told.age is None else age_group(told.age),
            sex=None if told.sex is None else PersonClassOut.of(told.sex),
            ethnicity=None if told.ethnicity is None else PersonClassOut.of(told.ethnicity),
        )


def _share(value: float) -> float:
    return min(1.0, max(0.0, round(value, 4)))
