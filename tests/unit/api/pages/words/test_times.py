"""Times in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from curation.api.pages.words.times import time_words
from curation.domain.bursts.clocks import PhotoTime
from curation.domain.measuring.taken import BY_NAME, TakenTime

TEN = datetime(2024, 6, 15, 10)
ELEVEN = TEN + timedelta(hours=1)
EXIF = "EXIF DateTimeOriginal"


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        (None, ""),
        (PhotoTime(None), ""),
        (PhotoTime(TEN, TakenTime(TEN, EXIF)), "2024-06-15 10:00:00"),
        (PhotoTime(TEN, TakenTime(TEN, BY_NAME)), "2024-06-15 10:00:00 (by the file's name)"),
        (PhotoTime(TEN, TakenTime(TEN, "EXIF ModifyDate")), "2024-06-15 10:00:00 (when the file was last changed)"),
        (PhotoTime(TEN, TakenTime(TEN, "GPS", is_utc=True)), "2024-06-15 10:00:00 (UTC)"),
        (PhotoTime(ELEVEN, TakenTime(TEN, "GPS", is_utc=True), 3600.0), "2024-06-15 11:00:00"),
        (
            PhotoTime(TEN, TakenTime(ELEVEN, EXIF), -3600.0),
            "2024-06-15 10:00:00 by the pictures, 11:00:00 by its clock",
        ),
        (
            PhotoTime(TEN, TakenTime(TEN - timedelta(days=1), EXIF), 86400.0),
            "2024-06-15 10:00:00 by the pictures, 2024-06-14 10:00:00 by its clock",
        ),
        (
            PhotoTime(None, TakenTime(TEN, EXIF), stood_still=True),
            "2024-06-15 10:00:00 by a clock that stood still",
        ),
        (PhotoTime(TEN, TakenTime(TEN, EXIF), step_s=60.0), "2024-06-15 10:00:00 (its clock shows no seconds)"),
        (PhotoTime(TEN, TakenTime(TEN, EXIF), step_s=86400.0), "2024-06-15 10:00:00 (its clock shows no time of day)"),
    ],
)
def test_what_is_shown_of_a_time(taken: PhotoTime | None, words: str) -> None:
    assert time_words(taken) == words


def test_what_the_user_said_is_not_said_by_the_pictures() -> None:
    words = time_words(PhotoTime(TEN, TakenTime(ELEVEN, EXIF), -3600.0), is_said=True)
    assert words == "2024-06-15 10:00:00 as you said, 11:00:00 by its clock"
