"""Times as they are written, in files and in names."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.photos.taken.name_times import time_of_name
from curation.photos.taken.time_texts import ReadTime, parse_offset, parse_time

TEN = datetime(2024, 6, 15, 10)


@pytest.mark.parametrize(
    "text",
    [
        "2024:06:15 10:00:00",
        "2024-06-15 10:00:00",
        "2024/06/15 10:00:00",
        "2024.06.15 10.00.00",
        "2024:06:15 10-00-00",
        "2024:6:15 10:0:0",
        "2024:06:15  10:00:00\0",
        "2024-06-15T10:00",
        "20240615T100000",
        "20240615100000",
        "15.06.2024 10:00:00",
        "15/06/2024 10:00:00",
        "Sat Jun 15 10:00:00 2024",
        "2024:06:15 10:00:00 AM",
    ],
)
def test_one_moment_is_written_in_many_ways(text: str) -> None:
    assert parse_time(text) == ReadTime(TEN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024:06:14 24:00:00", ReadTime(datetime(2024, 6, 15))),
        ("2024-06-15T10:00:00.25+02:00", ReadTime(datetime(2024, 6, 15, 10, 0, 0, 250_000), utc_offset_min=120)),
        ("2024-06-15T10:00:00-0330", ReadTime(TEN, utc_offset_min=-210)),
        ("2024-06-15T10:00:00Z", ReadTime(TEN, is_utc=True)),
        ("Sat, 15 Jun 2024 10:00:00 +0200", ReadTime(TEN, utc_offset_min=120)),
        ("Sat, 15 Jun 2024 10:00:00 GMT", ReadTime(TEN, is_utc=True)),
        ("2024:06:15 10:00:00 pm", ReadTime(datetime(2024, 6, 15, 22))),
        ("2024:06:15  9:00:00", ReadTime(datetime(2024, 6, 15, 9))),
    ],
)
def test_what_else_a_text_says_is_heard(text: str, expected: ReadTime) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "    :  :     :  :  ",
        "0000:00:00 00:00:00",
        "2024:13:15 10:00:00",
        "2024:06:15 25:00:00",
        "2024:06:15 24:00:01",
        "2024:06:15",
        "2024-06-15",
        "05/06/2024 10:00:00",
        "9999:06:15 10:00:00",
        "yesterday at 10:00",
        b"2024:06:15 10:00:00",
        None,
    ],
)
def test_what_is_no_time_is_none(text: object) -> None:
    assert parse_time(text) is None


@given(st.text(alphabet="0123456789:-/. TZ+apmSunJ\0", max_size=30))
@settings(max_examples=40)
def test_odd_texts_never_raise(text: str) -> None:
    parse_time(text, text, text)
    time_of_name(text)


@pytest.mark.parametrize(
    ("text", "minutes"), [("+02:00", 120), ("-0330", -210), ("+2", 120), ("+15:00", None), ("Z", None), (2, None)]
)
def test_offsets_from_utc(text: object, minutes: int | None) -> None:
    assert parse_offset(text) == minutes


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20240615_100000.jpg",
        "VID_20240615_100000.heic",
        "20240615_100000.jpg",
        "20240615_100000(1).jpg",
        "IMG_20240615_100000_1.jpg",
        "DSC_20240615100000.JPG",
        "DJI_20240615100000_0001.jpg",
        "2024-06-15 10.00.00.jpg",
        "2024-06-15 10.00.00-2.jpg",
        "2024-06-15T10:00:00.jpg",
        "photo_2024-06-15_10-00-00.jpg",
        "WhatsApp Image 2024-06-15 at 10.00.00.jpeg",
        "Screenshot_20240615-100000.png",
        "Screenshot 2024-06-15 at 10.00.00\u202fAM.png",
        "20240615_10h00m00s.jpg",
    ],
)
def test_names_of_phones_and_messengers_tell_the_time(name: str) -> None:
    taken = time_of_name(name)
    assert taken is not None and (taken.time, taken.is_utc, taken.source) == (TEN, False, "file name")


def test_fractions_and_utc_in_names() -> None:
    pixel, signal, own = map(
        time_of_name,
        ("PXL_20240615_080000123.PORTRAIT.jpg", "signal-2024-06-15-10-00-00-123.jpg", "20240615T080000Z.jpg"),
    )
    assert pixel is not None and signal is not None and own is not None
    assert (pixel.time, pixel.source) == (datetime(2024, 6, 15, 8, 0, 0, 123_000), "file name (UTC)")
    assert (signal.time, signal.is_utc) == (datetime(2024, 6, 15, 10, 0, 0, 123_000), False)
    assert own.is_utc


@pytest.mark.parametrize(
    "name",
    [
        "IMG-20240615-WA0012.jpg",
        "20240615.jpg",
        "2024-06-15.jpg",
        "IMG_1234.JPG",
        "IMG_12345678_123456.jpg",
        "20241399_100000.jpg",
        "IMG_20240615_250000.jpg",
        "IMG_20240615_1000001.jpg",
        "FB_IMG_1718438400000.jpg",
        "1920x1080_20240615.jpg",
        "19000615_100000.jpg",
        "912024061510000012.jpg",
        "2024-06-15 at noon.jpg",
    ],
)
def test_days_counters_and_other_digits_are_no_time(name: str) -> None:
    assert time_of_name(name) is None
