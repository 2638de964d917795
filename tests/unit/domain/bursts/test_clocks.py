"""Clocks of several cameras, set by made pictures: moments that both saw, and moments that only one did."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.bursts.clock_offsets import ClockMoment, find_offset, moments_of
from curation.domain.bursts.clocks import (
    CameraClock,
    ClockPhoto,
    ClockRules,
    clock_sentence,
    event_clocks,
    offset_text,
)
from curation.domain.measuring.taken import TakenTime
from tests.unit.domain.bursts.burst_values import look

START = datetime(2024, 6, 15, 10)
LOOKS = [look(seed) for seed in range(40)]


def seen(seed: int, rng: np.random.Generator) -> bytes:
    """Another photographer's view: lighter or darker, and noise."""
    picture = np.frombuffer(LOOKS[seed], dtype=np.uint8).astype(np.float32)
    return (picture + rng.normal(0, 6, picture.shape) + rng.uniform(-15, 15)).clip(0, 255).astype(np.uint8).tobytes()


def wedding(ahead_s: float, *, shared: bool = True, seed: int = 1) -> tuple[list[ClockPhoto], list[ClockPhoto]]:
    """Photos of two cameras at six scenes, a half of the moments of both; or of both at scenes of their own."""
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    first: list[ClockPhoto] = []
    second: list[ClockPhoto] = []
    at = START
    for scene in range(6):
        for moment in range(6):
            at += timedelta(seconds=rng.randint(15, 60))
            seed_of = 6 * scene + moment if shared else rng.randrange(36)
            if shared or scene % 2 == 0:
                first.append(photo("A", len(first), at, seen(seed_of, noise)))
            if (shared and moment % 2) or (not shared and scene % 2):
                late = at + timedelta(seconds=ahead_s + rng.uniform(-2, 2))
                second.append(photo("B", len(second), late, seen(seed_of, noise)))
        at += timedelta(seconds=rng.randint(300, 2000))
    return first, second


def photo(camera: str, number: int, at: datetime, picture: bytes | None = None, source: str = "EXIF") -> ClockPhoto:
    return ClockPhoto(f"{camera}/IMG_{number}.jpg", TakenTime(at, source), f"Camera {camera}", picture)


def moments(photos: Sequence[ClockPhoto]) -> list[ClockMoment]:
    return moments_of(
        [
            ClockMoment((one.taken.time - START).total_seconds(), one.image_path, one.miniature, one.people)
            for one in photos
            if one.taken is not None and one.miniature is not None
        ]
    )


