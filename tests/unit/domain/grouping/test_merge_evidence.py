"""How much common photos say about two clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.grouping.merge_evidence import together_evidence


def evidence(common: int, photos: int) -> float:
    return float(together_evidence(np.array([common]), np.array([photos]))[0])


def test_evidence_grows_with_the_number_and_the_share_of_common_photos() -> None:
    assert evidence(0, 10) == evidence(0, 200) == 0.0
    assert 0 < evidence(1, 4) < evidence(2, 8) < evidence(20, 80)
    assert evidence(3, 40) < evidence(3, 10) < evidence(3, 3)
    # Ten of 200 may be wrong faces and posters; forty are not.
    assert evidence(10, 200) < 0.5
    assert evidence(40, 200) > 2.5


@given(st.integers(1, 300), st.integers(0, 300))
def test_one_more_common_photo_never_speaks_for_one_person(photos: int, common: int) -> None:
    common = min(common, photos - 1)
    assert evidence(common, photos) <= evidence(common + 1, photos) + 1e-9


def test_one_photo_of_one() -> None:
    assert evidence(1, 1) == pytest.approx(np.log((0.5 / 2.0) / (1 / 31)))
