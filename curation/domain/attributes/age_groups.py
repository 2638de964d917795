"""Children and adults, by the range of an apparent age: whoever may be both is neither."""

from __future__ import annotations

from enum import StrEnum

from curation.domain.attributes.values import AgeEstimate

__all__ = ["ADULT_FROM_YEARS", "AgeGroup", "age_group"]

ADULT_FROM_YEARS = 18.0


class AgeGroup(StrEnum):
    """Whether a person looks like a child or an adult."""

    CHILD = "child"
    ADULT = "adult"
    CANNOT_TELL = "cannot_tell"


def age_group(age: AgeEstimate | None) -> AgeGroup:
    """The group of a person; "cannot tell" without an age, and where the range of the age reaches into both groups."""
    if age is None or not age.is_known:
        return AgeGroup.CANNOT_TELL
    if age.high < ADULT_FROM_YEARS:
        return AgeGroup.CHILD
    return AgeGroup.ADULT if age.low >= ADULT_FROM_YEARS else AgeGroup.CANNOT_TELL
