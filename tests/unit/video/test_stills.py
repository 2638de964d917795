from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from curation.errors import ClipUnreadableError
from curation.video.opening import open_clip
from curation.video.stills import still, still_jpeg
from curation.video.tone import HLG, PQ, tone_mapped
from tests.film_files import pattern, plain, shot, spoilt, write_film

pytest.importorskip("av")

COLOURS = [(40 * number, 255 - 40 * number, 90) for number in range(6)]


def film_of_colours(path: Path, **options: object) -> Path:
    pictures = [picture for colour in COLOURS for picture in plain(colour, 5)]
    return write_film(path, pictures, **options)  # type: ignore[arg-type]


def colour(path: Path, time: Fraction) -> int:
    """Number of the colour that is shown."""
    mean = still(path, time).array.mean(axis=(0, 1))
    return int(np.argmin([np.abs(mean - colour).sum() for colour in COLOURS]))


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".ts"])
def test_the_picture_on_screen_at_a_time(tmp_path: Path, suffix: str) -> None:
    path = film_of_colours(tmp_path / f"film{suffix}")
    assert [colour(path, Fraction(number, 25)) for number in (0, 4, 5, 9, 10, 29)] == [0, 0, 1, 1, 2, 5]
    assert colour(path, Fraction(19, 100)) == 0, "between two pictures it is the one before"
    assert colour(path, Fraction(-3)) == 0
    assert colour(path, Fraction(99)) == 5


def test_a_picture_that_stands_for_long(tmp_path: Path) -> None:
    times = [Fraction(0), Fraction(30), Fraction(31)]
    pictures = [next(plain(value, 1)) for value in COLOURS[:3]]
    path = write_film(tmp_path / "film.mkv", pictures, times=times)
    assert [colour(path, Fraction(time)) for time in (1, 29, 30, 35)] == [0, 0, 1, 2]


def test_sizes_and_jpeg(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", shot(1, 3, width=320, height=180), turned_deg=90)
    assert still(path, Fraction(0)).array.shape == (320, 180, 3)
    small = still(path, Fraction(0), long_side_px=80)
    assert (small.array.shape, small.scale) == ((80, 45, 3), 0.25)
    decoded: Any = cv2.imdecode(
        np.frombuffer(still_jpeg(path, Fraction(0), long_side_px=80), np.uint8), cv2.IMREAD_COLOR
    )
    assert decoded.shape == (80, 45, 3)
    assert np.abs(decoded[..., ::-1].astype(int) - small.array).mean() < 6
    assert still_jpeg(path, Fraction(0)) == still_jpeg(path, Fraction(0))


def test_damaged_pictures_are_passed_over(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.ts", shot(1, 50), key_every=10)
    path = spoilt(whole, tmp_path / "spoilt.ts", first=0.5, last=0.7)
    with open_clip(path) as clip:
        damaged = [frame.time for frame in clip.frames() if frame.is_corrupt]
        whole_ones = {frame.picture.full().array.tobytes() for frame in clip.frames() if not frame.is_corrupt}
    assert damaged
    assert still(path, damaged[0]).array.tobytes() in whole_ones


def test_no_film(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film", encoding="utf-8")
    with pytest.raises(ClipUnreadableError):
        still_jpeg(tmp_path / "text.mp4", Fraction(0))


def pq_codes(nits: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, from light to 16-bit codes."""
    power = (nits / 10_000) ** (2610 / 16384)
    return np.rint(65535 * ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)).astype(
        np.uint16
    )


def test_grey_of_an_hdr_film_is_that_of_an_ordinary_one() -> None:
    nits = np.repeat(np.array([[0.0, 10, 50, 100, 203]])[..., np.newaxis], 3, axis=2)
    shown = tone_mapped(pq_codes(nits), PQ)[0, :, 0].astype(int)
    expected = 255 * (1.055 * (nits[0, :, 0] / 203) ** (1 / 2.4) - 0.055)
    assert np.abs(shown[1:] - expected[1:]).max() < 8
    assert shown[0] == 0


@pytest.mark.parametrize("peak", [400, 1000, 3000])
def test_bright_things_are_rolled_off_in_order(peak: float) -> None:
    nits = np.linspace(0, peak, 400)[np.newaxis, :, np.newaxis].repeat(3, axis=2)
    shown = tone_mapped(pq_codes(nits), PQ)[0, :, 0].astype(int)
    assert (np.diff(shown) >= 0).all()
    assert shown[-1] >= 250
    middle = int(np.argmin(np.abs(nits[0, :, 0] - 100)))
    assert 110 < shown[middle] < 215


def test_colours_leave_the_wide_primaries() -> None:
    red = pq_codes(np.array([[[100.0 * 0.6274, 100 * 0.0691, 100 * 0.0164]]]))  # BT.709's red in BT.2020
    shown = tone_mapped(red, PQ)[0, 0].astype(int)
    assert shown[0] > 150 and shown[1] < 40 and shown[2] < 40


def test_hlg_white_and_black() -> None:
    codes = np.array([[[0] * 3, [32768] * 3, [49152] * 3]], dtype=np.uint16)
    shown = tone_mapped(codes, HLG)[0, :, 0].astype(int)
    assert shown[0] == 0 and 60 < shown[1] < 190 and shown[2] > 240


def test_a_film_that_only_says_it_is_hdr_is_left_as_it_is(tmp_path: Path) -> None:
    picture = pattern(3)
    picture[:30] = 255
    path = write_film(tmp_path / "film.mp4", [picture] * 2, codec="libx265", pixel_format="yuv420p10le", trc=PQ)
    with open_clip(path) as clip:
        coded = next(iter(clip.frames())).picture.full().array
    assert np.abs(still(path, Fraction(0)).array.astype(int) - coded).mean() < 2


def test_an_hdr_film_is_brought_to_the_screen_for_stills_only(tmp_path: Path) -> None:
    nits = 203 * (pattern(3) / 255.0) ** 2.2
    picture = (pq_codes(nits) >> 8).astype(np.uint8)
    path = write_film(tmp_path / "film.mp4", [picture] * 2, codec="libx265", pixel_format="yuv420p10le", trc=PQ)
    with open_clip(path) as clip:
        coded = next(iter(clip.frames())).picture.full().array
    shown = still(path, Fraction(0)).array
    assert shown.std() > 1.5 * coded.std(), "as coded it is grey"
    assert still(path, Fraction(0), long_side_px=80).array.shape == (45, 80, 3)


@pytest.mark.parametrize("time", [Fraction(0), Fraction(1, 2), Fraction(10)])
def test_a_film_whose_packets_end_in_nonsense_gives_the_pictures_before_it(tmp_path: Path, time: Fraction) -> None:
    path = write_film(
        tmp_path / "a.mp4",
        shot(3, 10, width=64, height=48),
        fps=12,
        container_options={"movflags": "frag_keyframe+empty_moov"},
    )
    content = bytearray(path.read_bytes())
    sizes = content.index(b"trun") + 20
    content[sizes + 4 * 6 : sizes + 4 * 7] = b"\x7f\0\0\0"  # the seventh picture says that it has two gigabytes
    path.write_bytes(content)
    assert still(path, time).array.shape == (48, 64, 3)
