"""The list of counted faces, and how found boxes are compared with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.counted_faces import CountedPhoto, face_px, in_halves, match, read_counted


def _photo(clear: list[list[float]], hard: list[list[float]], crowds: list[list[float]]) -> CountedPhoto:
    return CountedPhoto(
        "a.jpg", 400, 300, *(np.array(boxes, dtype=float).reshape(-1, 4) for boxes in (clear, hard, crowds))
    )


def test_every_box_of_the_list_lies_in_its_photo() -> None:
    photos = read_counted()
    assert len(photos) > 200 and sum(len(photo.clear) > 1 for photo in photos) >= 40
    assert len({photo.path for photo in photos}) == len(photos)
    for photo in photos:
        for boxes in (photo.clear, photo.hard, photo.crowds):
            assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] > 0).all(), photo.path
            assert (boxes[:, :2] + boxes[:, 2:] <= (photo.width, photo.height)).all(), photo.path
        assert (face_px(photo.clear) >= 20).all(), photo.path


def test_halves_share_no_photo() -> None:
    tuning, reporting = in_halves(read_counted())
    assert not {photo.path for photo in tuning} & {photo.path for photo in reporting}
    assert abs(len(tuning) - len(reporting)) <= 1


def test_boxes_are_right_false_or_neither() -> None:
    photo = _photo([[10, 10, 50, 60], [200, 10, 50, 60]], [[100, 100, 40, 40]], [[300, 0, 100, 300]])
    right, again, on_hard, in_crowd, nowhere = (
        [12, 14, 50, 50],
        [8, 8, 52, 60],
        [110, 105, 40, 40],
        [340, 100, 20, 20],
        [20, 200, 40, 40],
    )
    found = match(photo, [right, again, on_hard, in_crowd, nowhere])
    assert found.found.tolist() == [True, False]
    assert found.false == (1, 4)


def test_a_photo_without_faces_has_only_false_boxes() -> None:
    found = match(_photo([], [], []), [[0, 0, 10, 10]])
    assert found.found.size == 0 and found.false == (0,)
    assert match(_photo([], [], []), []).false == ()


def test_the_listed_sizes_are_those_of_the_photos(test_data: Path) -> None:
    photos = read_counted()[::15]
    if not (test_data / "photos" / photos[0].path).is_file():
        pytest.skip("the counted photos are not there")
    for photo in photos:
        with Image.open(test_data / "photos" / photo.path) as picture:
            assert sorted(picture.size) == sorted((photo.width, photo.height)), photo.path
