"""When a face of a poster is a character, by the weights."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from curation.engines.base import WeightsFile
from curation.engines.weights.grouping_rules import EDGEFACE_XS
from curation.engines.weights.poster_limits import poster_limits
from tests.fakes import fake_spec


def test_limits_belong_to_the_content_of_the_weights_whatever_their_name() -> None:
    detector = WeightsFile("detector", Path("x"), "0" * 64)
    spec = replace(fake_spec(), weights=(detector, WeightsFile("any name", Path("y"), EDGEFACE_XS)))
    limits = poster_limits(spec)
    assert "measured for these weights" in limits.source
    assert 0 < limits.person.margin < limits.person.distance < math.sqrt(2)
    # Of many single faces one is always nearer to a stranger than the mean is.
    assert limits.nearest_face.distance < limits.person.distance


def test_other_weights_take_the_distance_for_photos() -> None:
    limits = poster_limits(replace(fake_spec(), distance_threshold=0.68))
    assert limits.person.distance == pytest.approx(math.sqrt(2 * 0.68))
    assert limits.nearest_face.distance == limits.person.distance
    assert limits.person.margin > 0 and limits.nearest_face.margin == 0
    assert "made up for tests" in limits.source
