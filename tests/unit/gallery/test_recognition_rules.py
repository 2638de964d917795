"""Which weights name people, and which only ask."""

from __future__ import annotations

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.engines.weights.grouping_rules import DLIB_RESNET, EDGEFACE_XS, MEASURED
from curation.gallery.recognition_rules import recognition_rule


def test_measured_weights_have_limits_in_their_own_space() -> None:
    for embedder, measured in MEASURED.items():
        rule = recognition_rule(embedder, measured.rule)
        assert rule.compared is measured.rule and rule.source.startswith("measured")
        assert rule.name_limit < rule.half < rule.ask_limit < measured.rule.group_distance
        assert rule.limit(100, 1) <= rule.limit(100, 9) <= rule.name_limit
        assert rule.limit(1000, 9) < rule.limit(100, 9)


def test_only_weights_that_tell_strangers_apart_name() -> None:
    assert recognition_rule(EDGEFACE_XS, MEASURED[EDGEFACE_XS].rule).names
    assert not recognition_rule(DLIB_RESNET, MEASURED[DLIB_RESNET].rule).names


def test_unknown_weights_ask_by_their_distance_for_photos() -> None:
    rule = recognition_rule("0" * 64, GroupingRule(0.5, 0.7))
    assert not rule.names and rule.ask_limit == 0.5 and "not measured" in rule.source
    assert rule.furthest(10_000) < 0.5 and rule.certainty(0.5, 1.0, 10) < 0.5 < rule.certainty(0.3, 1.0, 10)