@given(st.sampled_from([3600.0, -7200.0, 43_200.0, 86_400.0, 754.0, -90.0, 757_382_400.0]), st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_a_wrong_clock_is_found_to_the_second(ahead_s: float, seed: int) -> None:
    first, second = (moments(one) for one in wedding(ahead_s, seed=seed))
    found, turned = find_offset(first, second), find_offset(second, first)
    assert found is not None and turned is not None
    assert found.offset_s == pytest.approx(ahead_s, abs=2)
    assert turned.offset_s == pytest.approx(-ahead_s, abs=2)
    assert found.pairs >= 15


@given(st.floats(-8, 8), st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_clocks_that_agree_stay_as_they_are(ahead_s: float, seed: int) -> None:
    found = find_offset(*(moments(one) for one in wedding(ahead_s, seed=seed)))
    assert found is not None and found.offset_s == 0.0


@given(st.sampled_from([0.0, 3600.0]), st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_cameras_that_never_saw_one_moment_tell_nothing(ahead_s: float, seed: int) -> None:
    """Though the same pictures come again, as of one family in the morning and in the evening."""
    assert find_offset(*(moments(one) for one in wedding(ahead_s, shared=False, seed=seed))) is None


def test_pictures_that_are_all_alike_tell_nothing() -> None:
    rng = np.random.default_rng(1)
    shots = [photo("A", number, START + timedelta(seconds=60 * number), seen(0, rng)) for number in range(30)]
    later = [photo("B", number, START + timedelta(seconds=59 * number), seen(0, rng)) for number in range(30)]
    assert find_offset(moments(shots), moments(later)) is None


def test_a_burst_is_one_vote() -> None:
    rng = np.random.default_rng(1)
    burst = [photo("A", number, START + timedelta(seconds=number / 5), seen(0, rng)) for number in range(20)]
    other = [photo("B", number, START + timedelta(seconds=3600 + number / 5), seen(0, rng)) for number in range(20)]
    assert len(moments(burst)) == 1
    assert find_offset(moments(burst), moments(other)) is None


def test_times_of_an_event_are_by_one_clock() -> None:
    first, second = wedding(3600.0)
    clocks = event_clocks([*second, *first])
    assert [(clock.name, clock.than) for clock in clocks.clocks] == [("Camera A", ""), ("Camera B", "Camera A")]
    assert clocks.clocks[1].ahead_s == pytest.approx(3600, abs=2)
    for one in second:
        used = clocks.times[one.image_path]
        assert used.time is not None and one.taken is not None and used.told == one.taken
        assert used.shift_s == -clocks.clocks[1].ahead_s
        assert used.time == one.taken.time + timedelta(seconds=used.shift_s)
    assert all(clocks.times[one.image_path].shift_s == 0 for one in first)
    assert "the clock of Camera B is 1 h" in clocks.sentences[0] and "ahead" in clocks.sentences[0]


def test_the_user_can_switch_it_off_or_say_it() -> None:
    first, second = wedding(3600.0)
    off = event_clocks([*first, *second], ClockRules(by_pictures=False))
    assert all(time.shift_s == 0 for time in off.times.values()) and off.sentences == ()
    said = event_clocks([*first, *second], ClockRules(ahead_s={"Camera B": 120.0}))
    assert {said.times[one.image_path].shift_s for one in second} == {-120.0}
    # What is said of one clock counts for those that the pictures compare with it.
    assert {round(said.times[one.image_path].shift_s / 10) for one in first} == {348}


def test_a_phone_counts_more_than_the_camera_with_the_most_photos() -> None:
    first, second = wedding(-3600.0)
    phone = [ClockPhoto(one.image_path, one.taken, "Apple iPhone 15", one.miniature) for one in second]
    clocks = event_clocks([*first, *phone])
    assert {clock.name: round(clock.ahead_s / 60) for clock in clocks.clocks} == {"Camera A": 60, "Apple iPhone 15": 0}


def test_times_in_utc_are_in_the_time_zone_of_the_event() -> None:
    zoned = ClockPhoto("a.jpg", TakenTime(START, "EXIF DateTimeOriginal", utc_offset_min=120), "Camera A")
    utc = ClockPhoto("b.jpg", TakenTime(START - timedelta(hours=2), "GPS", is_utc=True))
    clocks = event_clocks([zoned, utc])
    assert clocks.times["b.jpg"].time == START and clocks.times["b.jpg"].shift_s == 7200
    # Without another photo nobody knows.
    assert event_clocks([utc]).times["b.jpg"].time == START - timedelta(hours=2)


def test_a_clock_that_stood_still_has_no_time() -> None:
    shots = [
        ClockPhoto(f"IMG_{n}.jpg", TakenTime(START, "EXIF"), "Camera A", LOOKS[n], frozenset({str(n)}))
        for n in range(5)
    ]
    clocks = event_clocks(shots)
    assert all(time.time is None and time.stood_still for time in clocks.times.values())
    assert clocks.sentences == ("the clock of Camera A stood still: 5 photos have no usable time",)


def test_a_clock_that_began_anew_is_another_one() -> None:
    shots = [photo("A", number, START + timedelta(seconds=number)) for number in range(3)]
    anew = [photo("A", 10 + number, datetime(2000, 1, 1, 0, 3, number)) for number in range(3)]
    names = {one.clock for one in event_clocks([*shots, *anew]).times.values()}
    assert names == {"Camera A", "Camera A (clock not set)"}


def test_photos_without_any_time_are_told_as_such() -> None:
    clocks = event_clocks([ClockPhoto("a.jpg", None, "Camera A")])
    assert clocks.times["a.jpg"].time is None and clocks.clocks == ()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (3600, "1 h"), (-3605, "1 h 5 s"), (86_400, "1 day"), (180_061, "2 days 2 h 1 min 1 s")],
)
def test_lengths_of_time_in_words(seconds: float, text: str) -> None:
    assert offset_text(seconds) == text


def test_sentences_say_who_decided() -> None:
    assert clock_sentence(CameraClock("X", 5, ahead_s=-60, by_user=True)) == (
        "the clock of X is 1 min behind (as you said)"
    )
    assert clock_sentence(CameraClock("X", 5)) == ""
