from __future__ import annotations

import numpy as np

from benchmarks.evaluation.people import FoundInPhoto, Gymnast, by_group_size, joints_in_place, no_people


def test_people_are_counted_by_the_size_of_their_group() -> None:
    photos = [
        FoundInPhoto((True,), (False,), (True,), 0.1),
        FoundInPhoto((True, True, False), (True, False, False), (True, True, True), 0.2),
        FoundInPhoto((True,), (True,), (False,), 0.3),
    ]
    rows = by_group_size(photos).rows
    assert rows == [
        ["one", "2", "2", "1.000", "0.500", "0.500", "0.20"],
        ["two to four", "1", "3", "0.667", "0.333", "1.000", "0.20"],
    ]


def test_joints_of_nobody_are_wrong() -> None:
    table = joints_in_place({"lite": [Gymnast((0.1, 0.3), 0.1), Gymnast((np.inf, np.inf), 0.3)]})
    assert table.rows == [["lite", "2", "0.250", "inf", "0.20"]]


def test_pictures_in_which_somebody_is_found_pass() -> None:
    assert no_people({"a": 0, "b": 2, "c": 1}).rows == [["3", "2"]]
