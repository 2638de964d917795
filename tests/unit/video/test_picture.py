from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.engines.base import PhotoPixels
from curation.video.display import Display, turn_of_matrix
from curation.video.frame import ClipFrame
from curation.video.opening import open_clip
from tests.film_files import corner_marks, pattern, shot, write_film

pytest.importorskip("av")

FINE = {"crf": "4"}


def first(path: Path) -> ClipFrame:
    with open_clip(path) as clip:
        return next(iter(clip.frames()))


def near(shown: NDArray[np.uint8], expected: NDArray[np.uint8], *, most: float = 4) -> bool:
    return shown.shape == expected.shape and float(np.abs(shown.astype(int) - expected).mean()) < most


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("turned_deg", [0, 90, 180, 270])
def test_pictures_are_upright(tmp_path: Path, turned_deg: int, is_mirrored: bool) -> None:
    stored = corner_marks()
    path = write_film(tmp_path / "film.mp4", [stored] * 2, turned_deg=turned_deg, mirrored=is_mirrored, options=FINE)
    expected = np.rot90(stored, -turned_deg // 90)
    if is_mirrored:
        expected = expected[:, ::-1]

    frame = first(path)
    shown = frame.picture.full()

    assert near(shown.array, expected)
    assert shown.scale == 1
    assert shown.array.flags.c_contiguous
    assert (frame.picture.width, frame.picture.height) == expected.shape[1::-1]
    sample = frame.sample()
    grey = cv2.cvtColor(np.ascontiguousarray(expected), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, sample.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.corrcoef(sample[..., 0].ravel(), small.ravel())[0, 1] > 0.95


@pytest.mark.parametrize(
    ("width", "height", "pixel_format"),
    [(160, 90, "yuv420p"), (161, 91, "yuv444p"), (106, 62, "yuv422p"), (160, 90, "yuv420p10le")],
)
def test_colours_and_odd_widths(tmp_path: Path, width: int, height: int, pixel_format: str) -> None:
    picture = pattern(3, width=width, height=height, cells=3)
    codec = "libx265" if pixel_format.endswith("10le") else "libx264"
    options = {"x265-params": "log-level=none:pools=1:crf=4"} if codec == "libx265" else FINE
    frame = first(
        write_film(tmp_path / "film.mp4", [picture] * 2, codec=codec, pixel_format=pixel_format, options=options)
    )
    assert near(frame.picture.full().array, picture, most=5)
    assert frame.picture.full().array.flags.c_contiguous
    assert frame.sample().dtype == np.uint8
    assert 20 < frame.sample()[..., 0].mean() < 220


def test_white_is_white_and_black_is_black(tmp_path: Path) -> None:
    picture = np.zeros((96, 160, 3), dtype=np.uint8)
    picture[:, 80:] = 255
    shown = first(write_film(tmp_path / "film.mp4", [picture] * 2, options=FINE)).picture.full().array
    assert shown[:, :70].max() <= 3 and shown[:, 90:].min() >= 252


def test_pixels_become_square(tmp_path: Path) -> None:
    picture = pattern(3)
    frame = first(write_film(tmp_path / "film.mp4", [picture] * 2, pixel_aspect=Fraction(4, 3), options=FINE))
    expected = cv2.resize(picture, (213, 90), interpolation=cv2.INTER_LINEAR)
    assert near(frame.picture.full().array, np.asarray(expected, dtype=np.uint8))


def test_reduced_pictures_are_averages(tmp_path: Path) -> None:
    picture = pattern(3, width=320, height=180, cells=40)
    pixels: PhotoPixels = first(write_film(tmp_path / "film.mp4", [picture] * 2, options=FINE)).picture
    reduced = pixels.reduced(80)
    assert reduced.scale == 0.25
    expected = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (80, 45), interpolation=cv2.INTER_AREA)
    difference = cv2.cvtColor(reduced.array, cv2.COLOR_RGB2GRAY).astype(int) - expected
    assert np.abs(difference).mean() < 3
    assert pixels.reduced(80, averaged=False).array.shape == (45, 80, 3)
    assert pixels.reduced(5000).scale == 1
    assert pixels.detailed(0.3).scale >= 0.3
    assert pixels.detailed(1).array is pixels.full().array
    with pytest.raises(ValueError, match="cannot be reduced"):
        pixels.reduced(0)


def test_upright_pictures_are_reduced_by_their_longer_side(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", shot(1, 2, width=320, height=180), turned_deg=90)
    pixels = first(path).picture.reduced(80)
    assert pixels.array.shape == (80, 45, 3)
    assert pixels.scale == 0.25


def test_held_frames_are_small_and_keep_their_full_size(tmp_path: Path) -> None:
    picture = pattern(3, width=320, height=180)
    frame = first(write_film(tmp_path / "film.mp4", [picture] * 2, options=FINE))
    held = frame.held(160)
    assert (held.time, held.duration, held.number, held.is_corrupt) == (frame.time, frame.duration, 0, False)
    assert (held.picture.width, held.picture.height) == (320, 180)
    full = held.picture.full()
    assert (full.array.shape, full.scale) == ((90, 160, 3), 0.5)
    assert near(full.array, np.asarray(cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA), dtype=np.uint8))
    assert held.picture.detailed(0.9).scale == 0.5
    assert held.picture.reduced(40).array.shape == (22, 40, 3)
    assert np.array_equal(held.sample(), frame.sample())
    again = held.held(80)
    assert (again.picture.full().scale, again.picture.width) == (0.25, 320)
    assert frame.held(1000).picture.full().scale == 1


def test_a_gif_is_a_film(tmp_path: Path) -> None:
    picture = np.zeros((90, 160, 3), dtype=np.uint8)
    picture[:, 80:] = (255, 0, 0)
    frame = first(write_film(tmp_path / "film.gif", [picture, picture[:, ::-1]]))
    assert near(frame.picture.full().array, picture, most=8)
    assert frame.sample().shape == (36, 64, 3)


def test_a_stream_that_changes_its_size_keeps_that_of_the_film(tmp_path: Path) -> None:
    large = write_film(tmp_path / "large.ts", shot(1, 12))
    small = write_film(tmp_path / "small.ts", shot(2, 12, width=64, height=64), start=1)
    path = tmp_path / "both.ts"
    path.write_bytes(large.read_bytes() + small.read_bytes())
    with open_clip(path) as clip:
        shown = [frame.picture.full().array for frame in clip.frames()]
    assert {array.shape for array in shown} == {(90, 160, 3)}
    assert shown[-1][:, :30].max() == 0, "bars, as nothing is stretched"
    assert shown[-1][:, 40:120].mean() > 20


def test_display_matrices() -> None:
    def matrix(a: int, b: int, c: int, d: int) -> bytes:
        return np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30], dtype=np.int32).tobytes()

    assert turn_of_matrix(matrix(1, 0, 0, 1)) == (0, False)
    assert turn_of_matrix(matrix(0, 1, -1, 0)) == (90, False)
    assert turn_of_matrix(matrix(-1, 0, 0, -1)) == (180, False)
    assert turn_of_matrix(matrix(0, -1, 1, 0)) == (270, False)
    assert turn_of_matrix(matrix(-1, 0, 0, 1)) == (0, True)
    assert turn_of_matrix(matrix(1, 0, 0, -1)) == (180, True)
    assert turn_of_matrix(matrix(0, 0, 0, 0)) == (0, False)
    assert turn_of_matrix(b"") == (0, False)
    assert Display(90, pixel_aspect=Fraction(2)).size(100, 50) == (50, 200)
