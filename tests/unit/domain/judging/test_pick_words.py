"""A change of picks and stars in words."""

from __future__ import annotations

import pytest

from curation.domain.judging.pick_words import change_words
from curation.domain.judging.picks import UNJUDGED, PhotoPick, Pick

YES, NO = PhotoPick(Pick.PICKED), PhotoPick(Pick.REJECTED)


@pytest.mark.parametrize(
    ("photos", "words"),
    [
        ({"day/a.jpg": (UNJUDGED, YES)}, "a.jpg picked"),
        ({"a.jpg": (YES, UNJUDGED)}, "a.jpg unmarked"),
        ({f"{n}.jpg": (UNJUDGED, NO) for n in range(1200)}, "1,200 photos rejected"),
        ({"a.jpg": (UNJUDGED, YES), "b.jpg": (UNJUDGED, NO), "c.jpg": (YES, NO)}, "1 photo picked, 2 rejected"),
        ({"a.jpg": (UNJUDGED, PhotoPick(None, 4))}, "a.jpg: 4 stars"),
        ({"a.jpg": (PhotoPick(None, 1), UNJUDGED), "b.jpg": (PhotoPick(None, 2), UNJUDGED)}, "2 photos: no stars"),
        ({"a.jpg": (UNJUDGED, PhotoPick(Pick.PICKED, 1))}, "a.jpg picked, 1 star"),
        (
            {"a.jpg": (UNJUDGED, PhotoPick(None, 1)), "b.jpg": (UNJUDGED, PhotoPick(None, 5))},
            "stars of 2 photos changed",
        ),
    ],
)
def test_a_change_says_what_it_did(photos: dict[str, tuple[PhotoPick, PhotoPick]], words: str) -> None:
    assert change_words(photos) == words
