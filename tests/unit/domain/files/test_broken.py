"""What is told of broken files, and how it is kept."""

from __future__ import annotations

import json

import pytest

from curation.domain.files.broken import BrokenFile, broken_from_json, broken_to_json, counts, problem_of, told
from curation.domain.files.health import FaultKind

CUT = BrokenFile("a.jpg", FaultKind.CUT, "the file ends early", "the upper 40 %", 17, "2024-06-15T10:00:00", "a.dng")
CLOSED = BrokenFile("c.jpg", FaultKind.UNREADABLE, "the file cannot be read: Permission denied")
ABSENT = BrokenFile("b.heic", FaultKind.PLACEHOLDER, "it is in iCloud only: download it")


@pytest.mark.parametrize(
    ("files", "sentences"),
    [
        ([], ()),
        ([CUT], ("1 file is broken: copy it again before you format the card",)),
        ([CUT] * 3, ("3 files are broken: copy these again before you format the card",)),
        ([ABSENT], ("1 photo is not on this disk (it is in iCloud only): download or copy it, and run again",)),
        ([CLOSED], ("1 file may not be read: give yourself permission to read it, and run again",)),
        (
            [CUT, CLOSED, CLOSED],
            (
                "2 files may not be read: give yourself permission to read them, and run again",
                "1 file is broken: copy it again before you format the card",
            ),
        ),
        (
            [CUT, ABSENT, ABSENT],
            (
                "1 file is broken: copy it again before you format the card",
                "2 photos are not on this disk (they are in iCloud only): download or copy them, and run again",
            ),
        ),
        (
            [ABSENT, BrokenFile("c.jpg", FaultKind.PLACEHOLDER, "it is elsewhere")],
            ("2 photos are not on this disk: download or copy them, and run again",),
        ),
    ],
)
def test_sentences(files: list[BrokenFile], sentences: tuple[str, ...]) -> None:
    assert told(files) == sentences
    assert sum(counts(files)) == len(files)


def test_a_problem_can_stand_among_others() -> None:
    file = BrokenFile("a.dng", FaultKind.CUT, "the sensor's data are cut off; 60 % are missing", "its preview")
    assert (
        problem_of(file)
        == "the file is broken: the sensor's data are cut off, 60 % are missing (still good: its preview)"
    )


def test_json_and_back() -> None:
    assert broken_from_json(json.loads(json.dumps(broken_to_json([CUT, ABSENT])))) == (CUT, ABSENT)


@pytest.mark.parametrize(
    "value",
    [None, "x", 5, {}, [None, 3, "x", {}, {"image_path": 5}], [{"image_path": "a.jpg", "fault": "of a newer version"}]],
)
def test_what_is_not_valid_is_left_out(value: object) -> None:
    assert broken_from_json(value) == ()


def test_odd_values_of_a_row_are_left_out() -> None:
    (row,) = broken_to_json([CUT])
    (file,) = broken_from_json([row | {"size_bytes": "many", "twin": 5, "is_analysed": "yes"}])
    assert (file.size_bytes, file.twin, file.is_analysed) == (None, "", False)
