"""When a face of a poster is a character, by the weights."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from curation.engines.base import WeightsFile
from curation.engines.weights.grouping_rules import DLIB_RESNET, EDGEFACE_XS
from curation.engines.weights.poster_limits import poster_limits
from tests.fakes import fake_spec


@pytest.mark.parametrize("sha256", [EDGEFACE_XS, DLIB_RESNET])
def test_limits_belong_to_the_content_of_the_weights_whatever_their_name(sha256: str) -> None:
    detector = WeightsFile("detector", Path("x"), "0" * 64)
    spec = replace(fake_spec(), weights=(detector, WeightsFile("any name", Path("y"), sha256)))
    limits = poster_limits(spec)
    assert "measured for these weights" in limits.source
    assert 0 < limits.person.margin < limits.person.distance < math.sqrt(2)
    # A single face is farther away than the mean of many.
    assert limits.nearest_face.distance <= math.sqrt(2)


def test_other_weights_take_the_distance_for_photos() -> None:
    limits = poster_limits(replace(fake_spec(), distance_threshold=0.68))
    assert limits.person.distance == pytest.approx(math.sqrt(2 * 0.68))
    assert limits.nearest_face.distance == limits.person.distance
    assert limits.person.margin > 0 and limits.nearest_face.margin == 0
    assert "made up for tests" in limits.source
