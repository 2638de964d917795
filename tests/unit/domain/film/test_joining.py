"""Groups of tracks join the people of photos if clearly theirs, and everybody keeps their id."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.film.grouping import ScreenMates, margin_of, screen_mates
from curation.domain.film.joining import KnownPeople, ids_of_earlier, ids_of_groups, joined_people
from curation.domain.grouping.grouping_rule import GroupingRule
from tests.film_values import made_track, unit

RULE = GroupingRule(0.64, 0.82, 0.25)


def known(*means: tuple[float, ...], sizes: int = 5, apart: tuple[tuple[int, int], ...] = ()) -> KnownPeople:
    """People with the ids 10, 11, ... and these means."""
    vectors = np.stack([unit([*mean, *([0.0] * (8 - len(mean)))]) for mean in means])
    ids = np.arange(10, 10 + len(means))
    return KnownPeople(ids, vectors, np.full(len(means), sizes), np.array(apart, dtype=np.int64).reshape(-1, 2))


def direction(*values: float) -> np.ndarray:
    return unit([*values, *([0.0] * (8 - len(values)))])


NOBODY_TOGETHER = ScreenMates(np.zeros((0, 2), dtype=np.intp), np.zeros(0, dtype=np.int64))


def joined(means: list[np.ndarray], people: KnownPeople, **more: object) -> dict[int, int]:
    """Each mean is a group of its own."""
    mates = more.pop("mates", NOBODY_TOGETHER)
    return joined_people(np.stack(means), np.arange(len(means)), mates, people, RULE, **more)  # type: ignore[arg-type]


def test_groups_join_the_nearest_person() -> None:
    people = known((1.0,), (0.0, 1.0))
    assert joined([direction(0.9, 0.1), direction(0.1, 0.9), direction(0, 0, 1.0)], people) == {0: 10, 1: 11}


def test_several_groups_may_be_one_person() -> None:
    assert joined([direction(0.9, 0.0, 0.4), direction(0.9, 0.0, 0.0, 0.4)], known((1.0,))) == {0: 10, 1: 10}


def test_nobody_is_joined_who_is_not_clearly_nearest() -> None:
    people = known((1.0,), (0.0, 1.0))
    assert joined([direction(0.71, 0.70)], people) == {}
    # Two clusters of one name are one person: then there is no second.
    assert joined([direction(0.71, 0.70)], people, same_person={10: "name:anna", 11: "name:anna"}) == {0: 10}


def test_corrections_that_keep_people_apart_ask_for_twice_the_margin() -> None:
    by = 1.5 * margin_of(RULE)
    first = 0.6
    mean = direction(first, first - by, float(np.sqrt(1 - first**2 - (first - by) ** 2)))
    assert joined([mean], known((1.0,), (0.0, 1.0))) == {0: 10}
    assert joined([mean], known((1.0,), (0.0, 1.0), apart=((11, 10),))) == {}


def test_people_of_many_photos_are_recognised_from_further_away() -> None:
    mean = direction(0.34, 0.0, float(np.sqrt(1 - 0.34**2)))
    assert joined([mean], known((1.0,), sizes=1)) == {}
    assert joined([mean], known((1.0,), sizes=1000)) == {0: 10}


def test_two_on_screen_together_are_not_both_anna() -> None:
    tracks = [made_track(0, 2), made_track(1, 3)]
    mates = screen_mates(tracks, np.zeros(2, dtype=np.int64))
    near, further = direction(0.95, 0.31), direction(0.6, 0.0, 0.8)
    assert joined([further, near], known((1.0,)), mates=mates) == {1: 10}
    # Nor under two clusters of her name.
    two = known((1.0,), (0.9, 0.0, 0.44))
    same = {10: "name:anna", 11: "name:anna"}
    assert len(joined([further, near], two, mates=mates, same_person=same)) == 1
    # A mirror shows her twice.
    assert joined([near, direction(0.95, 0.25)], known((1.0,)), mates=mates) == {0: 10, 1: 10}


def test_nothing_to_join() -> None:
    nobody = KnownPeople(np.zeros(0, np.int64), np.zeros((0, 8), np.float32), np.zeros(0, np.int64))
    assert joined([direction(1.0)], nobody) == {}
    assert joined_people(np.zeros((1, 8), np.float32), np.array([-1]), NOBODY_TOGETHER, known((1.0,)), RULE) == {}


def test_people_who_are_known_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="one id"):
        KnownPeople(np.array([1, 1]), np.zeros((2, 8), np.float32), np.array([1, 1]))


def ids(labels: list[int], earlier: list[int], *, joined: dict[int, int] | None = None, first: int = 0) -> list[int]:
    """The ids of tracks that are on screen for a second each."""
    found = ids_of_groups(
        np.array(labels),
        [Fraction(1)] * len(labels),
        joined or {},
        np.array(earlier),
        first,
        {label for label in labels if label >= 0},
    )
    return [found.get(label, -1) for label in labels]


def test_new_ids_are_given_by_screen_time() -> None:
    assert ids([0, 1, 1, -1], [-1] * 4) == [1, 0, 0, -1]
    assert ids([0, 1, 1], [-1] * 3, joined={1: 3}, first=7) == [7, 3, 3]


def test_a_character_keeps_the_id_that_most_tracks_had() -> None:
    assert ids([0, 0, 0, 1], [4, 4, 5, 5]) == [4, 4, 4, 5]
    # Two who were one: the larger part keeps the id.
    assert ids([0, 1, 1], [4, 4, 4]) == [5, 4, 4]
    # Whom photos know has their id, whatever it was.
    assert ids([0, 0], [4, 4], joined={0: 2}) == [2, 2]


def test_ids_are_never_given_twice() -> None:
    assert ids([0, 1, 2], [-1, 9, -1], first=3) == [10, 9, 11]


def test_a_track_is_found_again_when_the_film_was_looked_at_otherwise() -> None:
    right = Box(900, 200, 80, 100)
    before = [(made_track(0, 2, step_s=0.5), 4), (made_track(0, 2, box=right), 5), (made_track(5, 6), 6)]
    moved = Box(505, 210, 160, 190)
    now = [made_track(0.2, 1.8, box=moved, step_s=0.04), made_track(0.4, 1, box=right), made_track(3, 4)]
    assert ids_of_earlier(now, before) == [4, 5, -1]
    assert ids_of_earlier(now, []) == [-1, -1, -1]
    # Two that are one now: most of its pictures decide.
    halves = [(made_track(0, 1.2), 7), (made_track(1.2, 2), 8)]
    assert ids_of_earlier([made_track(0, 2, step_s=0.04)], halves) == [7]


def test_who_is_seen_too_little_gets_no_new_id() -> None:
    found = ids_of_groups(np.array([0, 1]), [Fraction(1), Fraction(1)], {}, np.array([-1, 6]), 0, set())
    assert found == {1: 6}
