from __future__ import annotations

import pytest

from curation.domain.attributes.age_groups import AgeGroup, age_group
from tests.fake_readers import age


@pytest.mark.parametrize(
    ("years", "reach", "expected"),
    [
        (6, 6, AgeGroup.CHILD),
        (12, 5.9, AgeGroup.CHILD),
        (12, 6, AgeGroup.CANNOT_TELL),  # 18 is an adult
        (17, 6, AgeGroup.CANNOT_TELL),
        (24, 6.1, AgeGroup.CANNOT_TELL),
        (24, 6, AgeGroup.ADULT),
        (70, 12, AgeGroup.ADULT),
    ],
)
def test_the_whole_range_decides(years: float, reach: float, expected: AgeGroup) -> None:
    assert age_group(age(years, reach=reach)) is expected


def test_cannot_tell_is_a_group_of_its_own() -> None:
    assert age_group(None) is AgeGroup.CANNOT_TELL
    assert age_group(age(6, is_known=False)) is AgeGroup.CANNOT_TELL
