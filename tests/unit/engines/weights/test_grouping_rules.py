from __future__ import annotations

import numpy as np
import pytest

from curation.engines.weights.grouping_rules import MEASURED, direction_text, grouping_rule
from curation.engines.weights.registry import DLIB_DESCRIPTOR_FILE, REGISTRY

DIMENSIONS = {"EdgeFace-XS": 512, "dlib ResNet v1": 128}


@pytest.mark.parametrize("sha256", MEASURED)
def test_measured_rules_are_sound(sha256: str) -> None:
    measured = MEASURED[sha256]
    assert len(sha256) == 64
    assert len(measured.rule.common) == DIMENSIONS[measured.what]
    assert np.linalg.norm(measured.rule.common) == pytest.approx(1.0)
    assert 0 < measured.rule.single_distance <= measured.rule.group_distance < 1
    assert 0 < measured.rule.same_photo_penalty < measured.rule.single_distance
    assert 0 <= measured.rule.common_part <= 1


@pytest.mark.parametrize("sha256", MEASURED)
def test_a_direction_and_its_text_are_the_same(sha256: str) -> None:
    direction = MEASURED[sha256].rule.common
    other = np.random.default_rng(1).normal(size=len(direction))
    assert direction_text(direction) == direction_text(tuple(3.0 * value for value in direction))
    assert direction_text(direction) != direction_text(tuple(other.tolist()))


def test_known_weights_have_measured_rules_and_others_the_published_threshold() -> None:
    descriptor = REGISTRY[DLIB_DESCRIPTOR_FILE].sha256
    assert descriptor is not None
    threshold, rule, source = grouping_rule(descriptor)
    assert 0 < threshold < 0.2 and "measured" in source
    assert rule is not None and rule.single_distance == threshold < rule.group_distance
    threshold, rule, source = grouping_rule("0" * 64)
    assert threshold == 0.68 and rule is None and "published" in source
