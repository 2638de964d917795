from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.judging.components import people_component
from curation.domain.judging.scoring_rules import CategoryWeights
from curation.domain.labelling.labels import EventPeople


@given(*(st.integers(0, 8) for _ in range(4)), *(st.integers(0, 8) for _ in range(3)))
def test_more_people_never_lower_the_people_component(
    main: int, important: int, other: int, unknown: int, event_main: int, event_important: int, event_other: int
) -> None:
    event, weights = EventPeople(event_main, event_important, event_other), CategoryWeights()
    value = people_component(main, important, other, unknown, event, weights)
    assert 0.0 <= value <= 1.0
    for more in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)):
        a, b, c, d = more
        assert people_component(main + a, important + b, other + c, unknown + d, event, weights) >= value
    everybody = people_component(event_main, event_important, event_other, 1, event, weights)
    assert everybody == 1.0


def test_the_main_people_alone_fill_the_people_component() -> None:
    weights = CategoryWeights()
    assert people_component(2, 0, 0, 0, EventPeople(2, 9, 9), weights) == 1.0
    assert people_component(1, 0, 0, 0, EventPeople(2, 9, 9), weights) == 0.75
    assert people_component(0, 3, 0, 0, EventPeople(2, 9, 9), weights) == pytest.approx(0.6)
    assert people_component(0, 3, 0, 0, EventPeople(0, 9, 9), weights) == 1.0
    assert people_component(0, 0, 0, 4, EventPeople(2, 9, 9), weights) == 0.0
    assert people_component(0, 0, 0, 0, EventPeople(0, 0, 0), weights) == 0.0
    assert people_component(0, 0, 0, 1, EventPeople(0, 0, 0), weights) == 1.0
