from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.video.display import Display
from curation.video.frame import ClipFrame
from curation.video.opening import open_clip
from curation.video.picture import Screen
from curation.video.shots import with_cuts
from tests.film_files import faded, flashed, noisy, panned, pattern, plain, shot, two_shots, write_film

WIDTH, HEIGHT = 160, 90


class SampledFrame(ClipFrame):
    """A frame that has its sample, and no picture."""

    def __init__(self, picture: NDArray[np.uint8], number: int, *, is_corrupt: bool = False) -> None:
        small = cv2.resize(picture, (64, 36), interpolation=cv2.INTER_NEAREST)
        yuv = cv2.cvtColor(small, cv2.COLOR_RGB2YUV).astype(np.uint8)
        super().__init__(
            None,
            Screen(Display(), WIDTH, HEIGHT),
            time=Fraction(number, 25),
            duration=Fraction(1, 25),
            number=number,
            is_corrupt=is_corrupt,
            sample=yuv,
        )


def starts(pictures: Sequence[NDArray[np.uint8]], damaged: Sequence[int] = ()) -> list[int]:
    """Numbers of the pictures with which shots begin."""
    frames = [SampledFrame(picture, number, is_corrupt=number in damaged) for number, picture in enumerate(pictures)]
    judged = list(with_cuts(frames))
    assert [frame for frame, _ in judged] == frames, "every frame once, in order"
    return [frame.number for frame, begins in judged if begins]


def textured(seed: int) -> NDArray[np.uint8]:
    """A large photo-like picture with detail at several sizes."""
    layers = [
        pattern(seed + 100 * index, width=480, height=270, cells=cells) for index, cells in enumerate((4, 12, 40))
    ]
    return np.asarray(np.mean(layers, axis=0), dtype=np.uint8)


def test_a_cut_is_found_at_its_picture() -> None:
    assert starts(two_shots(20)) == [0, 20]


def test_short_shots_are_found() -> None:
    assert starts([*shot(1, 10), *shot(2, 6), *shot(3, 5), *shot(4, 10)]) == [0, 10, 16, 21]


def test_shots_that_stand_still() -> None:
    assert starts([pattern(1)] * 8 + [pattern(2)] * 8) == [0, 8]


def test_a_film_of_one_picture_and_none() -> None:
    assert starts([pattern(1)]) == [0]
    assert starts([]) == []


@pytest.mark.parametrize("strength", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("lit", [(10,), (10, 11), (10, 11, 12)])
def test_a_flash_is_no_cut(strength: float, lit: tuple[int, ...]) -> None:
    assert starts(flashed(list(shot(1, 30)), lit, strength=strength)) == [0]


def test_a_flash_near_a_cut_hides_it_not() -> None:
    assert starts(flashed(two_shots(20), (14, 26), strength=0.8)) == [0, 20]


def test_strobe_light_is_no_cut_and_hides_none() -> None:
    pictures = [
        (picture * (0.1 if number % 5 > 2 else 1)).astype(np.uint8) for number, picture in enumerate(two_shots(25))
    ]
    assert starts(pictures) == [0, 25]


def test_light_that_is_switched_on_is_no_cut() -> None:
    pictures = [(picture * (0.3 if number < 15 else 1)).astype(np.uint8) for number, picture in enumerate(shot(1, 30))]
    assert starts(pictures) == [0]


@pytest.mark.parametrize("step", [2, 8, 20])
def test_a_moving_camera_is_no_cut(step: float) -> None:
    assert starts(panned(textured(5), 30, step=step)) == [0]


def test_a_dissolve_is_no_cut() -> None:
    assert starts(faded(list(shot(1, 30)), list(shot(2, 30)), 15)) == [0]


def test_cuts_in_the_dark_and_in_noise() -> None:
    dim = [(picture * 0.25).astype(np.uint8) for picture in two_shots(20)]
    assert starts(list(noisy(dim, deviation=4))) == [0, 20]


def test_black_is_no_shot_of_noise() -> None:
    black = [np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)] * 12
    assert starts(list(noisy(black, deviation=3))) == [0]


def test_a_picture_after_black_begins_a_shot() -> None:
    black = [np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)] * 8
    assert starts([*black, *shot(1, 10)]) == [0, 8]


def test_what_appears_before_a_still_background_is_no_cut() -> None:
    pictures = [*plain((90, 90, 90), 10), *plain((90, 90, 90), 10)]
    for picture in pictures[10:]:
        picture[20:70, 40:110] = (220, 60, 60)
    assert starts(pictures) == [0]


def test_plain_colours_are_shots() -> None:
    assert starts([*plain((200, 30, 30), 8), *plain((30, 30, 200), 8)]) == [0, 8]


def test_a_damaged_picture_begins_no_shot_and_hides_none() -> None:
    assert starts(two_shots(12), damaged=(12, 13)) == [0, 14]
    grey = list(shot(1, 20))
    grey[9] = np.full_like(grey[9], 128)
    assert starts(grey, damaged=(9,)) == [0]


def test_the_first_whole_picture_begins_the_first_shot() -> None:
    assert starts(list(shot(1, 10)), damaged=(0, 1)) == [2]


def test_frames_come_at_most_three_later() -> None:
    frames = [SampledFrame(picture, number) for number, picture in enumerate(shot(1, 10))]
    taken: list[int] = []

    def reported() -> Iterator[ClipFrame]:
        for frame in frames:
            taken.append(frame.number)
            yield frame

    for frame, _ in with_cuts(reported()):
        assert len(taken) - 1 - frame.number <= 3


def test_cuts_of_a_coded_film_at_50_pictures_a_second(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", two_shots(50), fps=50, b_frames=2)
    with open_clip(path) as clip:
        assert [frame.time for frame, begins in with_cuts(clip.frames()) if begins] == [0, 1]


def test_an_upright_film_is_judged_as_it_is_shown(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", two_shots(15), turned_deg=90)
    with open_clip(path) as clip:
        judged = list(with_cuts(clip.frames()))
    assert judged[0][0].sample().shape == (36, 20, 3)
    assert [frame.number for frame, begins in judged if begins] == [0, 15]
