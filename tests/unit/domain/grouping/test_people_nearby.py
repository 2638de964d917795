"""Probabilities of people for a face."""

from __future__ import annotations

import numpy as np
import pytest

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.people_nearby import PeopleNearby, likely_people, usual_strangers
from curation.domain.grouping.shared_photos import Strangers
from tests.unit.domain.grouping.face_vectors import unit


def test_probabilities_sum_to_less_than_one_and_exclude_who_cannot_be() -> None:
    found = likely_people(np.array([[2.0, 1.0, -np.inf], [-np.inf, -np.inf, -np.inf], [800.0, 790.0, -5.0]]))
    assert (found.sum(axis=1) <= 1.0).all()
    assert found[1].tolist() == [0.0, 0.0, 0.0]
    assert found[0, 2] == 0.0
    assert found[0, 0] == pytest.approx(np.exp(2) / (1 + np.exp(2) + np.exp(1)))
    assert found[2, 0] > 0.9999


def test_odds_fall_with_the_distance_and_follow_the_events_own_strangers() -> None:
    rng = np.random.default_rng(1)

    def people(shared: float) -> PeopleNearby:
        who = np.repeat(np.arange(6), 20)
        means = shared + rng.normal(size=(6, 150))
        return PeopleNearby(unit(means[who] + 0.6 * rng.normal(size=(120, 150))), np.arange(120), who, 6, RULE)

    everybody = np.arange(6)
    unlike, alike = people(0.0), people(0.6)
    away = np.tile(np.linspace(0.0, 1.5, 40)[:, None], 6)
    odds = unlike.log_odds(away, everybody, ())
    assert (np.diff(odds, axis=0) <= 1e-9).all()
    # 0.55 is near where strangers are 1.0 apart, and says little where they are 0.7 apart.
    far = np.full((1, 6), 0.55)
    assert unlike.log_odds(far, everybody, ()).min() > alike.log_odds(far, everybody, ()).max()


RULE = GroupingRule(0.6, 0.8)


def test_usual_strangers_are_those_that_give_the_rule() -> None:
    distance, spread = usual_strangers(RULE)
    fitted = GroupingRule(0.7, 0.7, 0.2, follows_strangers=True).fitted(Strangers(distance, spread, 100, 30))
    assert fitted.single_distance == pytest.approx(0.6)
    assert fitted.group_distance == pytest.approx(0.8)
