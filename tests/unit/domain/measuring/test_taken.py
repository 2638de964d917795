"""Which of two times is used, and times with their places as texts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.measuring.taken import BY_NAME, TakenTime, better_of, is_unset, read_source, runs_from_default

TEN = datetime(2024, 6, 15, 10)
NAMED = TakenTime(TEN, BY_NAME)


@given(
    st.sampled_from(["EXIF DateTimeOriginal", "GPS", "file name", "XMP tiff:DateTime"]),
    st.booleans(),
    st.one_of(st.none(), st.integers(-14 * 60, 14 * 60)),
)
@settings(max_examples=40)
def test_a_place_with_its_zone_can_be_written_and_read(place: str, is_utc: bool, offset: int | None) -> None:
    taken = TakenTime(TEN, place, is_utc, None if is_utc else offset)
    assert read_source(TEN, taken.source) == taken


@pytest.mark.parametrize(
    ("told", "is_name"),
    [
        (None, True),
        (TakenTime(TEN - timedelta(days=1), "EXIF DateTimeOriginal"), False),
        (TakenTime(TEN + timedelta(days=400), "EXIF ModifyDate"), True),
        (TakenTime(TEN + timedelta(days=400), "PNG tIME", is_utc=True), True),
        (TakenTime(datetime(2000, 1, 1, 0, 3), "EXIF DateTimeOriginal"), True),
        (TakenTime(TEN - timedelta(hours=2, seconds=3), "GPS", is_utc=True), True),
        (TakenTime(TEN - timedelta(hours=2, minutes=7), "GPS", is_utc=True), False),
    ],
)
def test_the_name_is_used_where_it_says_more(told: TakenTime | None, is_name: bool) -> None:
    assert better_of(told, NAMED) is (NAMED if is_name else told)
    assert better_of(told, None) is told


@pytest.mark.parametrize(
    ("time", "unset", "runs"),
    [
        (datetime(2000, 1, 1), True, True),
        (datetime(1980, 1, 1), True, True),
        (datetime(1970, 1, 1, 0, 0, 0, 250), True, True),
        (datetime(2000, 1, 1, 0, 0, 12), False, True),
        (datetime(2001, 1, 1), False, False),
        (TEN, False, False),
    ],
)
def test_clocks_that_were_never_set(time: datetime, unset: bool, runs: bool) -> None:
    assert (is_unset(time), runs_from_default(time)) == (unset, runs)
