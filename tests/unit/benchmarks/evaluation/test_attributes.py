from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluation.attributes import ReadFace, by_age, by_group, by_reader, ethnicities
from curation.domain.attributes.values import AgeEstimate, ClassEstimate
from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.attributes.reader import FoundAt
from ground_truth.array_photo import ArrayPhoto
from ground_truth.attribute_faces import LabelledFace, labelled_faces
from ground_truth.errors import Unavailable
from tests.fakes import FakeEngine

PHOTO = ArrayPhoto(np.zeros((8, 8, 3), dtype=np.uint8))
FACE = FoundAt(Box(0, 0, 8, 8), FiveLandmarks.from_array(np.zeros((5, 2))))


def _read(true_age: int, told: float, sex: str, said: str | None, ethnicity: str = "white") -> ReadFace:
    return ReadFace(
        LabelledFace(true_age, sex, ethnicity, PHOTO, FACE),
        AgeEstimate(told, told - 5, told + 5, 0.7, True, (told,), (1.0,), "x"),
        ClassEstimate(said, 0.9, ("female", "male"), (0.9, 0.1) if sex == "female" else (0.1, 0.9), "x"),
        ClassEstimate(None, 0.6, ("white", "black"), (0.6, 0.4), "x"),
    )


RESULTS = [
    _read(30, 34, "female", "female"),
    _read(30, 42, "male", "male", "black"),
    _read(50, 50, "male", None),
    _read(5, 6, "male", "male"),
]


def test_the_table_of_readers_counts_adults_for_sex() -> None:
    (row,) = by_reader({"x": RESULTS}, 4).rows
    assert row == ["x", "4.2", "2.5", "+4.2", "75.0%", "75.0%", "100.0%", "100.0%", "67%", "100.0%"]


def test_bands_without_faces_are_empty() -> None:
    rows = {row[0]: row[1:] for row in by_age("x", RESULTS).rows}
    assert rows["20 to 39"][:4] == ["2", "8.0", "+8.0", "50%"]
    assert rows["13 to 19"] == ["0", *[""] * 8]
    assert rows["1 to 12"][-1] == "100.0%"


def test_groups_hold_adults_only() -> None:
    rows = {row[0]: row[1] for row in by_group("x", RESULTS).rows}
    assert rows == {"female": "1", "male": "2", "white": "2", "black": "1", "white, female": "1", "white, male": "1",
                    "black, male": "1"}  # fmt: skip


def test_ethnicities_are_found_and_right() -> None:
    rows = {row[0]: row[1:] for row in ethnicities("x", RESULTS).rows}
    assert rows["white"] == ["3", "100.0%", "75.0%", "0.0%"]
    assert rows["black"] == ["1", "0.0%", "0.0%", "0.0%"]


def test_without_photos_the_section_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="missing"):
        list(labelled_faces(tmp_path, FakeEngine(), test_half=True))
