from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.video.letterbox import effective_area
from curation.video.opening import open_clip
from tests.film_files import letterboxed, noisy, shot, write_film

WIDTH, HEIGHT = 320, 180
LINE = 180 / 36


def samples(tmp_path: Path, pictures: Iterable[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    with open_clip(write_film(tmp_path / "film.mp4", pictures)) as clip:
        return [frame.sample() for frame in clip.frames()]


def area(tmp_path: Path, pictures: Iterable[NDArray[np.uint8]]) -> Box:
    return effective_area(samples(tmp_path, pictures), WIDTH, HEIGHT)


def moving(count: int = 12, seed: int = 1) -> list[NDArray[np.uint8]]:
    return list(shot(seed, count, width=WIDTH, height=HEIGHT, step=5))


def assert_holds(found: Box, picture: Box) -> None:
    """The picture is in the box, and at most a line of the grid more a side."""
    assert found.x <= picture.x and found.y <= picture.y
    assert found.x + found.w >= picture.x + picture.w and found.y + found.h >= picture.y + picture.h
    assert picture.x - found.x <= 2 * LINE and found.x + found.w - picture.x - picture.w <= 2 * LINE
    assert picture.y - found.y <= 2 * LINE and found.y + found.h - picture.y - picture.h <= 2 * LINE


def test_without_bars_all_is_picture(tmp_path: Path) -> None:
    assert area(tmp_path, moving()) == Box(0, 0, WIDTH, HEIGHT)


@pytest.mark.parametrize("level", [0, 12, 24])
@pytest.mark.parametrize(("top", "bottom", "left", "right"), [(24, 24, 0, 0), (0, 0, 40, 40), (30, 10, 20, 0)])
def test_bars(tmp_path: Path, level: int, top: int, bottom: int, left: int, right: int) -> None:
    pictures = letterboxed(moving(), top=top, bottom=bottom, left=left, right=right, level=level)
    assert_holds(area(tmp_path, pictures), Box(left, top, WIDTH - left - right, HEIGHT - top - bottom))


def test_bars_with_noise(tmp_path: Path) -> None:
    pictures = noisy(letterboxed(moving(), top=24, bottom=24, level=8), deviation=3)
    assert_holds(area(tmp_path, pictures), Box(0, 24, WIDTH, HEIGHT - 48))


def test_a_subtitle_in_a_bar_does_not_make_it_a_picture(tmp_path: Path) -> None:
    pictures = list(letterboxed(moving(20), top=24, bottom=24))
    for picture in pictures[4:11]:
        picture[-18:-8, 60:260:6] = 235
    assert_holds(area(tmp_path, pictures), Box(0, 24, WIDTH, HEIGHT - 48))


def test_a_dark_scene_is_not_cropped(tmp_path: Path) -> None:
    dark = [(picture * 0.12).astype(np.uint8) for picture in moving()]
    assert area(tmp_path, dark) == Box(0, 0, WIDTH, HEIGHT)


def test_a_night_sky_over_a_bright_street_is_not_cropped(tmp_path: Path) -> None:
    pictures = moving()
    for number, picture in enumerate(pictures):
        sky = np.linspace(8, 45, 50)[:, np.newaxis, np.newaxis] + number % 3
        picture[:50] = np.minimum(picture[:50], sky).astype(np.uint8)
    assert area(tmp_path, pictures) == Box(0, 0, WIDTH, HEIGHT)


def test_one_face_in_the_dark_is_not_cropped(tmp_path: Path) -> None:
    pictures = moving()
    for picture in pictures:
        face = picture[60:120, 130:190].copy()
        picture[:] = 3
        picture[60:120, 130:190] = np.maximum(face, 120)
    assert area(tmp_path, pictures) == Box(0, 0, WIDTH, HEIGHT)


def test_each_shot_has_its_own(tmp_path: Path) -> None:
    wide = samples(tmp_path, letterboxed(moving(), top=24, bottom=24))
    narrow = samples(tmp_path, letterboxed(moving(seed=2), left=40, right=40))
    assert_holds(effective_area(wide, WIDTH, HEIGHT), Box(0, 24, WIDTH, HEIGHT - 48))
    assert_holds(effective_area(narrow, WIDTH, HEIGHT), Box(40, 0, WIDTH - 80, HEIGHT))


def test_nothing_to_tell_it_from() -> None:
    assert effective_area([], WIDTH, HEIGHT) == Box(0, 0, WIDTH, HEIGHT)
    assert effective_area([np.full((36, 64, 3), 16, dtype=np.uint8)], WIDTH, HEIGHT) == Box(0, 0, WIDTH, HEIGHT)
