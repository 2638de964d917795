from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files.decoding import open_photo
from tests.photo_files import corner_colours, write_dng

# Where the corners of `four_corners` come to lie when the picture as stored is turned by EXIF.
TURNED = {1: ["r", "g", "b", "y"], 3: ["y", "b", "g", "r"], 6: ["b", "r", "y", "g"], 8: ["g", "y", "r", "b"]}


@pytest.mark.parametrize("orientation", TURNED)
def test_the_preview_is_the_photo(tmp_path: Path, orientation: int) -> None:
    path = write_dng(tmp_path / "a.dng", size=(1600, 1280), preview=(1000, 800), orientation=orientation)
    photo = open_photo(path, max_megapixels=120)
    size = (1000, 800) if orientation < 5 else (800, 1000)
    assert (photo.width, photo.height) == size
    array = photo.full().array
    assert (array.shape[1], array.shape[0]) == size
    assert corner_colours(array) == corner_colours(photo.reduced(200).array) == TURNED[orientation]


@pytest.mark.parametrize("preview", [None, (160, 128)])
@pytest.mark.parametrize("orientation", TURNED)
def test_without_a_useful_preview_the_sensor_is_developed(
    tmp_path: Path, preview: tuple[int, int] | None, orientation: int
) -> None:
    path = write_dng(tmp_path / "a.dng", size=(1200, 900), preview=preview, orientation=orientation)
    photo = open_photo(path, max_megapixels=120)
    size = (600, 450) if orientation < 5 else (450, 600)
    assert (photo.width, photo.height) == size
    array = photo.full().array
    assert (array.shape[1], array.shape[0]) == size and array.dtype == np.uint8
    assert corner_colours(array) == TURNED[orientation]


def test_a_small_preview_of_a_small_sensor_is_enough(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "a.dng", size=(320, 240), preview=(320, 240))
    photo = open_photo(path, max_megapixels=120)
    assert (photo.width, photo.height) == (320, 240)


def test_a_sensor_far_above_the_limit_is_refused(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "a.dng", size=(2000, 1600), preview=None)
    with pytest.raises(PhotoTooLargeError, match="max_photo_megapixels"):
        open_photo(path, max_megapixels=1)


@pytest.mark.parametrize("extension", ["dng", "nef", "cr3", "raf", "x3f"])
def test_rubbish_is_refused_with_advice(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    path.write_bytes(b"II*\0\x08\0\0\0" + bytes(500))
    with pytest.raises(PhotoUnreadableError, match="export it as JPEG"):
        open_photo(path, max_megapixels=120)


def test_a_stub_is_refused_instead_of_developed_from_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = write_dng(tmp_path / "a.dng", size=(1600, 1280), preview=None).read_bytes()
    for kept in (5000, len(whole) // 2):
        (tmp_path / "b.dng").write_bytes(whole[:kept])
        with pytest.raises(PhotoUnreadableError, match="RAW file"):
            open_photo(tmp_path / "b.dng", max_megapixels=120).full()
    assert capfd.readouterr().err == ""


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.dng")
    write_dng(path, size=(1200, 900), preview=None)
    assert corner_colours(open_photo(path, max_megapixels=120).full().array) == TURNED[1]
