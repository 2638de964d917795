"""Which parts of a photo are looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from curation.domain.faces.face import Box
from curation.engines.bodies.segmenters.areas import areas_of

_WIDTH, _HEIGHT = 1000, 700


@st.composite
def _boxes(draw: st.DrawFn) -> Box:
    x, y = draw(st.integers(0, _WIDTH - 1)), draw(st.integers(0, _HEIGHT - 1))
    return Box(x, y, draw(st.integers(1, _WIDTH - x)), draw(st.integers(1, _HEIGHT - y)))


@given(st.lists(_boxes(), max_size=8))
def test_each_person_is_in_exactly_one_area_that_holds_the_box(boxes: list[Box]) -> None:
    areas = areas_of(boxes, _WIDTH, _HEIGHT)
    assert sorted(member for area in areas for member in area.members) == list(range(len(boxes)))
    for area, members in areas:
        assert area.x >= 0 and area.y >= 0 and area.x + area.w <= _WIDTH and area.y + area.h <= _HEIGHT
        for member in members:
            box = boxes[member]
            assert area.x <= box.x and area.x + area.w >= box.x + box.w
            assert area.y <= box.y and area.y + area.h >= box.y + box.h


def test_a_couple_is_looked_at_once_and_people_apart_each() -> None:
    couple = [Box(300, 100, 150, 500), Box(430, 120, 150, 480)]
    assert [area.members for area in areas_of(couple, _WIDTH, _HEIGHT)] == [(0, 1)]
    apart = [Box(0, 100, 80, 250), Box(900, 100, 80, 250)]
    assert [area.members for area in areas_of(apart, _WIDTH, _HEIGHT)] == [(0,), (1,)]


def test_a_row_of_people_is_not_looked_at_as_a_whole() -> None:
    row = [Box(20 + 95 * place, 200, 90, 280) for place in range(10)]
    areas = areas_of(row, _WIDTH, _HEIGHT)
    assert 3 <= len(areas) <= 10
    assert max(area.w for area, _ in areas) < 600
