"""What one network misses of a person, the other fills in."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.engines.bodies.segmenters.filling import filled
from curation.engines.bodies.segmenters.strokes import body_region
from tests.unit.engines.bodies.segmenters.people import standing

_AREA = Box(0, 0, 200, 400)
_PERSON = standing(0, Box(40, 20, 120, 360))


def _body() -> NDArray[np.float32]:
    return body_region(_AREA, 0.8, (160, 320), _PERSON)


def _map(value: float) -> NDArray[np.float32]:
    return np.full((320, 160), value, np.float32)


def test_the_body_region_is_where_the_body_is() -> None:
    body = _body()
    assert body[int(0.8 * 160), int(0.8 * 100)] > 0.95  # the chest
    assert body[int(0.8 * 300), int(0.8 * 124)] > 0.9  # a shank
    assert body[5, 5] == 0
    assert 0.25 < body[16:304, 32:128].mean() < 0.8


def test_a_hole_in_the_trunk_is_filled() -> None:
    body = _body()
    first = body.copy()
    first[100:150] = 0
    (result,) = filled(first, np.maximum(body, 0.99), [body])
    assert result[125, 80] > 0.9


def test_the_second_network_alone_makes_no_foreground_beside_the_body() -> None:
    (result,) = filled(_body(), _map(1.0), [_body()])
    assert result[5, 5] < 0.5


def test_a_missed_person_is_taken_from_the_second_network() -> None:
    body = _body()
    (result,) = filled(_map(0.0), body, [body])
    assert result == pytest.approx(body)


def test_only_the_missed_one_of_two() -> None:
    body = _body()
    other = np.zeros_like(body)
    other[:, 140:] = 1
    seen, missed = filled(body, _map(0.8), [body, other])
    assert seen[5, 150] < 0.55
    assert missed[5, 150] == pytest.approx(0.8)


def test_nobody_and_nothing() -> None:
    assert filled(_map(0.5), _map(0.5), []) == []
    (result,) = filled(_map(0.0), _map(0.0), [_body()])
    assert not result.any()
