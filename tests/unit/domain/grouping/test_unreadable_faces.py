from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curation.domain.grouping.unreadable_faces import LEAST_SAMPLE, UnreadableRule, learned_rule
from tests.unit.domain.grouping.face_vectors import Vectors, unit

_DIMENSIONS = 64


def spot(seed: int) -> Vectors:
    """A direction where spoilt faces lie, away from the place of ordinary ones."""
    return unit(np.random.default_rng(seed).normal(size=(1, _DIMENSIONS)))


def near(place: Vectors, count: int, seed: int, *, spread: float = 0.07) -> Vectors:
    return unit(place + spread * np.random.default_rng(seed).normal(size=(count, _DIMENSIONS)))


def strangers(count: int, seed: int) -> Vectors:
    return unit(np.random.default_rng(seed).normal(size=(count, _DIMENSIONS)))


def two_ways(count: int, seed: int) -> Vectors:
    return np.stack([near(spot(100), count, seed), near(spot(101), count, seed + 1)], axis=1)


def test_faces_that_point_to_one_of_the_places_cannot_be_read() -> None:
    rule = UnreadableRule(tuple(tuple(spot(seed)[0].tolist()) for seed in (100, 101)), 0.5)
    faces = np.concatenate([near(spot(100), 3, 1), strangers(40, 2), near(spot(101), 2, 3)])
    flags = rule.is_unreadable(faces)
    assert flags[:3].all() and flags[-2:].all()
    assert not flags[3:-2].any()
    assert rule.likeness(faces) == pytest.approx(
        np.max(faces @ np.concatenate([spot(100), spot(101)]).T, axis=1), abs=1e-6
    )


def test_a_rule_with_a_centre_sees_the_faces_from_there() -> None:
    centre = 0.9 * spot(5)
    rule = UnreadableRule((tuple(spot(100)[0].tolist()),), 0.5, centre=tuple(centre[0].tolist()))
    ordinary, spoilt = unit(centre + 0.3 * strangers(50, 1)), unit(centre + 0.3 * near(spot(100), 20, 2))
    assert not rule.is_unreadable(ordinary).any() and rule.is_unreadable(spoilt).all()
    # Seen from the origin they are all alike.
    assert np.ptp(replace(rule, centre=()).likeness(np.concatenate([ordinary, spoilt]))) < 0.5
    assert np.isfinite(rule.likeness(np.asarray(centre, dtype=np.float32))).all()


def test_faces_of_other_dimensions_can_all_be_read() -> None:
    rule = UnreadableRule(((1.0, 0.0),), 0.5)
    assert not rule.is_unreadable(strangers(5, 1)).any()
    assert not UnreadableRule((), 0.5).is_unreadable(strangers(5, 1)).any()
    assert rule.is_unreadable(np.zeros((0, 2), dtype=np.float32)).shape == (0,)


def test_the_places_are_learned_from_faces_spoilt_on_purpose() -> None:
    rule = learned_rule(strangers(30, 1), two_ways(30, 2))
    assert rule is not None and len(rule.directions) == 2
    assert np.linalg.norm(rule.directions, axis=1) == pytest.approx(1.0)
    assert not rule.is_unreadable(strangers(300, 5)).any()
    assert rule.is_unreadable(near(spot(100), 50, 6)).all()
    assert rule.is_unreadable(near(spot(101), 50, 7)).all()


def test_unreadable_faces_in_the_sample_do_not_spoil_the_limit() -> None:
    sample = np.concatenate([strangers(24, 1), near(spot(100), 8, 3)])
    rule = learned_rule(sample, two_ways(32, 2))
    assert rule is not None
    assert rule.is_unreadable(near(spot(100), 50, 6)).mean() > 0.9
    assert not rule.is_unreadable(strangers(300, 5)).any()


def test_an_event_of_one_person_makes_strangers_of_nobody() -> None:
    somebody = spot(7)
    spoilt = np.stack([near(spot(100) + 0.2 * somebody, 40, 2), near(spot(101) - 0.2 * somebody, 40, 3)], axis=1)
    rule = learned_rule(near(somebody, 40, 1, spread=0.11), spoilt)
    assert rule is not None
    assert not rule.is_unreadable(near(somebody, 50, 8, spread=0.11)).any()
    assert not rule.is_unreadable(strangers(200, 9)).any()


@pytest.mark.parametrize("count", [0, 1, LEAST_SAMPLE - 1])
def test_nothing_is_learned_from_few_faces(count: int) -> None:
    assert learned_rule(strangers(count, 1), two_ways(count, 2)) is None


def test_ways_that_change_nothing_teach_nothing() -> None:
    faces = strangers(30, 1)
    assert learned_rule(faces, np.stack([faces, faces], axis=1)) is None
    same = np.repeat(spot(1), 30, axis=0)
    assert learned_rule(same, same[:, None]) is None
    one_of_two = learned_rule(faces, np.stack([faces, near(spot(100), 30, 4)], axis=1))
    assert one_of_two is not None and len(one_of_two.directions) == 1


def test_nothing_is_learned_where_all_faces_are_nearly_the_same() -> None:
    assert learned_rule(near(spot(7), 40, 1, spread=0.03), two_ways(40, 2)) is None
