"""Clocks that stood still, and clocks that show less than seconds."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.bursts.finding import BurstPhoto, BurstRules, find_bursts
from curation.domain.bursts.still_clocks import TimedLook, name_order, steps_of, still_photos
from tests.unit.domain.bursts.burst_values import look

TEN = datetime(2024, 6, 15, 10)
LOOKS = [look(seed) for seed in range(6)]


def shot(number: int, at: datetime = TEN, seed: int = 0, who: str = "", clock: str = "X") -> TimedLook:
    return TimedLook(f"IMG_{number}.jpg", clock, at, LOOKS[seed], frozenset({who}) if who else frozenset())


def test_portraits_before_one_wall_at_one_time_are_no_burst() -> None:
    photos = [shot(number, who=f"guest {number}") for number in range(12)]
    assert still_photos(photos) == {photo.image_path for photo in photos}


def test_scenes_that_have_nothing_in_common_at_one_time_are_no_burst() -> None:
    assert len(still_photos([shot(number, seed=number) for number in range(4)])) == 4


@pytest.mark.parametrize("step_us", [0, 1000])
def test_a_burst_of_one_second_is_none(step_us: int) -> None:
    """Also if somebody turns the head and is taken for somebody else from then on."""
    photos = [
        shot(number, TEN + timedelta(microseconds=step_us * number), who="anna" if number < 8 else "somebody")
        for number in range(20)
    ]
    assert still_photos(photos) == frozenset()


def test_more_photos_than_a_camera_takes_in_a_second() -> None:
    assert len(still_photos([shot(number) for number in range(60)])) == 60
    assert still_photos([shot(number, TEN + timedelta(seconds=number // 20)) for number in range(60)]) == frozenset()


def test_two_cameras_at_one_moment_are_no_clock_that_stood_still() -> None:
    photos = [shot(number, seed=number % 3, clock=f"camera {number % 3}") for number in range(6)]
    assert still_photos(photos) == frozenset()


@given(st.permutations(range(8)), st.integers(0, 3))
@settings(max_examples=20)
def test_the_order_of_the_photos_does_not_matter(order: list[int], seed: int) -> None:
    rng = random.Random(seed)
    photos = [shot(number, TEN + timedelta(seconds=number // 4), rng.randrange(3)) for number in range(8)]
    assert still_photos([photos[place] for place in order]) == still_photos(photos)


@pytest.mark.parametrize(
    ("times", "step"),
    [
        ([TEN + timedelta(minutes=number) for number in range(6)], 60),
        ([TEN + timedelta(hours=number) for number in range(6)], 3600),
        ([TEN + timedelta(days=number // 2, seconds=7) for number in range(6)], 86400),
        ([TEN + timedelta(minutes=number) for number in range(4)], None),
        ([TEN + timedelta(seconds=61 * number) for number in range(6)], None),
        ([TEN] * 6, None),
        ([TEN + timedelta(minutes=number // 3) for number in range(6)], None),
    ],
)
def test_steps_are_told_when_chance_does_not_make_them(times: list[datetime], step: float | None) -> None:
    assert steps_of({"X": times}).get("X") == step


def test_names_are_in_the_order_of_their_numbers() -> None:
    assert sorted(["IMG_10.jpg", "IMG_9.jpg", "a.jpg"], key=name_order) == ["a.jpg", "IMG_9.jpg", "IMG_10.jpg"]


def minute(path: str, at_min: float, who: str = "anna", seed: int = 0) -> BurstPhoto:
    return BurstPhoto(path, TEN + timedelta(minutes=at_min), 400, 300, LOOKS[seed], frozenset({who}), 60.0)


def test_times_of_full_minutes_do_not_make_a_burst_of_different_people() -> None:
    """Within 1.5 seconds nobody changes places; within a minute many do."""
    photos = [minute("1.jpg", 0), minute("2.jpg", 0, "ben"), minute("3.jpg", 0, "ida")]
    assert find_bursts(photos, BurstRules()) == []


def test_times_of_full_minutes_still_keep_hours_apart() -> None:
    near, later = [minute("1.jpg", 0), minute("2.jpg", 0)], [minute("3.jpg", 90), minute("4.jpg", 90)]
    assert find_bursts(near + later, BurstRules()) == [("1.jpg", "2.jpg"), ("3.jpg", "4.jpg")]
