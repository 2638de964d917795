"""Times of an event's photos from what is kept by content, and from their names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from curation.domain.bursts.clocks import ClockRules, EventClocks
from curation.pipelines.event_clocks import clocks_json, read_clocks
from curation.storage.analysis_store import StoredTime

TEN = datetime(2024, 6, 15, 10)


class Kept:
    """A store of one content without a time, and of others with one."""

    def __init__(self, **times: StoredTime) -> None:
        self._times = times

    def taken(self, sha256s: Iterable[str]) -> dict[str, StoredTime]:
        return {sha256: self._times[sha256] for sha256 in sha256s if sha256 in self._times}

    def miniatures(self, sha256s: Iterable[str]) -> dict[str, bytes]:
        return {}


def clocks(contents: dict[str, str], **times: StoredTime) -> EventClocks:
    return read_clocks(Kept(**times), contents, {}, ClockRules())


def test_two_copies_of_one_content_have_the_times_of_their_names() -> None:
    found = clocks(
        {"a/IMG_20240615_100000.jpg": "x", "b/IMG_20240615_110000.jpg": "x", "c/copy.jpg": "x"},
        x=StoredTime(None, "", ""),
    ).times
    assert found["a/IMG_20240615_100000.jpg"].time == TEN
    assert found["b/IMG_20240615_110000.jpg"].time == TEN + timedelta(hours=1)
    assert found["c/copy.jpg"].time is None


def test_a_folder_is_no_name() -> None:
    assert (
        clocks({"20240615_100000/a.jpg": "x"}, x=StoredTime(None, "", "")).times["20240615_100000/a.jpg"].time is None
    )


def test_what_the_file_tells_counts_more_than_its_name() -> None:
    found = clocks(
        {"IMG_20240615_110000.jpg": "x", "IMG_20240615_100000.jpg": "y"},
        x=StoredTime(TEN.isoformat(), "EXIF DateTimeOriginal", "Camera A"),
        y=StoredTime("2025-01-01T00:00:00", "EXIF ModifyDate", "Camera A"),
    ).times
    assert found["IMG_20240615_110000.jpg"].time == TEN
    assert found["IMG_20240615_100000.jpg"].time == TEN


def test_times_in_utc_by_name_are_in_the_zone_that_another_photo_tells() -> None:
    found = clocks(
        {"PXL_20240615_080000123.jpg": "x", "IMG_1.jpg": "y"},
        x=StoredTime(None, "", ""),
        y=StoredTime(TEN.isoformat(), "EXIF DateTimeOriginal (UTC+02:00)", "Apple iPhone 15"),
    ).times
    assert found["PXL_20240615_080000123.jpg"].time == TEN + timedelta(milliseconds=123)


def test_a_photo_that_the_store_does_not_know_keeps_its_time() -> None:
    found = read_clocks(Kept(), {"a.jpg": "x", "b.jpg": "y"}, {}, ClockRules(), known={"a.jpg": TEN, "b.jpg": None})
    assert found.times["a.jpg"].time == TEN and found.times["b.jpg"].time is None


def test_damaged_times_are_none() -> None:
    assert clocks({"a.jpg": "x"}, x=StoredTime("yesterday", "EXIF", "")).times["a.jpg"].time is None


def test_the_run_record_tells_each_clock() -> None:
    found = clocks({"a.jpg": "x"}, x=StoredTime(TEN.isoformat(), "EXIF DateTimeOriginal", "Camera A"))
    assert clocks_json(found) == [
        {
            "clock": "Camera A",
            "photos": 1,
            "stood_still": 0,
            "ahead_s": 0.0,
            "than": None,
            "pairs": 0,
            "by_user": False,
            "examples": [],
        }
    ]
