"""Scenes: the parts of an event, told apart by the pauses between its photos."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.bursts.scenes import Scene, clock_seconds, scenes_of

HOUR_S = 3600.0
TIMES = st.dictionaries(
    st.text(alphabet="abcdefg/.0123456789", min_size=1, max_size=6), st.integers(0, 300_000).map(float), max_size=60
)


def every(step_s: float, count: int, start_s: float = 0.0, name: str = "IMG") -> dict[str, float]:
    return {f"{name}_{start_s:.0f}_{number:04}.jpg": start_s + step_s * number for number in range(count)}


def sizes(scenes: tuple[Scene, ...]) -> list[int]:
    return [len(scene.image_paths) for scene in scenes]


@given(TIMES)
def test_each_photo_is_in_exactly_one_scene_and_scenes_follow_each_other(captured_s: dict[str, float]) -> None:
    scenes = scenes_of(captured_s)

    assert sorted(path for scene in scenes for path in scene.image_paths) == sorted(captured_s)
    assert [scene.number for scene in scenes] == list(range(1, len(scenes) + 1))
    assert all(earlier.end_s < later.start_s for earlier, later in pairwise(scenes))
    for scene in scenes:
        times = [captured_s[path] for path in scene.image_paths]
        assert times == sorted(times) and (scene.start_s, scene.end_s) == (times[0], times[-1])


@given(TIMES, st.integers(-(10**8), 10**8), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_photos_nor_the_date_of_the_event_matters(
    captured_s: dict[str, float], shift_s: int, random: Random
) -> None:
    shuffled = list(captured_s.items())
    random.shuffle(shuffled)

    moved = scenes_of({path: time_s + shift_s for path, time_s in shuffled})

    assert [scene.image_paths for scene in moved] == [scene.image_paths for scene in scenes_of(captured_s)]


@given(st.integers(1, 80), st.integers(0, 5 * 3600))
def test_photos_at_a_steady_pace_are_one_scene_whatever_the_pace(count: int, step_s: int) -> None:
    assert sizes(scenes_of(every(float(step_s), count))) == [count]


def test_no_photos_have_no_scenes() -> None:
    assert scenes_of({}) == ()


def test_a_day_with_one_pause_has_two_scenes() -> None:
    day = every(30.0, 40) | every(30.0, 25, start_s=3 * HOUR_S)

    assert sizes(scenes_of(day)) == [40, 25]


def test_few_photos_are_divided_too() -> None:
    assert sizes(scenes_of(every(10.0, 3) | every(10.0, 2, start_s=2 * HOUR_S))) == [3, 2]


def test_a_party_over_midnight_is_not_divided_at_midnight() -> None:
    evening = clock_seconds(datetime(2026, 6, 20, 20))

    assert sizes(scenes_of(every(60.0, 6 * 60, start_s=evening))) == [6 * 60]


def test_photos_of_two_cameras_are_one_row() -> None:
    first = every(40.0, 50) | every(40.0, 50, start_s=2 * HOUR_S)
    second = every(55.0, 30, start_s=7.0, name="DSC") | every(55.0, 30, start_s=2 * HOUR_S + 9, name="DSC")

    assert sizes(scenes_of(first | second)) == [80, 80]


def test_a_wedding_of_three_days_keeps_the_scenes_within_its_days() -> None:
    parts = [(0, 9.0), (0, 13.0), (0, 19.0), (1, 10.0), (1, 15.0), (2, 11.0)]
    wedding: dict[str, float] = {}
    for day, hour in parts:
        wedding |= every(20.0, 60, start_s=(24 * day + hour) * HOUR_S)

    assert sizes(scenes_of(wedding)) == [60] * 6


def test_days_with_a_photo_each_are_told_apart() -> None:
    assert sizes(scenes_of(every(24 * HOUR_S, 5))) == [1] * 5


def test_bursts_do_not_make_every_pause_a_large_one() -> None:
    bursts: dict[str, float] = {}
    for number in range(30):
        bursts |= every(0.1, 10, start_s=120.0 * number)

    assert sizes(scenes_of(bursts)) == [300]


def test_photos_of_one_moment_are_ordered_by_path() -> None:
    assert scenes_of({"b.jpg": 5.0, "a.jpg": 5.0}) == (Scene(1, 5.0, 5.0, ("a.jpg", "b.jpg")),)


def test_a_time_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="leave out photos without a time"):
        scenes_of({"a.jpg": float("nan")})


def test_the_clock_counts_seconds_since_1970_without_a_time_zone() -> None:
    assert clock_seconds(datetime(1970, 1, 2, 0, 0, 1, 500_000)) == 86_401.5
    with pytest.raises(TypeError):
        clock_seconds(datetime(2026, 6, 20, tzinfo=timezone(timedelta(hours=2))))
