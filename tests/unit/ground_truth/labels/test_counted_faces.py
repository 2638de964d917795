from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ground_truth.labels.counted_faces import face_px, read_counted, tuning_and_test


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
    tuning, test = tuning_and_test(read_counted())
    assert not {photo.path for photo in tuning} & {photo.path for photo in test}
    assert abs(len(tuning) - len(test)) <= 1


def test_the_listed_sizes_are_those_of_the_photos(test_data: Path) -> None:
    photos = read_counted()[::15]
    if not (test_data / "photos" / photos[0].path).is_file():
        pytest.skip("the counted photos are missing")
    for photo in photos:
        with Image.open(test_data / "photos" / photo.path) as picture:
            assert sorted(picture.size) == sorted((photo.width, photo.height)), photo.path
